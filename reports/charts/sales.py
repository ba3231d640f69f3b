"""Figures of what sales decides: shares of people, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts import percent, stage_colour
from reports.document import Figure

ROW_HEIGHT, MARGIN = 30, 56


@dataclass(frozen=True)
class ShareDot:
    """A share between 0 and 1 with its interval; `is_few`: of so few that it is greyed."""

    label: str
    share: float
    low: float
    high: float
    count: int
    of: int
    is_few: bool


def acceptance_figure(dots: Sequence[ShareDot]) -> Figure:
    """A dot a person, the first at the top, with a whisker where the share truly lies."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "y": [dot.label for dot in dots],
                "x": [dot.share for dot in dots],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [dot.high - dot.share for dot in dots],
                    "arrayminus": [dot.share - dot.low for dot in dots],
                    "color": "var(--lf-chart-muted)",
                    "thickness": 1.2,
                    "width": 4,
                },
                "marker": {
                    "size": 11,
                    "color": ["var(--lf-chart-muted)" if dot.is_few else stage_colour("sql") for dot in dots],
                },
                "hovertext": [
                    f"{dot.label}: {percent(dot.share)} ({dot.count:,} of {dot.of:,})<br>"
                    f"95 %: {percent(dot.low)} to {percent(dot.high)}"
                    for dot in dots
                ],
                "hoverinfo": "text",
            }
        ],
        "layout": {
            "showlegend": False,
            "height": ROW_HEIGHT * len(dots) + MARGIN,
            "margin": {"l": 150, "r": 16, "t": 8, "b": 32},
            "xaxis": {"tickformat": ".0%", "range": [0, _end(dots)], "zeroline": False, "nticks": 6},
            "yaxis": {"type": "category", "range": [len(dots) - 0.5, -0.5], "ticksuffix": "  "},
        },
    }


def _end(dots: Sequence[ShareDot]) -> float:
    """Up to the next tenth, and not beyond all."""
    return min(1.0, (int(max(dot.high for dot in dots) * 10) + 1) / 10)
