"""Figures of sources: quality against quantity, and what they brought against what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from reports.charts import percent
from reports.document import Figure

SMALLEST, LARGEST = 10, 46
MOST_NAMED = 8


@dataclass(frozen=True)
class Bubble:
    """`acceptance` between 0 and 1; `revenue` in the organisation's currency, None: not known."""

    label: str
    leads: int
    acceptance: float
    accepted: int
    decided: int
    revenue: float | None
    is_few: bool


def quality_figure(bubbles: Sequence[Bubble], *, currency: str) -> Figure:
    """Across how many leads, upwards how many of the MQLs sales accepts; the larger, the more revenue."""
    most = max((bubble.revenue or 0 for bubble in bubbles), default=0) or 1
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [bubble.leads for bubble in bubbles],
                "y": [bubble.acceptance for bubble in bubbles],
                # The names of all would lie upon one another; the others say theirs when pointed at.
                "text": [bubble.label if place < MOST_NAMED else "" for place, bubble in enumerate(bubbles)],
                "textposition": "top center",
                "cliponaxis": False,
                "marker": {
                    # By the area, as the eye compares.
                    "size": [
                        SMALLEST + (LARGEST - SMALLEST) * sqrt((bubble.revenue or 0) / most)
                        for bubble in bubbles
                    ],
                    "color": [
                        "var(--lf-chart-muted)" if bubble.is_few else "var(--lf-chart-1)"
                        for bubble in bubbles
                    ],
                    "opacity": 0.65,
                    "line": {"width": 0},
                },
                "hovertext": [_words(bubble, currency) for bubble in bubbles],
                "hoverinfo": "text",
            }
        ],
        "layout": {
            "height": 380,
            "showlegend": False,
            "margin": {"l": 64, "r": 32, "t": 32, "b": 48},
            "xaxis": {"title": {"text": "Leads"}, "rangemode": "tozero", "nticks": 8},
            "yaxis": {"title": {"text": "Acceptance rate"}, "tickformat": ".0%", "rangemode": "tozero"},
            "hovermode": "closest",
        },
    }


def _words(bubble: Bubble, currency: str) -> str:
    revenue = "not known" if bubble.revenue is None else f"{bubble.revenue:,.0f} {currency}"
    return (
        f"{bubble.label}: {bubble.leads:,} leads<br>"
        f"{percent(bubble.acceptance)} accepted ({bubble.accepted:,} of {bubble.decided:,})<br>Revenue {revenue}"
    )


def money_figure(
    labels: Sequence[str], costs: Sequence[float | None], revenues: Sequence[float | None], *, currency: str
) -> Figure:
    """Two bars for each: what it cost, and what was won. What is not known has none."""
    return {
        "data": [
            _bars("Cost", "var(--lf-chart-muted)", labels, costs, currency),
            _bars("Revenue", "var(--lf-stage-customer)", labels, revenues, currency),
        ],
        "layout": {
            "barmode": "group",
            "bargap": 0.3,
            "height": 340,
            "margin": {"l": 72, "r": 16, "t": 40, "b": 96},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "tickangle": -35, "automargin": True},
            "yaxis": {"rangemode": "tozero", "nticks": 6},
        },
    }


def _bars(
    name: str, colour: str, labels: Sequence[str], values: Sequence[float | None], currency: str
) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": list(labels),
        "y": list(values),
        "marker": {"color": colour},
        "hovertemplate": f"{name}, %{{x}}: %{{y:,.0f}} {currency}<extra></extra>",
    }
