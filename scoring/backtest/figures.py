"""Figures of a backtest: from its result to what Plotly draws. Pure functions; colours are CSS custom properties."""

from __future__ import annotations

from typing import Any

from scoring.backtest.result import Number, Result

Figure = dict[str, Any]
# What happened is grey, what is published pale, what is tried in full colour.
REAL, PUBLISHED, DRAFT = "var(--lf-stage-lead)", "var(--lf-chart-3)", "var(--lf-chart-1)"


def _bars(name: str, x: list[Any], numbers: list[Number], colour: str, base: str) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": x,
        "y": [number.value for number in numbers],
        # A click on a bar opens the leads that it counts (static/js/app.js).
        "customdata": [f"{base}?{number.query}" for number in numbers],
        "marker": {"color": colour},
        "hovertemplate": f"{name}: %{{y:,}}<extra></extra>",
    }


def _layout(height: int, **more: Any) -> Figure:
    return {
        "height": height,
        "barmode": "group",
        "bargap": 0.25,
        "margin": {"l": 40, "r": 12, "t": 8, "b": 36},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "yaxis": {"rangemode": "tozero", "nticks": 5, "tickformat": ",d"},
        "hovermode": "x unified",
        **more,
    }


def colours(result: Result) -> list[str]:
    return [PUBLISHED, DRAFT] if result.published else [DRAFT]


def weekly_figure(result: Result, *, base: str) -> Figure:
    """Handoffs a week: what happened, and what each rulebook would have done. `base`: the address of the lists."""
    weeks = [week.isoformat() for week, _ in result.weekly]
    names = ["What happened", *(side.name for side in result.sides)]
    series = zip(*(numbers for _, numbers in result.weekly), strict=True)
    data = [
        _bars(name, weeks, list(numbers), colour, base)
        for name, numbers, colour in zip(names, series, [REAL, *colours(result)], strict=True)
    ]
    # A tick a week would not fit a year; plotly.js chooses how many.
    axis = {
        "type": "date",
        "showgrid": False,
        "nticks": 8,
        "tickformat": "%-d %b",
        "hoverformat": "%-d %b %Y",
    }
    return {"data": data, "layout": _layout(320, xaxis=axis)}


def timing_figure(result: Result, *, base: str) -> Figure:
    """How many days earlier (left) or later (right) than they really were handoffs would have been made."""
    days = [day for day, _, _ in result.timing]
    series = zip(*(numbers for _, _, numbers in result.timing), strict=True)
    data = [
        _bars(side.name, list(days), list(numbers), colour, base)
        for side, numbers, colour in zip(result.sides, series, colours(result), strict=True)
    ]
    axis = {
        "showgrid": False,
        "zeroline": True,
        "nticks": 9,
        "title": {"text": "days later (negative: earlier)", "font": {"size": 12}},
    }
    margin = {"l": 40, "r": 12, "t": 8, "b": 52}
    return {"data": data, "layout": _layout(280, xaxis=axis, margin=margin)}


def decisions_figure(result: Result, *, base: str) -> Figure:
    """What sales made of the real handoffs, and which of them the rulebook would have made, too."""
    side = result.draft
    names = ["Accepted", "Rejected", "Withdrawn", "Undecided"]
    outcomes = ["accepted", "rejected", "withdrawn", "waiting"]
    same = [side.same[outcome] for outcome in outcomes]
    missed = [side.missed[outcome] for outcome in outcomes]
    data = [
        _bars("Also made", names, same, DRAFT, base),
        _bars("Not made", names, missed, "var(--lf-chart-grid)", base),
    ]
    return {"data": data, "layout": _layout(280, barmode="stack", xaxis={"showgrid": False})}
