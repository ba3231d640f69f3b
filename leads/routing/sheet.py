"""The form of one rule: as it stands in the draft, or as it was typed, complete or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from leads.conditions import ConditionError, Field, FieldRegistry, parse_condition
from leads.conditions.builder import Line, LineEditor, grouped, is_pending, stored, typed_lines
from leads.conditions.parsing import is_storable
from leads.models import Team, User
from leads.routing.document import MAX_CONDITIONS, read_rule
from leads.routing.form import WAYS, Match, Rule, Way

_TARGET = re.compile(r"(rotation|least_open|queue|user):(\d{1,9})", re.ASCII)
_HEADINGS = {
    Way.ROTATION: "A team, by turns",
    Way.LEAST_OPEN: "A team, whoever has least open work",
    Way.QUEUE: "A team's shared queue",
    Way.USER: "A person",
}
_ENDINGS = {
    Way.ROTATION: ", by turns",
    Way.LEAST_OPEN: ", least open work",
    Way.QUEUE: ", shared queue",
    Way.USER: "",
}


@dataclass(frozen=True)
class RuleSheet:
    """What the form shows. `seen` is the revision of the draft that it was opened with."""

    key: str
    name: str
    match: str
    target: str
    is_enabled: bool
    lines: Sequence[Line]
    registry: FieldRegistry
    seen: int
    sentences: tuple[str, ...] = ()
    checked: bool = False
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def editors(self) -> list[LineEditor]:
        return [
            LineEditor(line, self.registry.get(line.field), self._wrong(line) if self.checked else ())
            for line in self.lines
        ]

    @property
    def fields(self) -> dict[str, list[Field]]:
        return grouped(self.registry, own="The lead")

    @property
    def may_add(self) -> bool:
        return len(self.lines) < MAX_CONDITIONS

    @property
    def is_pending(self) -> bool:
        return any(is_pending(line) for line in self.lines)

    @property
    def is_complete(self) -> bool:
        return not self.is_pending and not any(self._wrong(line) for line in self.lines)

    def _wrong(self, line: Line) -> tuple[str, ...]:
        if is_pending(line) and line.field in self.registry:
            return ("This condition lacks its value.",)
        try:
            parse_condition(self.registry, field=line.field, operator=line.operator, values=line.values)
        except ConditionError as error:
            return (error.message,)
        return ()

    def rule(self) -> Rule:
        """As it would be saved."""
        found = _TARGET.fullmatch(self.target)
        way, pk = (found[1], int(found[2])) if found else (Way.QUEUE.value, None)
        written: dict[str, Any] = {
            "key": self.key,
            "name": self.name,
            "enabled": self.is_enabled,
            "match": self.match,
            "conditions": [line.json for line in self.lines],
            "target": {"way": way, "user" if way == Way.USER else "team": pk},
        }
        return read_rule(written, self.registry)


def sheet_of(rule: Rule | None, registry: FieldRegistry, *, seen: int) -> RuleSheet:
    """As stored; a new one is about every lead, and goes nowhere yet."""
    if rule is None:
        return _with_choices(RuleSheet("", "", Match.ALL.value, "", True, [], registry, seen))
    target = rule.target
    recipient = target.user if target.way == Way.USER else target.team
    return _with_choices(
        RuleSheet(
            key=rule.key,
            name=rule.name,
            match=rule.match.value,
            target=f"{target.way.value}:{recipient}",
            is_enabled=rule.enabled,
            lines=stored(rule.written),
            registry=registry,
            seen=seen,
        )
    )


def typed_sheet(data: QueryDict, registry: FieldRegistry, *, seen: int) -> RuleSheet:
    """As posted, with what its buttons did to the conditions."""
    name = " ".join(data.get("name", "").split())
    return _with_choices(
        RuleSheet(
            key=data.get("key", "")[:50],
            name=name if is_storable(name) else "",
            match=Match.ANY.value if data.get("match") == Match.ANY.value else Match.ALL.value,
            target=data.get("target", "")[:40],
            is_enabled=data.get("enabled") == "on",
            lines=typed_lines(data, registry)[: MAX_CONDITIONS + 1],
            registry=registry,
            seen=seen,
        )
    )


def refused(sheet: RuleSheet, *sentences: str) -> RuleSheet:
    return replace(sheet, sentences=sentences, checked=True)


def _with_choices(sheet: RuleSheet) -> RuleSheet:
    """Where a rule may send leads. Two queries."""
    teams = {team.pk: str(team) for team in Team.objects.filter(is_active=True)}
    people = User.objects.in_sales().filter(is_active=True).select_related("team")
    users = {user.pk: f"{user}, {user.team}" if user.team else str(user) for user in people}
    choices = {
        _HEADINGS[way]: {
            f"{way.value}:{pk}": f"{name}{_ENDINGS[way]}"
            for pk, name in (users if way == Way.USER else teams).items()
        }
        for way in WAYS
    }
    return replace(sheet, choices=choices)
