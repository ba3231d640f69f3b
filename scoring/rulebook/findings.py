"""What the lint has to say about a rulebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.rulebook.form import AnyRule


class FindingKind(StrEnum):
    """What is odd; the value is what `rulebook lint --json` writes."""

    OUT_OF_REACH = "out_of_reach"
    REACHED_BY_ALL = "reached_by_all"
    CONTRADICTION = "contradiction"
    NEVER_MET = "never_met"
    ALWAYS_MET = "always_met"
    NO_EFFECT = "no_effect"
    TWICE = "twice"
    OVERLAP = "overlap"
    NOBODY = "nobody"
    NEARLY_ALL = "nearly_all"
    RULE_CAP = "rule_cap"
    GROUP_CAP = "group_cap"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_unmeetable(self) -> bool:
        """Whether the rules concerned can never be met."""
        return self in (FindingKind.CONTRADICTION, FindingKind.NEVER_MET)

    @property
    def is_grave(self) -> bool:
        """Whether something cannot work as it stands; the rest may be meant."""
        return self.is_unmeetable or self in (FindingKind.OUT_OF_REACH, FindingKind.NO_EFFECT)

    @property
    def is_unmet(self) -> bool:
        return self == FindingKind.NOBODY


_LABELS = {
    FindingKind.OUT_OF_REACH: "Out of reach",
    FindingKind.REACHED_BY_ALL: "Reached by all",
    FindingKind.CONTRADICTION: "Contradiction",
    FindingKind.NEVER_MET: "Never met",
    FindingKind.ALWAYS_MET: "Always met",
    FindingKind.NO_EFFECT: "No effect",
    FindingKind.TWICE: "Counted twice",
    FindingKind.OVERLAP: "Overlap",
    FindingKind.NOBODY: "Matches nobody",
    FindingKind.NEARLY_ALL: "Matches nearly all",
    FindingKind.RULE_CAP: "Cut by its cap",
    FindingKind.GROUP_CAP: "Cut by its group",
}


@dataclass(frozen=True)
class Finding:
    """One thing to look at: the keys of the rules concerned (none: the rulebook as a whole), and a

    sentence that says what is wrong and what to do.
    """

    kind: FindingKind
    rules: tuple[str, ...]
    sentence: str


def about(kind: FindingKind, rules: Sequence[AnyRule], sentence: str) -> Finding:
    return Finding(kind, tuple(rule.key for rule in rules), sentence)


def quoted(name: str) -> str:
    return f"“{name}”"
