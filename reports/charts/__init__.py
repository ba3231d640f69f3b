"""Figures: from the numbers of a metric to what Plotly draws. Pure functions, a module a subject.

Colours are names of CSS custom properties, resolved by static/js/app.js, so that a figure does not know the theme and
a stage has one colour everywhere.
"""

from __future__ import annotations

# Of a figure that is not as high as what it shows, in pixels: what static/css/charts.css keeps free for it.
HEIGHT = 352
# How names below an axis lie: as they are read where there is room.
TICK_ANGLES = [0, -30, -60, -90]


def percent(share: float | None) -> str:
    """0.139994 as "14.0 %" (with a space that does not break); "–" for no data."""
    return "–" if share is None else f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


def stage_colour(stage: str) -> str:
    return f"var(--lf-stage-{stage})"


def series_colour(number: int) -> str:
    """Of the series of a chart that are no stages: 1 to 6, then again from 1."""
    return f"var(--lf-series-{(number - 1) % 6 + 1})"
