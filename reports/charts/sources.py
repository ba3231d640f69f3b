"""Figures of sources: quality against quantity, and what they brought against what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from reports.charts import HEIGHT, TICK_ANGLES, percent, series_colour
from reports.document import Figure

SMALLEST, LARGEST = 10, 46
# The plot as wide screens have it, and the room that a name takes, in pixels.
PLOT = (1040, 270)
LETTER, LINE = 7.2, 17


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
    sizes = [SMALLEST + (LARGEST - SMALLEST) * sqrt((bubble.revenue or 0) / most) for bubble in bubbles]
    sides = free_sides(bubbles, sizes)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [bubble.leads for bubble in bubbles],
                "y": [bubble.acceptance for bubble in bubbles],
                # Names that would lie upon one another are left out; the bubbles say them when pointed at.
                "text": [bubble.label if side else "" for bubble, side in zip(bubbles, sides, strict=True)],
                "textposition": [side or "top center" for side in sides],
                "cliponaxis": False,
                "marker": {
                    # By the area, as the eye compares.
                    "size": sizes,
                    "color": [
                        "var(--lf-chart-muted)" if bubble.is_few else series_colour(1) for bubble in bubbles
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
            "xaxis": {"title": {"text": "Leads", "font": {"size": 13}}, "rangemode": "tozero", "nticks": 8},
            "yaxis": {
                "title": {"text": "Acceptance rate", "font": {"size": 13}},
                "tickformat": ".0%",
                "rangemode": "tozero",
            },
            "hovermode": "closest",
        },
    }


Box = tuple[float, float, float, float]  # left, top, right, bottom


def free_sides(bubbles: Sequence[Bubble], sizes: Sequence[float]) -> list[str]:
    """On which side of each bubble its name has room, as Plotly calls it; "" on none. The first ones choose first."""
    widest = max((bubble.leads for bubble in bubbles), default=0) or 1
    highest = max((bubble.acceptance for bubble in bubbles), default=0) or 1
    centres = [
        (bubble.leads / widest * PLOT[0], (1 - bubble.acceptance / highest) * PLOT[1]) for bubble in bubbles
    ]
    taken = [
        (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        for (x, y), size in zip(centres, sizes, strict=True)
    ]
    sides = []
    for bubble, (x, y), size in zip(bubbles, centres, sizes, strict=True):
        around = _around(x, y, size / 2, len(bubble.label) * LETTER)
        side = next(
            (side for side, box in around.items() if not any(_meet(box, other) for other in taken)), ""
        )
        sides.append(side)
        if side:
            taken.append(around[side])
    return sides


def _around(x: float, y: float, radius: float, width: float) -> dict[str, Box]:
    """Where a name may stand. Boxes touch the bubble and do not meet it."""
    return {
        "top center": (x - width / 2, y - radius - LINE, x + width / 2, y - radius),
        "bottom center": (x - width / 2, y + radius, x + width / 2, y + radius + LINE),
        "middle right": (x + radius, y - LINE / 2, x + radius + width, y + LINE / 2),
        "middle left": (x - radius - width, y - LINE / 2, x - radius, y + LINE / 2),
    }


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


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
            "height": HEIGHT,
            "margin": {"l": 72, "r": 16, "t": 40, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "autotickangles": TICK_ANGLES},
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
