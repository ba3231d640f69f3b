"""Charts as pictures, for mail: where Kaleido is installed, which is no requirement (docs/reports.md).

The same figures that the page draws, by the same copy of Plotly, in light colours.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from reports.document import Figure

logger = logging.getLogger(__name__)

WIDTH, HEIGHT, SCALE = 640, 352, 2
# A browser is started for it, by a worker that has other things to do.
SECONDS = 30
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_DEFINITION = re.compile(r"(--[\w-]+):\s*(#[0-9a-fA-F]{3,8});")


def picture_of(figure: Figure) -> bytes | None:
    """As PNG; None without Kaleido, or where it fails: a letter without pictures has the same numbers in tables."""
    try:
        kaleido = importlib.import_module("kaleido")
    except ImportError:
        return None
    drawn = dressed(figure)
    size = {"format": "png", "width": WIDTH, "height": drawn["layout"]["height"], "scale": SCALE}
    try:
        found: bytes = kaleido.calc_fig_sync(drawn, opts=size, kopts=_own_plotly())
    # Whatever a browser that is missing, old or stuck raises.
    except Exception:
        logger.exception("Kaleido draws no chart; the letter has tables alone.")
        return None
    return found


def dressed(figure: Figure) -> Figure:
    """With colours in place of their names, and what static/js/app.js adds to the layout of all charts."""
    layout = {
        "width": WIDTH,
        "height": HEIGHT,
        "paper_bgcolor": "var(--lf-chart-paper)",
        "plot_bgcolor": "var(--lf-chart-paper)",
        "font": {"family": "Inter, Arial, sans-serif", "size": 13, "color": "var(--lf-chart-text)"},
        **figure.get("layout", {}),
    }
    axis = {
        "gridcolor": "var(--lf-chart-grid)",
        "linecolor": "var(--lf-chart-grid)",
        "zerolinecolor": "var(--lf-chart-grid)",
        "automargin": True,
    }
    for name in ("xaxis", "yaxis"):
        layout[name] = {**axis, **layout.get(name, {})}
    found: Figure = _coloured({"data": figure["data"], "layout": layout})
    return found


def _coloured(value: Any) -> Any:
    match value:
        case str():
            name = _VARIABLE.fullmatch(value)
            return light_colours().get(name[1], value) if name else value
        case Mapping():
            return {key: _coloured(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_coloured(inner) for inner in value]
        case _:
            return value


@cache
def light_colours() -> Mapping[str, str]:
    """The custom properties of the style sheet, as the light theme has them."""
    sheet = _file("css/variables.css").read_text(encoding="utf-8")
    return dict(_DEFINITION.findall(sheet.split('[data-bs-theme="dark"]')[0]))


def _own_plotly() -> dict[str, Any]:
    """The copy that pages use: Kaleido would fetch one from the net."""
    folder = _file("css/variables.css").parent.parent / "vendor"
    return {"plotlyjs": next(folder.glob("plotly-finance-*.min.js")), "mathjax": False, "timeout": SECONDS}


def _file(path: str) -> Path:
    found = finders.find(path)
    assert isinstance(found, str), path
    return Path(found)
