"""What an edit did, in words: “Points of Pricing page: 20 to 10”."""

from __future__ import annotations

from typing import Any

from leads.conditions.parsing import shorten
from leads.conditions.wording import lower_first
from scoring.rulebook.keyed import DOCUMENT, Keyed, leaves
from scoring.rulebook.wording import minus

MAX_WHAT = 500

LABELS = {
    "name": "Name",
    "mql.threshold": "MQL threshold",
    "mql.min_fit": "Minimum fit",
    "mql.min_engagement": "Minimum engagement",
    "mql.fast_track_min_fit": "Minimum fit of a fast track",
    "mql.demote_margin": "Margin below the line",
    "mql.demote_after_nights": "Nights below the line",
    "mql.reentry_points": "Points to come back",
    "grade.fit_a": "Fit for A",
    "grade.fit_b": "Fit for B",
    "grade.engagement_1": "Engagement for 1",
    "grade.engagement_2": "Engagement for 2",
    "fit.min": "Floor of fit",
    "fit.max": "Cap of fit",
    "engagement.min": "Floor of engagement",
    "engagement.max": "Cap of engagement",
}
FIELD_LABELS = {
    "name": "Name",
    "min": "Floor",
    "max": "Cap",
    "points": "Points",
    "max_points": "Cap",
    "enabled": "On or off",
    "fast_track": "Fast track",
    "disqualifies": "Disqualifying",
    "match": "Which conditions must hold",
    "conditions": "Conditions",
    "activity_types": "Activities",
    "window_days": "Window",
    "count": "Counting",
    "max_per_day": "Limit a day",
    "min_count": "Minimum of matches",
    "min_days": "Minimum of days",
    "min_assets": "Minimum of assets",
    "decay": "Decay",
    "every_days": "Days of silence",
    "repeats": "Repetition",
    "place": "Place",
}
_UNITS = {"window_days": "day", "every_days": "day", "demote_after_nights": "night"}
_OPEN = {"window_days": "all time"}
_WORDS: dict[str, dict[Any, str]] = {
    "match": {"all": "all of them", "any": "any of them"},
    "count": {"each": "each match", "once": "only the latest"},
    "repeats": {True: "again and again", False: "once"},
    "": {True: "on", False: "off"},
}


def label_of(doc: Keyed, path: str) -> str:
    """For example: Points of Pricing page."""
    if path in LABELS:
        return LABELS[path]
    if path == DOCUMENT:
        return "The whole draft"
    all_parts = list(leaves(path))
    owner = name_of(doc, path)
    if len(all_parts[0]) == 2 and all_parts[0][0] in ("rules", "groups"):
        return owner
    labels = [FIELD_LABELS.get(parts[-1]) or LABELS.get(".".join(parts), parts[-1]) for parts in all_parts]
    joined = " and ".join([labels[0], *map(lower_first, labels[1:])])
    return f"{joined} of {owner}" if owner else joined


def name_of(doc: Keyed, path: str) -> str:
    """The name of the rule or group that the path is about; empty where it is about none."""
    part, _, rest = path.partition(".")
    return str(doc[part].get(rest.split(".")[0], {}).get("name", "")) if part in ("rules", "groups") else ""


def edit_wording(before: Keyed, after: Keyed, path: str, old: Any, new: Any) -> str:
    """One sentence about the edit between two states of a draft, with the values at its path."""
    return shorten_to(_sentence(before, after, path, old, new), MAX_WHAT)


def _sentence(before: Keyed, after: Keyed, path: str, old: Any, new: Any) -> str:
    parts = next(leaves(path))
    if path == DOCUMENT:
        return f"All of it replaced by {shorten(after['name'])}: {_rules(len(after['rules']))}"
    if len(parts) == 2 and parts[0] in ("rules", "groups"):
        return _came_or_went(before, after, path, old, new)
    if parts[-1] == "place":
        return _moved(after, path, parts[0], old, new)
    if parts[-1] == "enabled":
        return f"{name_of(after, path)} switched {'on' if new else 'off'}"
    if parts[-1] == "name" and len(parts) > 1:
        return f"{shorten(old)} renamed {shorten(new)}"
    return f"{label_of(after, path)}: {value_wording(path, old)} to {value_wording(path, new)}"


def _came_or_went(before: Keyed, after: Keyed, path: str, old: Any, new: Any) -> str:
    kind = "Rule" if path.startswith("rules") else "Group"
    if new is None:
        rules = len(old.get("rules", ()))
        return f"{kind} {name_of(before, path)} deleted{f', with {_rules(rules)}' if rules else ''}"
    if old is None:
        return f"{kind} {name_of(after, path)} added"
    return f"{kind} {name_of(after, path)} replaced"


def _moved(after: Keyed, path: str, part: str, old: Any, new: Any) -> str:
    name, items = name_of(after, path), after[part]
    if part == "rules" and old["group"] != new["group"]:
        return f"{name} moved to {after['groups'][new['group']]['name']}"
    return f"{name} moved {_in_front(items, new['before'])}"


def _in_front(items: dict[str, Any], key: str | None) -> str:
    return f"in front of {items[key]['name']}" if key in items else "to the end"


def _rules(count: int) -> str:
    return f"{count} rule{'' if count == 1 else 's'}"


def value_wording(path: str, value: Any) -> str:
    """A value of the document for people: none, 20, 90 days, off."""
    field = path.rpartition(".")[2]
    match value:  # JSON, as the checked document has it
        case None:
            return _OPEN.get(field, "none")
        case bool():
            return _WORDS.get(field, _WORDS[""])[value]
        case int():
            unit = _UNITS.get(field)
            return minus(value) + (f" {unit}{'' if value == 1 else 's'}" if unit else "")
        case str():
            return _WORDS.get(field, {}).get(value, shorten(value))
        case list():
            return " and ".join(_item(item) for item in value) or "none"
        case {"kind": "none"}:
            return "none"
        case {"kind": kind, "percent": percent, "days": days}:
            return f"{kind}, {percent} % every {days} days"
        case dict():
            return ", ".join(value_wording(key, one) for key, one in value.items() if one is not None)
    return shorten(value)


def _item(item: Any) -> str:
    if isinstance(item, dict):
        values = ", ".join(shorten(value).strip() for value in item.get("values", ()))
        return f"{item['field']} {item['operator'].replace('_', ' ')} {values}".strip()
    return str(item).replace("_", " ")


def shorten_to(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
