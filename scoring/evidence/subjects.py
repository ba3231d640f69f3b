"""What evidence is asked about: the rules and groups of a version, and where to find them in earlier ones.

A rule is the same rule in another version while it has the same key and asks the same: its points, cap, name, group
and flags may differ. Offers made by a version without it say nothing about it, neither with nor without. A group is
the same group while it has the same key, whatever its rules were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, Value, When
from django.db.models.lookups import GreaterThan

from scoring.evidence.index import rules_in_order
from scoring.models import Rulebook
from scoring.models.evidence import BITS_A_WORD, WORDS
from scoring.rulebook.rows import document_of

# What of a rule may differ without making it another rule.
_INCIDENTAL = {"name", "group", "points", "max_points", "enabled", "fast_track", "disqualifies"}


@dataclass(frozen=True)
class Subject:
    """A rule or a group: `bits` are those that stand for it, by number of the version; others do not know it."""

    key: str
    bits: Mapping[int, int]

    @property
    def is_known(self) -> Q:
        """Handoffs whose version knew it. A condition on HandoffRules."""
        return Q(rulebook_version__in=list(self.bits))

    @property
    def gave(self) -> Q:
        """Handoffs to which it gave points. A condition on HandoffRules."""
        found = Q(pk__in=[])
        for word in range(WORDS):
            by_version = {version: _word(bits, word) for version, bits in self.bits.items()}
            if any(by_version.values()):
                masked = F(f"bits_{word}").bitand(_mask(by_version))
                found |= Q(GreaterThan(masked, Value(0)))
        return found


@dataclass(frozen=True)
class Subjects:
    rules: Mapping[str, Subject]
    groups: Mapping[str, Subject]


def subjects_of(book: Rulebook, versions: Iterable[int]) -> Subjects:
    """The rules and groups of `book`, sought in the versions with these numbers. A few queries a version."""
    wanted = document_of(book)
    questions = questions_of(wanted)
    rules: dict[str, dict[int, int]] = {key: {} for key in questions}
    groups: dict[str, dict[int, int]] = {group["key"]: {} for group in wanted["groups"]}
    for other in Rulebook.objects.filter(number__in=list(versions)).order_by("number"):
        assert other.number is not None  # chosen by it
        places = {key: 1 << place for place, key in enumerate(rules_in_order(other))}
        for rule in filter(_is_enabled, document_of(other)["rules"]):
            key, group, bit = rule["key"], rule["group"], places[rule["key"]]
            if questions.get(key) == _question(rule):
                rules[key][other.number] = bit
            if group in groups:
                groups[group][other.number] = groups[group].get(other.number, 0) | bit
    return Subjects(
        {key: Subject(key, bits) for key, bits in rules.items()},
        {key: Subject(key, bits) for key, bits in groups.items()},
    )


def questions_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What each rule that is switched on asks, by its key."""
    return {rule["key"]: _question(rule) for rule in document["rules"] if _is_enabled(rule)}


def _question(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key not in _INCIDENTAL}


def _is_enabled(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("enabled", True))


def _word(bits: int, word: int) -> int:
    return bits >> (word * BITS_A_WORD) & ((1 << BITS_A_WORD) - 1)


def _mask(by_version: Mapping[int, int]) -> Any:
    """The bits to look at, which differ where versions have their rules in another order."""
    if len(set(by_version.values())) == 1:
        return reduce(or_, by_version.values())
    whens = [When(rulebook_version=version, then=Value(mask)) for version, mask in by_version.items() if mask]
    return Case(*whens, default=Value(0), output_field=BigIntegerField())
