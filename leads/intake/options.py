"""What the user says about a file, beside the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leads.intake.dates import DateOrder

DEFAULT_SOURCE_SYSTEM = "csv"
SIZE_LIMIT = 4 << 30

Progress = Callable[[str, int, int], None]


def no_progress(step: str, done: int, total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class ImportOptions:
    """`maps` are (column, field), `constants` (field, value), `unknown` more texts that stand for "unknown"."""

    path: Path
    maps: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    date_order: DateOrder | None = None
    source_system: str = DEFAULT_SOURCE_SYSTEM
    erase_blanks: bool = False
    unknown: tuple[str, ...] = ()
    dry_run: bool = False
    refused_folder: Path | None = None
    size_limit: int = SIZE_LIMIT
    progress: Progress = no_progress
