"""Figures of rejections: a Pareto of reasons, and the same over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.charts import HEIGHT, TICK_ANGLES, percent, series_colour, stage_colour
from reports.document import Figure

OTHERS = "Other reasons"


def pareto_figure(labels: Sequence[str], counts: Sequence[int], cumulative: Sequence[float]) -> Figure:
    """Bars from the most frequent reason on, and the line of what they make together."""
    return {
        "data": [
            {
                "type": "bar",
                "name": "Rejected",
                "x": list(labels),
                "y": list(counts),
                "marker": {"color": stage_colour("recycled")},
                "hovertemplate": "%{x}: %{y:,}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "Together",
                "x": list(labels),
                "y": list(cumulative),
                "yaxis": "y2",
                "line": {"width": 2, "color": "var(--lf-chart-muted)"},
                "marker": {"size": 6, "color": "var(--lf-chart-muted)"},
                "hovertext": [
                    f"Up to {label}: {percent(share)}"
                    for label, share in zip(labels, cumulative, strict=True)
                ],
                "hoverinfo": "text",
            },
        ],
        "layout": {
            "height": HEIGHT,
            "bargap": 0.35,
            "margin": {"l": 48, "r": 48, "t": 32, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"showgrid": False, "autotickangles": TICK_ANGLES},
            "yaxis": {"rangemode": "tozero", "nticks": 6},
            "yaxis2": {
                "overlaying": "y",
                "side": "right",
                "range": [0, 1.05],
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
                "tickformat": ".0%",
                "showgrid": False,
                "zeroline": False,
            },
        },
    }


def trend_figure(times: Sequence[str], counts: Mapping[str, Sequence[int]]) -> Figure:
    """Stacked bars over time, a colour a reason; the rest, `OTHERS`, in grey."""
    return {
        "data": [
            {
                "type": "bar",
                "name": label,
                "x": list(times),
                "y": list(values),
                "marker": {"color": "var(--lf-chart-muted)" if label == OTHERS else series_colour(number)},
                "hovertemplate": f"{label}, %{{x}}: %{{y:,}}<extra></extra>",
            }
            for number, (label, values) in enumerate(counts.items(), start=1)
        ],
        "layout": {
            "barmode": "stack",
            "bargap": 0.3,
            "height": HEIGHT,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
            "xaxis": {"type": "category", "showgrid": False, "nticks": 12},
            "yaxis": {"rangemode": "tozero", "nticks": 6},
        },
    }
