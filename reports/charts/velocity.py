"""The figures of the Velocity report."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts import HEIGHT, TICK_ANGLES, stage_colour
from reports.document import Figure
from reports.metrics.stage_time import StageTime
from reports.metrics.time_to_win import TimeToWin
from reports.metrics.velocity import MonthOfMqls

HOURS_A_DAY = 24
# Steps of a curve that the eye can tell apart: smaller ones are drawn together.
FINEST = 0.005


def survival_figure(times: Sequence[StageTime]) -> Figure:
    """What share of the visits to each stage lasts longer than so many days: falling steps."""
    drawn = [time for time in times if time.survival.steps]
    last = _last_day(drawn)
    return {
        "data": [_curve(time, last) for time in drawn],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 44},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "xaxis": {
                "title": {"text": "Days in the stage", "font": {"size": 13}},
                "rangemode": "tozero",
                "showgrid": False,
            },
            "yaxis": {"range": [0, 1.02], "tickformat": ".0%", "nticks": 6},
            "hovermode": "closest",
        },
    }


def _last_day(times: Sequence[StageTime]) -> int:
    """Up to where it is drawn: until nine of ten visits of the slowest stage are over, as far as that is known."""
    ends = []
    for time in times:
        steps = time.survival.steps
        ends.append(next((length for length, share in steps if share <= 0.1), steps[-1][0]))
    return max(ends, default=0) // HOURS_A_DAY + 1


def _curve(time: StageTime, last: int) -> Figure:
    """As far as anything is known of the stage, and as far as is drawn."""
    points = [(0.0, 1.0)]
    for length, share in time.survival.steps:
        if length > last * HOURS_A_DAY:
            break
        if points[-1][1] - share >= FINEST or share == time.survival.steps[-1][1]:
            points.append((round(length / HOURS_A_DAY, 2), round(share, 4)))
    return {
        "type": "scatter",
        "mode": "lines",
        "name": time.stage.label,
        "x": [days for days, _ in points],
        "y": [share for _, share in points],
        "line": {"shape": "hv", "width": 2, "color": stage_colour(time.stage.value)},
        "hovertemplate": f"{time.stage.label}: %{{y:.1%}} last longer than %{{x}} days<extra></extra>",
    }


def time_to_win_figure(found: TimeToWin) -> Figure:
    """How many customers were won in how many days."""
    return {
        "data": [
            {
                "type": "bar",
                "x": [one.label for one in found.classes],
                "y": [one.leads for one in found.classes],
                "marker": {"color": stage_colour("customer")},
                "hovertemplate": "%{x} days: %{y:,} customers<extra></extra>",
            }
        ],
        "layout": {
            "height": HEIGHT,
            "showlegend": False,
            "bargap": 0.25,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 44},
            "xaxis": {
                "type": "category",
                "title": {"text": "Days", "font": {"size": 13}},
                "showgrid": False,
                "autotickangles": TICK_ANGLES,
            },
            "yaxis": {"rangemode": "tozero", "nticks": 5},
        },
    }


def lead_velocity_figure(months: Sequence[MonthOfMqls]) -> Figure:
    """New MQLs by month as bars."""
    return {
        "data": [
            {
                "type": "bar",
                "name": "Leads that became MQLs",
                "x": [f"{month.month.start:%b %Y}" for month in months],
                "y": [month.entrants for month in months],
                "marker": {"color": stage_colour("mql")},
                "hovertemplate": "%{x}: %{y:,}<extra></extra>",
            },
        ],
        "layout": {
            "height": HEIGHT,
            "showlegend": False,
            "bargap": 0.35,
            "margin": {"l": 48, "r": 16, "t": 8, "b": 32},
            "xaxis": {"type": "category", "showgrid": False, "nticks": 12, "autotickangles": TICK_ANGLES},
            "yaxis": {"rangemode": "tozero", "nticks": 5},
        },
    }
