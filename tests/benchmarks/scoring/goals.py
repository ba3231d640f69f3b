"""What was measured against what was promised: the lines of the benchmark's table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """A figure; with a bound, a goal that is met or missed."""

    name: str
    figure: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.most is None and self.least is None:
            return ""
        is_met = (self.most is None or self.figure <= self.most) and (
            self.least is None or self.figure >= self.least
        )
        return "met" if is_met else "MISSED"

    @property
    def goal(self) -> str:
        if self.most is not None:
            return f"at most {_number(self.most)} {self.unit}".rstrip()
        return "" if self.least is None else f"at least {_number(self.least)} {self.unit}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.3f}" if abs(value) < 0.1 else f"{value:,.2f}"


def table(title: str, lines: Sequence[Line]) -> str:
    rows = [("", "figure", "goal", "", "")]
    rows += [
        (line.name, f"{_number(line.figure)} {line.unit}".rstrip(), line.goal, line.verdict, line.note)
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    text = [title]
    for name, figure, goal, verdict, note in rows:
        cells = (
            name.ljust(widths[0]),
            figure.rjust(widths[1]),
            goal.ljust(widths[2]),
            verdict.ljust(widths[3]),
            note,
        )
        text.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(text)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
