"""The histogram of totals, by both rulebooks, with the lines at which leads qualify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from scoring.effect.estimates import Scale

_MOST_BINS = 40
_WIDTHS = (5, 10, 20, 50, 100, 200, 500, 1000)


def bin_width(low: int, high: int) -> int:
    """The narrowest of a few round widths that leaves a readable number of bars."""
    return next(
        (width for width in _WIDTHS if (high - low) // width < _MOST_BINS), -(-(high - low) // _MOST_BINS)
    )


def histogram(
    before: Mapping[int, int], after: Mapping[int, int], *, thresholds: tuple[int | None, int], scale: Scale
) -> dict[str, Any]:
    """Bars for the draft, a stepped line for the published one."""
    every = [*before, *after, *(one for one in thresholds if one is not None)]
    width = bin_width(min(every), max(every))
    starts = list(range(min(every) // width * width, max(every) // width * width + 1, width))
    words = [f"{start} to {start + width - 1} points" for start in starts]
    shared = {
        "x": [start + width / 2 for start in starts],
        "text": words,
        "hovertemplate": "%{text}: %{y:,} leads",
    }
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": "This draft",
            "y": _binned(after, width, starts, scale),
            "width": width,
            "marker": {"color": "var(--lf-chart-1)", "opacity": 0.55},
            **shared,
        }
    ]
    if before:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "Published",
                "y": _binned(before, width, starts, scale),
                "line": {"shape": "hvh", "width": 1.5, "color": "var(--lf-chart-text)"},
                **shared,
            }
        )
    return {"data": data, "layout": _layout(*thresholds)}


def _layout(old: int | None, new: int) -> dict[str, Any]:
    """With a line at each threshold."""
    return {
        "height": 224,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
        "xaxis": {
            "title": {"text": "Total", "standoff": 6, "font": {"size": 12}},
            "showgrid": False,
            "nticks": 8,
        },
        "yaxis": {"rangemode": "tozero", "nticks": 4, "tickformat": "~s"},
        "shapes": [
            *([] if old in (None, new) else [_line(old, "var(--lf-chart-text)", "dot")]),
            _line(new, "var(--lf-chart-3)", "solid"),
        ],
        "annotations": [_label(old, new)],
    }


def _binned(totals: Mapping[int, int], width: int, starts: list[int], scale: Scale) -> list[int]:
    bins: Counter[int] = Counter()
    for total, leads in totals.items():
        bins[total // width * width] += leads
    return [scale.rough(bins[start]) for start in starts]


def _line(at: int | None, colour: str, dash: str) -> dict[str, Any]:
    place = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", **place, "line": {"color": colour, "width": 2, "dash": dash}}


def _label(old: int | None, new: int) -> dict[str, Any]:
    """Right of both lines, where few leads are."""
    return {
        "x": max(new, new if old is None else old),
        "y": 1,
        "yref": "paper",
        "text": f"MQL from {new}" + ("" if old in (None, new) else f", was {old}"),
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 4,
        "font": {"color": "var(--lf-chart-3)", "size": 12},
    }
