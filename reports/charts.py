"""Figures: from the numbers of a metric to what Plotly draws. Pure functions, one for each chart.

Colours are names of CSS custom properties, resolved by static/js/app.js, so that a figure does not
know the theme and a stage has one colour everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reports.metrics.funnel import Funnel, FunnelStep, Mode
from reports.metrics.score_history import Level, ScoreHistory

Figure = dict[str, Any]


def percent(share: float | None) -> str:
    """0.139994 as "14.0 %" (with a space that does not break); "–" for no data."""
    return "–" if share is None else f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


def funnel_figure(funnel: Funnel, *, mode: Mode) -> Figure:
    """One bar for each step, in the colour of its stage, as wide as its number."""
    return {
        "data": [
            {
                "type": "funnel",
                "y": [step.stage.label for step in funnel.steps],
                "x": [step.leads for step in funnel.steps],
                "text": [_bar_text(step) for step in funnel.steps],
                "textinfo": "text",
                # Beside the bar where it is too narrow for its own text.
                "textposition": "auto",
                "constraintext": "none",
                "cliponaxis": False,
                "hovertext": [_hover_text(step, mode) for step in funnel.steps],
                "hoverinfo": "text",
                "marker": {"color": [f"var(--lf-stage-{step.stage.value})" for step in funnel.steps]},
                "connector": {
                    "fillcolor": "var(--lf-chart-grid)",
                    "line": {"width": 0},
                },
            }
        ],
        "layout": {
            "showlegend": False,
            "funnelgap": 0.28,
            "xaxis": {"showgrid": False, "zeroline": False, "showticklabels": False},
            "yaxis": {"showgrid": False, "showline": False},
            "margin": {"l": 92, "r": 16, "t": 8, "b": 8},
            "height": 352,
        },
    }


def _bar_text(step: FunnelStep) -> str:
    return f"{step.leads:,}" if step.of_previous is None else f"{step.leads:,} · {percent(step.overall)}"


def _hover_text(step: FunnelStep, mode: Mode) -> str:
    lines = [f"<b>{step.stage.label}</b>: {step.leads:,} leads"]
    if step.of_previous is not None:
        word = "converted from" if mode is Mode.COHORT else "against"
        lines.append(f"{percent(step.conversion)} {word} the step before ({step.of_previous:,})")
        lines.append(f"{percent(step.overall)} of {step.of_first:,}")
    return "<br>".join(lines)


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
