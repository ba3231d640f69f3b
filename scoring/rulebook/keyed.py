"""The interchange document by keys instead of places in lists, so that an edit can name what it changes.

Paths are those of the document: `name`, `mql.threshold`, `groups.person.max`, `rules.pricing.points`. Besides:

- `rules.pricing`, `groups.person`: all of it, None where there is none; so that adding, deleting and undoing both are
  edits like any other. A group comes and goes with its rules.
- `rules.pricing.place`, `groups.person.place`: in which group, and before which other one (None: last).
- `rules.pricing.count+max_per_day`: fields that only go together, as an object.
- `document`: everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from scoring.errors import ScoringError
from scoring.rulebook.document import FORMAT

DOCUMENT = "document"
PLACE = "place"
_RULE_DEFAULTS: dict[str, dict[str, Any]] = {
    "fit": {"match": "all", "conditions": []},
    "engagement": {
        "activity_types": [],
        "conditions": [],
        "window_days": None,
        "count": "each",
        "max_per_day": None,
        "min_count": 1,
        "min_days": 1,
        "min_assets": None,
        "decay": {"kind": "none"},
    },
    "silence": {"activity_types": [], "repeats": False},
}
_COMMON_DEFAULTS = {"max_points": None, "enabled": True, "fast_track": False, "disqualifies": False}
# What a rule or group is; only adding and moving say it.
_FIXED = {"key", "kind", "group", "dimension"}

Keyed = dict[str, Any]


class NoSuchPlace(ScoringError):
    """The path names nothing that a rulebook has, or what it named is gone."""


def keyed(document: dict[str, Any]) -> Keyed:
    """The document with groups and rules by their keys, in their order, and every default written out."""
    rules = {
        rule["key"]: {
            **_COMMON_DEFAULTS,
            **deepcopy(_RULE_DEFAULTS[rule["kind"]]),
            **{key: deepcopy(value) for key, value in rule.items() if key != "key"},
        }
        for rule in document["rules"]
    }
    groups = {
        group["key"]: {
            "name": group["name"],
            "dimension": group["dimension"],
            "min": group.get("min"),
            "max": group.get("max"),
        }
        for group in document["groups"]
    }
    rest = {key: deepcopy(document[key]) for key in ("name", "mql", "grade", "fit", "engagement")}
    return {**rest, "groups": groups, "rules": rules}


def listed(doc: Keyed) -> dict[str, Any]:
    """The interchange document again."""
    return {
        "format": FORMAT,
        **doc,
        "groups": [{"key": key, **group} for key, group in doc["groups"].items()],
        "rules": [{"key": key, **rule} for key, rule in doc["rules"].items()],
    }


# Paths ------------------------------------------------------------------------------------------------


def leaves(path: str) -> Iterator[tuple[str, ...]]:
    """The path in parts; several where it names fields that go together."""
    *above, last = path.split(".")
    names = last.split("+")
    if len(names) > 1 and "place" in names:
        raise NoSuchPlace(f"A place is changed by itself, not as one of “{last}”.")
    for name in names:
        yield (*above, name)


def value_at(doc: Keyed, path: str) -> Any:
    """What stands at the path; NoSuchPlace where nothing can."""
    if path == DOCUMENT:
        return listed(doc)
    found = {parts[-1]: _leaf(doc, parts) for parts in leaves(path)}
    return found if "+" in path else next(iter(found.values()))


def _leaf(doc: Keyed, parts: tuple[str, ...]) -> Any:
    match parts:
        case ("name",):
            return doc["name"]
        case (("mql" | "grade" | "fit" | "engagement") as part, field) if field in doc[part]:
            return doc[part][field]
        case ("groups", key):
            return _whole_group(doc, key) if key in doc["groups"] else None
        case ("rules", key):
            return {**doc["rules"][key], "before": rule_after(doc, key)} if key in doc["rules"] else None
        case ("groups", key, "place") if key in doc["groups"]:
            return {"before": group_after(doc, key)}
        case ("rules", key, "place") if key in doc["rules"]:
            return {"group": doc["rules"][key]["group"], "before": rule_after(doc, key)}
        case (("groups" | "rules") as part, key, field) if field in doc[part].get(key, {}):
            return doc[part][key][field]
    raise NoSuchPlace(f"There is no “{'.'.join(parts)}” in this draft.")


def _whole_group(doc: Keyed, key: str) -> dict[str, Any]:
    rules = {name: rule for name, rule in doc["rules"].items() if rule["group"] == key}
    return {**doc["groups"][key], "before": group_after(doc, key), "rules": rules}


def rule_after(doc: Keyed, key: str) -> str | None:
    """The rule that follows within the group."""
    return _next(
        key, [name for name in doc["rules"] if doc["rules"][name]["group"] == doc["rules"][key]["group"]]
    )


def group_after(doc: Keyed, key: str) -> str | None:
    """The group that follows within the dimension."""
    groups = doc["groups"]
    return _next(key, [name for name in groups if groups[name]["dimension"] == groups[key]["dimension"]])


def _next(key: str, keys: list[str]) -> str | None:
    return dict(zip(keys, keys[1:], strict=False)).get(key)


# Changes ----------------------------------------------------------------------------------------------


def changed(doc: Keyed, path: str, value: Any) -> Keyed:
    """The document with another value at a path within it; unchecked, apart from there being such a path."""
    new: Keyed = deepcopy(doc)
    for parts in leaves(path):
        _put(new, parts, deepcopy(value[parts[-1]] if "+" in path else value))
    return new


def _put(doc: Keyed, parts: tuple[str, ...], value: Any) -> None:
    match parts:
        case ("name",):
            doc["name"] = value
        case ("groups", key):
            _put_group(doc, key, value)
        case ("rules", key):
            _put_rule(doc, key, value)
        case ("groups", key, "place"):
            _leaf(doc, parts)
            _insert(doc, "groups", key, doc["groups"].pop(key), value.get("before"))
        case ("rules", key, "place"):
            _leaf(doc, parts)
            rule = {**doc["rules"].pop(key), "group": value["group"]}
            _insert(doc, "rules", key, rule, value.get("before"))
        case (("groups" | "rules") as part, key, field) if field not in _FIXED:
            _leaf(doc, parts)
            doc[part][key][field] = value
        case (part, field) if isinstance(doc.get(part), dict):
            _leaf(doc, parts)
            doc[part][field] = value
        case _:
            raise NoSuchPlace(f"There is no “{'.'.join(parts)}” that could be edited.")


def _put_rule(doc: Keyed, key: str, value: Any) -> None:
    doc["rules"].pop(key, None)
    if value is not None:
        _insert(
            doc, "rules", key, {name: value[name] for name in value if name != "before"}, value.get("before")
        )


def _put_group(doc: Keyed, key: str, value: Any) -> None:
    doc["groups"].pop(key, None)
    doc["rules"] = {name: rule for name, rule in doc["rules"].items() if rule["group"] != key}
    if value is None:
        return
    group = {name: value[name] for name in value if name not in ("before", "rules")}
    _insert(doc, "groups", key, group, value.get("before"))
    for name, rule in value.get("rules", {}).items():
        if name in doc["rules"]:
            raise NoSuchPlace(f"There is another rule with the key “{name}” now.")
        _insert(doc, "rules", name, rule, None)


def _insert(doc: Keyed, part: str, key: str, item: dict[str, Any], before: str | None) -> None:
    """In front of `before`, if that is a neighbour; else behind the last of its group or dimension."""
    kind = "group" if part == "rules" else "dimension"
    items = doc[part]
    names = list(items)
    alike = [name for name in names if items[name][kind] == item[kind]]
    if before in alike:
        index = names.index(before)
    elif alike:
        index = names.index(alike[-1]) + 1
    else:  # rules stand in the order of their groups
        order = list(doc["groups"])
        later = order[order.index(item["group"]) + 1 :] if part == "rules" and item["group"] in order else []
        index = next(
            (place for place, name in enumerate(names) if items[name].get("group") in later), len(names)
        )
    doc[part] = {name: item if name == key else items[name] for name in [*names[:index], key, *names[index:]]}


# What an edit changed ---------------------------------------------------------------------------------


def touches(edited: str, before: Any, after: Any, path: str) -> bool:
    """Whether an edit (its path, before and after) changed what stands at another path."""
    return any(_touches(edited, before, after, parts) for parts in leaves(path))


def _touches(edited: str, before: Any, after: Any, parts: tuple[str, ...]) -> bool:
    if parts == (DOCUMENT,):
        return True
    if edited == DOCUMENT:
        path = ".".join(parts)
        return bool(_read(keyed(before), path) != _read(keyed(after), path))
    for one in leaves(edited):
        old, new = (value[one[-1]] if "+" in edited else value for value in (before, after))
        if _overlaps(one, old, new, parts):
            return True
    return False


def _overlaps(edited: tuple[str, ...], before: Any, after: Any, parts: tuple[str, ...]) -> bool:
    if edited[: len(parts)] == parts:
        return bool(before != after)
    if (
        parts[: len(edited)] == edited
    ):  # all of a rule or group came or went, or one of its fields is an object
        return bool(_inside(before, parts[len(edited) :]) != _inside(after, parts[len(edited) :]))
    if edited[0] == "groups" and len(edited) == 2 and parts[0] == "rules":  # with its rules
        return any(parts[1] in (value or {}).get("rules", {}) for value in (before, after))
    return False


def _read(doc: Keyed, path: str) -> Any:
    try:
        found = value_at(doc, path)
    except NoSuchPlace:
        return None
    return found


def _inside(value: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        if part == PLACE:
            return value is None
        value = value.get(part) if isinstance(value, dict) else None
    return value
