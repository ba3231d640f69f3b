"""The figures of the Overview."""

from __future__ import annotations

from collections.abc import Sequence

from leads.models import Stage
from reports.charts import HEIGHT, TICK_ANGLES, stage_colour
from reports.document import Figure
from reports.metrics.overview import SHOWN, TrendPoint

NAMES = {Stage.LEAD: "Leads created", Stage.MQL: "MQLs", Stage.SQL: "SQLs", Stage.CUSTOMER: "Customers"}


def trend_figure(points: Sequence[TrendPoint]) -> Figure:
    """Leads created, and entrants of each stage, a line each. A part that is not whole is hollow."""
    lines = {Stage.LEAD: [point.created for point in points]}
    lines |= {stage: [point.entrants.get(stage, 0) for point in points] for stage in SHOWN}
    labels = [point.slice.label for point in points]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": NAMES[stage],
                "x": labels,
                "y": numbers,
                "line": {"width": 2, "color": stage_colour(stage.value)},
                "marker": {
                    "size": 6,
                    "color": stage_colour(stage.value),
                    "symbol": ["circle" if point.slice.is_whole else "circle-open" for point in points],
                },
                "hovertemplate": f"%{{x}}: %{{y:,}} {NAMES[stage]}<extra></extra>",
            }
            for stage, numbers in lines.items()
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "nticks": 8, "autotickangles": TICK_ANGLES},
            "yaxis": {"rangemode": "tozero", "nticks": 6, "tickformat": ",d"},
            "hovermode": "closest",
        },
    }
