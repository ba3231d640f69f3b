"""What a field of the editor sends, as a value of the document. What it cannot be is left as typed: the check of the

draft says what is wrong with it.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_TEXTS = {"name", "match", "count"}
_FLAGS = {"enabled", "fast_track", "disqualifies", "repeats"}


def typed_value(path: str, data: QueryDict) -> Any:
    """The JSON value that was posted for a path."""
    last = path.rpartition(".")[2]
    if path.count(".") == 1 and path.startswith(("rules.", "groups.")):
        return None  # all of it: to delete
    if "+" in last:
        return {name: _typed(name, data, name) for name in last.split("+")}
    match last:
        case "place":
            return {"group": data.get("group", ""), "before": data.get("before") or None}
        case "activity_types":
            return list(dict.fromkeys(data.getlist("value")))
        case "decay":
            return _decay(data)
    return _typed(last, data, "value")


def _typed(field: str, data: QueryDict, name: str) -> Any:
    if field in _FLAGS:
        return data.get(name) == "on"
    text = data.get(name, "").strip()
    return text if field in _TEXTS else number(text)


def number(text: str) -> int | str | None:
    """A whole number; None for nothing; else the text, which will be refused."""
    plain = text.replace("−", "-").strip()
    if not plain:
        return None
    return int(plain) if _WHOLE.fullmatch(plain) else text


def _decay(data: QueryDict) -> dict[str, Any]:
    kind = data.get("kind", "")
    if kind not in ("linear", "compound"):
        return {"kind": kind}
    # Chosen just now, its two numbers are still blank: begin with what is common.
    percent, days = number(data.get("percent", "")), number(data.get("days", ""))
    return {"kind": kind, "percent": 25 if percent is None else percent, "days": 30 if days is None else days}
