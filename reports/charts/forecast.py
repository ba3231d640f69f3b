"""The figure of the Forecast report."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts import HEIGHT, stage_colour
from reports.document import Figure
from reports.metrics.forecast import StageForecast


def forecast_figure(stages: Sequence[StageForecast]) -> Figure:
    """Expected customers of each stage as bars, each with the range in which they will lie."""
    judged = [(stage, stage.customers) for stage in stages if stage.customers is not None]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [stage.stage.label for stage, _ in judged],
                "x": [customers.value for _, customers in judged],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [customers.interval[1] - customers.value for _, customers in judged],
                    "arrayminus": [customers.value - customers.interval[0] for _, customers in judged],
                    "color": "var(--lf-chart-text)",
                    "thickness": 1.5,
                    "width": 4,
                },
                # Paler, so that the whisker is seen upon them.
                "marker": {
                    "color": [stage_colour(stage.stage.value) for stage, _ in judged],
                    "opacity": 0.55,
                },
                "hovertext": [
                    f"{stage.stage.label}: {customers.value:,.1f} of {stage.now:,}<br>"
                    f"between {customers.interval[0]:,.1f} and {customers.interval[1]:,.1f}"
                    for stage, customers in judged
                ],
                "hoverinfo": "text",
            }
        ],
        "layout": {
            "showlegend": False,
            "height": HEIGHT,
            "bargap": 0.35,
            "margin": {"l": 8, "r": 24, "t": 8, "b": 40},
            "xaxis": {
                "rangemode": "tozero",
                "title": {"text": "Expected customers", "font": {"size": 13}},
                "nticks": 6,
            },
            "yaxis": {"type": "category", "autorange": "reversed", "automargin": True, "showgrid": False},
        },
    }
