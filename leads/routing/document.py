"""The rules as they are kept: JSON in, checked rules out, and back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from leads.conditions import Condition, ConditionError, FieldRegistry, parse_condition
from leads.models import RoutingRules
from leads.routing.form import WAYS, Match, Rule, Target, Way

MAX_RULES = 100
MAX_CONDITIONS = 20
MAX_NAME = 100


def read_rules(document: dict[str, Any], registry: FieldRegistry) -> list[Rule]:
    """The rules in order. What has become impossible since (a fact no longer declared) is a problem of its rule."""
    return [read_rule(written, registry) for written in document["rules"]]


def read_rule(written: dict[str, Any], registry: FieldRegistry) -> Rule:
    conditions: list[Condition] = []
    problems: list[str] = []
    for one in written["conditions"]:
        try:
            conditions.append(
                parse_condition(
                    registry,
                    field=one.get("field"),
                    operator=one.get("operator"),
                    values=one.get("values", ()),
                )
            )
        except ConditionError as error:
            problems.append(error.message)
    target = written["target"]
    return Rule(
        key=written["key"],
        name=written["name"],
        enabled=written["enabled"],
        match=Match(written["match"]),
        conditions=tuple(conditions),
        target=Target(Way(target["way"]), target.get("team"), target.get("user")),
        written=tuple(written["conditions"]),
        problems=tuple(problems),
    )


def mistakes_of(rule: Rule, *, teams: Collection[int], users: Collection[int]) -> list[str]:
    """Why the rule cannot be put in force: `teams` and `users` are those who may be given leads."""
    found = list(rule.problems)
    if not rule.name.strip():
        found.append("The rule has no name; give it one, for people will read why a lead went where it is.")
    if len(rule.name) > MAX_NAME:
        found.append(f"The name has {len(rule.name)} characters; at most {MAX_NAME} are allowed.")
    if len(rule.written) > MAX_CONDITIONS:
        found.append(f"A rule has at most {MAX_CONDITIONS} conditions, not {len(rule.written)}.")
    target = rule.target
    if target.way not in WAYS:
        found.append(f"“{target.way}” is no way for a rule; choose one from the list.")
    elif target.way == Way.USER and target.user not in users:
        found.append("Choose somebody of sales who works here to send these leads to.")
    elif target.way != Way.USER and target.team not in teams:
        found.append("Choose a team that is at work to send these leads to.")
    return found


def in_force() -> RoutingRules | None:
    """The list that is in force; None while there never was one."""
    return RoutingRules.objects.filter(state=RoutingRules.State.IN_FORCE).first()
