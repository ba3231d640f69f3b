from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leads.intake.activities import import_activities
from leads.intake.history import import_history
from leads.intake.loading import import_leads
from leads.intake.mapping import parse_pairs
from leads.intake.options import ImportOptions
from leads.intake.report import Report

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
Importer = Callable[..., Report]


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.new, report.updated, report.unchanged, report.repeated, report.refused


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str | bytes, *, name: str = "file.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.fixture
def run(write: Callable[..., Path], tmp_path: Path) -> Callable[..., Report]:
    """Import a text with one of the three importers; `maps` and `constants` as on the command line."""

    def run(
        importer: Importer,
        text: str | bytes,
        *,
        maps: tuple[str, ...] = (),
        constants: tuple[str, ...] = (),
        at: datetime = NOW,
        **options: Any,
    ) -> Report:
        given = ImportOptions(
            path=write(text),
            maps=tuple(parse_pairs("--map", maps)),
            constants=tuple(parse_pairs("--set", constants)),
            refused_folder=tmp_path / "refused",
            **options,
        )
        return importer(options=given, at=at)

    return run


@pytest.fixture
def leads(run: Callable[..., Report]) -> Callable[..., Report]:
    return lambda text, **options: run(import_leads, text, **options)


@pytest.fixture
def activities(run: Callable[..., Report]) -> Callable[..., Report]:
    return lambda text, **options: run(import_activities, text, **options)


@pytest.fixture
def history(run: Callable[..., Report]) -> Callable[..., Report]:
    return lambda text, **options: run(import_history, text, **options)
