"""What the program imports is listed, and what is listed is used."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"leadfunnel", "leads", "scoring", "reports", "tests"}
# Used by name in a setting or by another library, not by an import.
BY_NAME = {"psycopg", "redis", "gunicorn", "whitenoise", "argon2-cffi", "django-axes", "tzdata"}
BY_NAME |= {"django-permissions-policy"}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(path: str) -> set[str]:
    """The upper part of the file: what is asked for, not what that needs in turn."""
    asked_for = (ROOT / path).read_text().split("# What those need")[0]
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[|==)", asked_for, re.MULTILINE)}


def imported(*folders: str) -> set[str]:
    """Distributions of the modules that are imported anywhere in these folders, also within functions."""
    modules = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    distributions = packages_distributions()
    foreign = modules - OURS - sys.stdlib_module_names
    return {normalised(distributions[module][0]) for module in foreign}


def test_what_the_program_imports_is_in_its_requirements() -> None:
    # Types only, or part of what is listed.
    within_others = {"kombu", "django-stubs-ext"}

    assert imported("leadfunnel", "leads", "scoring", "reports") - within_others <= listed("requirements.txt")


def test_what_the_tests_import_is_in_the_requirements() -> None:
    needed = imported("tests") - {"kombu"}

    assert needed <= listed("requirements.txt") | listed("requirements-dev.txt")


def test_each_requirement_of_the_program_is_used() -> None:
    used = imported("leadfunnel", "leads", "scoring", "reports") | BY_NAME

    assert listed("requirements.txt") - used == set()
