"""The figures of the Conversion report."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts import HEIGHT, TICK_ANGLES, percent, series_colour, stage_colour
from reports.document import Figure
from reports.metrics.conversion import Conversion, Point
from scoring.evidence.proportions import Share


def trend_figure(points: Sequence[Point], *, within: int) -> Figure:
    """The MQL to SQL rate over time, and the rate within a window. Immature points are hollow."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "Accepted of all",
                "x": [point.slice.label for point in points],
                "y": [point.rate.of_visits for point in points],
                "line": {"width": 2, "color": stage_colour("sql")},
                "marker": {
                    "size": 8,
                    "color": stage_colour("sql"),
                    "symbol": ["circle-open" if point.is_immature else "circle" for point in points],
                },
                "hovertext": [_hover(point) for point in points],
                "hoverinfo": "text",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"Accepted within {within} days",
                "x": [point.slice.label for point in points],
                "y": [point.windowed.share if point.windowed else None for point in points],
                "line": {"width": 2, "dash": "dot", "color": series_colour(2)},
                "marker": {"size": 5, "color": series_colour(2)},
                "hovertemplate": "%{x}: %{y:.1%}<extra></extra>",
            },
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 40},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "nticks": 8, "autotickangles": TICK_ANGLES},
            "yaxis": {"rangemode": "tozero", "tickformat": ".0%", "nticks": 6},
            "hovermode": "closest",
        },
    }


def _hover(point: Point) -> str:
    rate = point.rate
    note = "<br>immature: more may yet be accepted" if point.is_immature else ""
    return (
        f"{point.slice.label}: {percent(rate.of_visits)}<br>"
        f"{rate.accepted:,} of {rate.visits:,} MQL visits accepted{note}"
    )


def breakdown_figure(lines: Sequence[tuple[str, Conversion]]) -> Figure:
    """The rate of each value as a point, with the interval in which it truly lies; the first one on top."""
    shares = [Share(line.rate.accepted, line.rate.visits) for _, line in lines]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "y": [label for label, _ in lines],
                "x": [share.share for share in shares],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [share.interval.high - (share.share or 0) for share in shares],
                    "arrayminus": [(share.share or 0) - share.interval.low for share in shares],
                    "color": "var(--lf-chart-muted)",
                    "thickness": 1.5,
                    "width": 4,
                },
                "marker": {"size": 9, "color": stage_colour("sql")},
                "hovertext": [
                    f"{label}: {percent(share.share)}<br>{share.count:,} of {share.of:,} accepted; "
                    f"truly {share.interval.percent}"
                    for (label, _), share in zip(lines, shares, strict=True)
                ],
                "hoverinfo": "text",
            }
        ],
        "layout": {
            "showlegend": False,
            "height": 72 + 28 * len(lines),
            "margin": {"l": 8, "r": 24, "t": 8, "b": 32},
            "xaxis": {"rangemode": "tozero", "tickformat": ".0%", "nticks": 6},
            "yaxis": {"type": "category", "autorange": "reversed", "automargin": True, "showgrid": False},
            "hovermode": "closest",
        },
    }
