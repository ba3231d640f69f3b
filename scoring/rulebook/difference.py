"""What is different between two rulebooks: group by group, rule by rule, field by field.

Works on what the rows say, so that a version that can no longer be read in full (a field of leads is gone) is compared
all the same. Rules and groups are the same where their keys are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from scoring.models import Rulebook
from scoring.rulebook.edit_wording import FIELD_LABELS, LABELS
from scoring.rulebook.form import Dimension
from scoring.rulebook.keyed import Keyed, keyed
from scoring.rulebook.rows import document_of
from scoring.rulebook.values import ValueWords


class State(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """One field, in words. `by`: how much a number grew or shrank."""

    label: str
    before: str
    after: str
    by: int | None = None


@dataclass(frozen=True)
class RuleDifference:
    """`points`: of the newer side, of the older one where it was removed. `moved`: from where, in words."""

    key: str
    name: str
    state: State
    points: int
    changes: Sequence[Change] = ()
    moved: str = ""


@dataclass(frozen=True)
class GroupDifference:
    key: str
    name: str
    dimension: str
    state: State
    rules: Sequence[RuleDifference]
    changes: Sequence[Change] = ()

    @property
    def changed_rules(self) -> list[RuleDifference]:
        return [rule for rule in self.rules if rule.state != State.SAME]

    @property
    def same_rules(self) -> list[RuleDifference]:
        return [rule for rule in self.rules if rule.state == State.SAME]


@dataclass(frozen=True)
class Difference:
    """From `before` to `after`. `settings` are those of the rulebook as a whole."""

    before: Rulebook
    after: Rulebook
    settings: Sequence[Change]
    groups: Sequence[GroupDifference]

    @property
    def changed_groups(self) -> list[GroupDifference]:
        return [group for group in self.groups if group.state != State.SAME or group.changed_rules]

    @property
    def same_groups(self) -> list[GroupDifference]:
        return [group for group in self.groups if group.state == State.SAME and not group.changed_rules]

    @property
    def is_empty(self) -> bool:
        return not self.settings and not self.changed_groups

    @property
    def headline(self) -> str:
        """For example: 2 rules changed, 1 added; 1 setting changed."""
        rules = _counted((rule.state for group in self.groups for rule in group.rules), "rule")
        groups = _counted((group.state for group in self.groups), "group")
        settings = [f"{_many(len(self.settings), 'setting')} changed"] if self.settings else []
        return "; ".join([*rules, *groups, *settings]) or "No difference"


def difference(before: Rulebook, after: Rulebook, *, words: ValueWords) -> Difference:
    """What becomes different on the way from one rulebook to another. A few queries for each."""
    old, new = keyed(document_of(before)), keyed(document_of(after))
    settings = [
        _change(label, path, _at(old, path), _at(new, path), words)
        for path, label in LABELS.items()
        if _at(old, path) != _at(new, path)
    ]
    groups = list(_groups(old, new, words))
    return Difference(before, after, settings, sorted(groups, key=lambda one: one.dimension != Dimension.FIT))


def _at(doc: Keyed, path: str) -> Any:
    part, _, field = path.partition(".")
    return doc[part].get(field) if field else doc[part]


def _groups(old: Keyed, new: Keyed, words: ValueWords) -> Iterator[GroupDifference]:
    steady = _in_order(list(old["groups"]), list(new["groups"]))
    stayed = {
        key for key, rule in old["rules"].items() if new["rules"].get(key, {}).get("group") == rule["group"]
    }
    steady_rules = _in_order(*([key for key in _by_group(doc) if key in stayed] for doc in (old, new)))
    for key in [*new["groups"], *(key for key in old["groups"] if key not in new["groups"])]:
        was, now = old["groups"].get(key), new["groups"].get(key)
        rules = [
            _rule(rule, old, new, steady=rule in steady_rules, words=words)
            for rule in _rules_to_show(key, old, new)
        ]
        changes = _changes(f"groups.{key}", was or now, now or was, words)
        yield GroupDifference(
            key=key,
            name=(now or was)["name"],
            dimension=(now or was)["dimension"],
            state=_state(was, now, bool(changes), moved=key not in steady),
            rules=rules,
            changes=changes,
        )


def _rules_to_show(group: str, old: Keyed, new: Keyed) -> list[str]:
    """Rules that are in the group now, then those that were and are nowhere any more."""
    here = [key for key, rule in new["rules"].items() if rule["group"] == group]
    gone = [key for key, rule in old["rules"].items() if rule["group"] == group and key not in new["rules"]]
    return [*here, *gone]


def _rule(key: str, old: Keyed, new: Keyed, *, steady: bool, words: ValueWords) -> RuleDifference:
    was, now = old["rules"].get(key), new["rules"].get(key)
    changes = _changes(f"rules.{key}", was or now, now or was, words)
    moved = ""
    if was and now and was["group"] != now["group"]:
        moved = f"from the group {old['groups'][was['group']]['name']}"
    elif was and now and not steady:
        moved = "to another place in its group"
    return RuleDifference(
        key=key,
        name=(now or was)["name"],
        state=_state(was, now, bool(changes), moved=bool(moved)),
        points=(now or was)["points"],
        changes=changes,
        moved=moved,
    )


def _state(was: Any, now: Any, changed: bool, *, moved: bool) -> State:
    if was is None or now is None:
        return State.ADDED if was is None else State.REMOVED
    if changed:
        return State.CHANGED
    return State.MOVED if moved else State.SAME


def _changes(path: str, was: dict[str, Any], now: dict[str, Any], words: ValueWords) -> list[Change]:
    fields = [field for field in FIELD_LABELS if field in was or field in now]
    return [
        _change(FIELD_LABELS[field], f"{path}.{field}", was.get(field), now.get(field), words)
        for field in fields
        if was.get(field) != now.get(field)
    ]


def _change(label: str, path: str, old: Any, new: Any, words: ValueWords) -> Change:
    numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in (old, new))
    return Change(label, words.value(path, old), words.value(path, new), new - old if numbers else None)


def _by_group(doc: Keyed) -> list[str]:
    order = list(doc["groups"])
    return sorted(doc["rules"], key=lambda key: order.index(doc["rules"][key]["group"]))


def _in_order(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Those that stand in the same order on both sides: the others were moved around them."""
    there = set(old) & set(new)
    a, b = [key for key in old if key in there], [key for key in new if key in there]
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return {key for block in blocks for key in a[block.a : block.a + block.size]}


def _counted(states: Iterable[State], noun: str) -> list[str]:
    counts = dict.fromkeys(State, 0)
    for state in states:
        counts[state] += 1
    told = [(count, state) for state, count in counts.items() if count and state != State.SAME]
    if not told:
        return []
    # The noun once is enough: “2 rules added, 1 changed”.
    first = f"{_many(told[0][0], noun)} {told[0][1]}"
    return [", ".join([first, *(f"{count} {state}" for count, state in told[1:])])]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
