"""Edits that begin with what the draft is: a new rule or group, a copy of a rule, one step up or down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.text import slugify

from scoring.rulebook.document import MAX_KEY
from scoring.rulebook.editing import Edit
from scoring.rulebook.form import Dimension, Kind
from scoring.rulebook.keyed import Keyed, NoSuchPlace, rule_after

_WINDOW = 90
_SILENCE = 30


def new_rule(doc: Keyed, *, kind: str, group: str, activity_types: Sequence[str]) -> Edit:
    """A sound rule of a kind at the end of a group; its numbers are a beginning."""
    if group not in doc["groups"]:
        raise NoSuchPlace(f"There is no group “{group}” in this draft any more.")
    name = {Kind.FIT: "New rule", Kind.ENGAGEMENT: "New activity rule", Kind.SILENCE: "New silence rule"}
    begin: dict[str, dict[str, Any]] = {
        Kind.FIT: {"points": 5, "conditions": [{"field": "job_title", "operator": "is_known"}]},
        Kind.ENGAGEMENT: {
            "points": 5,
            "window_days": _WINDOW,
            "activity_types": [code for code in activity_types if code == "page_view"] or activity_types[:1],
        },
        Kind.SILENCE: {"points": -5, "every_days": _SILENCE},
    }
    if kind not in begin:
        raise NoSuchPlace(f"“{kind}” is no kind of rule; allowed: {', '.join(begin)}.")
    title = _unused(name[Kind(kind)], {rule["name"] for rule in doc["rules"].values()})
    rule = {"kind": kind, "name": title, "group": group, **begin[kind], "before": None}
    return Edit(f"rules.{_key(title, doc['rules'])}", rule)


def copied_rule(doc: Keyed, key: str) -> Edit:
    """The same rule once more, right behind it."""
    if key not in doc["rules"]:
        raise NoSuchPlace("This rule is no longer in the draft.")
    title = _unused(
        f"{doc['rules'][key]['name'][:190]} (copy)", {one["name"] for one in doc["rules"].values()}
    )
    rule = {**doc["rules"][key], "name": title, "before": rule_after(doc, key)}
    return Edit(f"rules.{_key(title, doc['rules'])}", rule)


def new_group(doc: Keyed, *, dimension: str) -> Edit:
    if dimension not in Dimension.values:
        raise NoSuchPlace(f"“{dimension}” is no dimension; allowed: {', '.join(Dimension.values)}.")
    title = _unused("New group", {group["name"] for group in doc["groups"].values()})
    group = {"name": title, "dimension": dimension, "min": None, "max": None, "before": None}
    return Edit(f"groups.{_key(title, doc['groups'])}", group)


def moved_rule(doc: Keyed, key: str, *, down: bool) -> Edit:
    """One place further; past the end of its group into the next group of the dimension."""
    if key not in doc["rules"]:
        raise NoSuchPlace("This rule is no longer in the draft.")
    group = doc["rules"][key]["group"]
    beside = [name for name, rule in doc["rules"].items() if rule["group"] == group]
    place = beside.index(key) + (2 if down else -1)
    if 0 <= place <= len(beside):
        return Edit(f"rules.{key}.place", {"group": group, "before": [*beside, None][place]})
    groups = _alike(doc, group)
    there = groups.index(group) + (1 if down else -1)
    if not 0 <= there < len(groups):
        raise NoSuchPlace("There is nowhere further to move this rule.")
    others = [name for name, rule in doc["rules"].items() if rule["group"] == groups[there]]
    before = others[0] if down and others else None
    return Edit(f"rules.{key}.place", {"group": groups[there], "before": before})


def moved_group(doc: Keyed, key: str, *, down: bool) -> Edit:
    if key not in doc["groups"]:
        raise NoSuchPlace("This group is no longer in the draft.")
    groups = _alike(doc, key)
    place = groups.index(key) + (2 if down else -1)
    if not 0 <= place <= len(groups):
        raise NoSuchPlace("There is nowhere further to move this group.")
    return Edit(f"groups.{key}.place", {"before": [*groups, None][place]})


def _alike(doc: Keyed, group: str) -> list[str]:
    dimension = doc["groups"][group]["dimension"]
    return [name for name, other in doc["groups"].items() if other["dimension"] == dimension]


def _unused(name: str, taken: set[str]) -> str:
    number, found = 2, name
    while found in taken:
        number, found = number + 1, f"{name} {number}"
    return found


def _key(name: str, taken: dict[str, Any]) -> str:
    """A key that says what the name was, and that no other has."""
    return _unused(slugify(name)[: MAX_KEY - 8] or "rule", set(taken)).replace(" ", "-")
