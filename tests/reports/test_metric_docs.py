from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import reports.metrics

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
MODULES = [module.name for module in pkgutil.iter_modules(reports.metrics.__path__)]


def public_functions(name: str) -> list[str]:
    module = importlib.import_module(f"reports.metrics.{name}")
    return [
        function
        for function, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not function.startswith("_")
    ]


@pytest.mark.parametrize("module", MODULES)
def test_each_metric_function_is_documented_under_its_module(module):
    text = DOCUMENT.read_text()

    assert f"(`reports/metrics/{module}.py`)" in text
    section = text.split(f"(`reports/metrics/{module}.py`)")[1].split("\n## ")[0]
    functions = public_functions(module)
    assert functions
    assert [name for name in functions if f"`{name}`" not in section] == []
