"""The figure of a lead's score over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reports.document import Figure
from reports.metrics.score_history import Level, ScoreHistory


def score_figure(history: ScoreHistory) -> Figure:
    """The total as a line of steps up to today, and the MQL threshold as a dashed one."""
    total = _steps(history.totals, history.today)
    threshold = _steps(history.thresholds, history.today)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "MQL threshold",
                **threshold,
                "line": {"shape": "hv", "width": 1.5, "dash": "dash", "color": "var(--lf-chart-3)"},
                "hovertemplate": "Threshold %{y}<extra></extra>",
            },
            {
                "type": "scatter",
                # A single score is a point; a line of no length would not be seen.
                "mode": "lines+markers",
                "name": "Score",
                **total,
                "line": {"shape": "hv", "width": 2, "color": "var(--lf-chart-1)"},
                "marker": {"size": 5, "color": "var(--lf-chart-1)"},
                "hovertemplate": "%{x|%-d %b %Y}: %{y} points<extra></extra>",
            },
        ],
        "layout": {
            "height": 224,
            "margin": {"l": 36, "r": 12, "t": 8, "b": 28},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "date", "showgrid": False, "nticks": 5, "hoverformat": "%-d %b %Y"},
            "yaxis": {"rangemode": "tozero", "nticks": 5},
            "hovermode": "closest",
        },
    }


def _steps(levels: Sequence[Level], last: date) -> dict[str, list[Any]]:
    """x and y of levels; the last one stands to the last day."""
    days = [level.day for level in levels]
    values = [level.value for level in levels]
    if levels and days[-1] < last:
        days, values = [*days, last], [*values, values[-1]]
    return {"x": [day.isoformat() for day in days], "y": values}
