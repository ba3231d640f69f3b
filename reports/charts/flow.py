"""Figures of what stands, comes and goes, by day or week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor, log10

from leads.models import Stage
from reports.charts import HEIGHT, stage_colour
from reports.document import Figure

# Stages with all the leads of the past dwarf those that are worked on: they are drawn on a click on their name.
AT_WORK = (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY)


def balance_figure(days: Sequence[date], balances: Mapping[Stage, Sequence[int]]) -> Figure:
    """A line a stage, in its colour: how many stood there at the end of each of the days."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": stage.label,
                "x": [day.isoformat() for day in days],
                "y": list(values),
                "line": {"width": 2, "color": stage_colour(stage.value)},
                "visible": True if stage in AT_WORK else "legendonly",
                "hovertemplate": f"{stage.label}, %{{x|%-d %b %Y}}: %{{y:,}}<extra></extra>",
            }
            for stage, values in balances.items()
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 56, "r": 16, "t": 40, "b": 32},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "date", "showgrid": False, "nticks": 8},
            "yaxis": {"rangemode": "tozero", "nticks": 6},
        },
    }


def in_out_figure(
    stage: Stage, labels: Sequence[str], entries: Sequence[int], exits: Sequence[int]
) -> Figure:
    """Bars up for what came and down for what went."""
    ticks = _ticks(max(exits, default=0), max(entries, default=0))
    return {
        "data": [
            _bars("In", stage_colour(stage.value), labels, entries, entries),
            _bars("Out", "var(--lf-chart-muted)", labels, [-count for count in exits], exits),
        ],
        "layout": {
            "barmode": "relative",
            "bargap": 0.2,
            "height": HEIGHT,
            "margin": {"l": 56, "r": 16, "t": 40, "b": 48},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "category", "showgrid": False, "nticks": 10},
            # What went is drawn downwards, and yet no number below nothing.
            "yaxis": {"zeroline": True, "tickvals": ticks, "ticktext": [f"{abs(tick):,}" for tick in ticks]},
        },
    }


def _ticks(down: int, up: int) -> list[int]:
    """From below zero to above it, in steps of 1, 2 or 5 times a power of ten: six or so."""
    wide = max(down + up, 1) / 8
    power = 10 ** floor(log10(max(wide, 1)))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= wide)
    return list(range(-ceil(down / step) * step, up + step, step))


def _bars(name: str, colour: str, labels: Sequence[str], drawn: Sequence[int], said: Sequence[int]) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": list(labels),
        "y": list(drawn),
        "marker": {"color": colour},
        "hovertext": [f"{name}, {label}: {count:,}" for label, count in zip(labels, said, strict=True)],
        "hoverinfo": "text",
    }
