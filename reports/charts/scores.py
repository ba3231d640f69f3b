"""Figures of scores: how they are spread, and how well they tell what sales does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts import HEIGHT, TICK_ANGLES, percent, series_colour, stage_colour
from reports.document import Figure


@dataclass(frozen=True)
class Point:
    """A share with its interval, of a band or grade; `share` None: nobody."""

    label: str
    share: float | None
    low: float
    high: float
    count: int
    of: int


def distribution_figure(labels: Sequence[str], leads: Sequence[int]) -> Figure:
    """A bar a band, from the lowest to the highest."""
    return {
        "data": [
            {
                "type": "bar",
                "x": list(labels),
                "y": list(leads),
                "marker": {"color": series_colour(1)},
                "hovertemplate": "%{x} points: %{y:,} leads<extra></extra>",
            }
        ],
        "layout": {
            "height": HEIGHT,
            "bargap": 0.12,
            "showlegend": False,
            "margin": {"l": 56, "r": 16, "t": 8, "b": 32},
            "xaxis": {"type": "category", "showgrid": False, "autotickangles": TICK_ANGLES},
            "yaxis": {"rangemode": "tozero", "nticks": 6},
        },
    }


def calibration_figure(accepted: Sequence[Point], won: Sequence[Point]) -> Figure:
    """Acceptance and win rate by band or grade, each with its 95 % interval; side by side, not on one another."""
    return {
        "data": [
            _points("Accepted", accepted, stage_colour("sql")),
            _points("Became customers", won, stage_colour("customer")),
        ],
        "layout": {
            "height": HEIGHT,
            "scattermode": "group",
            "scattergap": 0.55,
            "margin": {"l": 56, "r": 16, "t": 32, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "autotickangles": TICK_ANGLES},
            "yaxis": {"range": [0, 1], "tickformat": ".0%", "nticks": 6},
        },
    }


def _points(name: str, points: Sequence[Point], colour: str) -> Figure:
    known = [(point, point.share) for point in points if point.share is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [point.label for point, _ in known],
        "y": [share for _, share in known],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [point.high - share for point, share in known],
            "arrayminus": [share - point.low for point, share in known],
            "color": colour,
            "thickness": 1.2,
            "width": 4,
        },
        "marker": {"size": 9, "color": colour},
        "hovertext": [
            f"{point.label}, {name.lower()}: {percent(share)} ({point.count:,} of {point.of:,})<br>"
            f"95 %: {percent(point.low)} to {percent(point.high)}"
            for point, share in known
        ],
        "hoverinfo": "text",
    }
