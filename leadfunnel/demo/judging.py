"""Asks the rulebook itself about an invented lead, so that past handoffs hold what would really have been frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from leadfunnel.demo import calendar
from leadfunnel.demo.behaviour import Act
from leadfunnel.demo.properties import typed
from leads.conditions import Field, fact_of
from leads.conditions.testing import Fact
from leads.handoff.evidence import Contribution, Evidence
from leads.models import Activity, Asset, Lead
from leads.models.fields import day_from_number
from scoring.engine.explainer import Explanation, GroupReason, RuleReason, explain
from scoring.engine.history import ActivityFacts, LeadFacts
from scoring.rulebook.form import KIND_OF, EngagementRule, Form


@dataclass(frozen=True)
class Judge:
    """Scores leads that are not in the database yet, by the explainer."""

    form: Form
    rulebook_version: int
    assets: dict[str, Asset]

    def explain(self, lead: Lead, acts: Sequence[Act], *, created: int, day: int) -> Explanation:
        """The score on `day` of a lead that did `acts`."""
        facts = {field.name: fact_of(lead, field) for field in self.form.asked_fields}
        seen = [self._activity(number, act) for number, act in enumerate(acts) if act.day <= day]
        return explain(self.form, LeadFacts(0, created, facts, seen), day_from_number(day))

    def comes_back(self, lead: Lead, acts: Sequence[Act], *, created: int, since: int, day: int) -> bool:
        """Whether what was done after the day `since` alone is enough to offer a returned lead again."""
        new = [act for act in acts if act.day > since]
        return (
            self.explain(lead, new, created=created, day=day).score.engagement >= self.form.mql.reentry_points
        )

    def evidence(self, explanation: Explanation) -> Evidence:
        score = explanation.score
        return Evidence(
            fit=score.fit,
            engagement=score.engagement,
            grade=score.grade,
            fast_tracked=score.fast_tracked,
            rulebook_version=self.rulebook_version,
            known_facts=score.known_facts,
            asked_facts=score.asked_facts,
            contributions=[
                _contribution(reason, group, part.dimension.value)
                for part in (explanation.fit, explanation.engagement)
                for group in part.groups
                for reason in group.rules
                if reason.contribution
            ],
        )

    def _activity(self, number: int, act: Act) -> ActivityFacts:
        asset = self.assets.get(act.asset)
        return ActivityFacts(
            pk=number,
            type=act.type,
            occurred_at=calendar.instant(act.day, act.second),
            day=act.day,
            asset_id=asset.pk if asset else None,
            asset=act.asset,
            facts=self._facts(act),
        )

    def _facts(self, act: Act) -> dict[str, Fact]:
        key = (act.asset, act.properties)
        if key not in self._known_facts:
            activity = Activity(asset=self.assets.get(act.asset), properties_typed=typed(act.properties))
            self._known_facts[key] = {field.name: fact_of(activity, field) for field in self._asked}
        return self._known_facts[key]

    @cached_property
    def _known_facts(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, Fact]]:
        return {}

    @cached_property
    def _asked(self) -> tuple[Field, ...]:
        rules = (rule for rule in self.form.enabled_rules if isinstance(rule, EngagementRule))
        return tuple(dict.fromkeys(condition.field for rule in rules for condition in rule.conditions))


def _contribution(reason: RuleReason, group: GroupReason, dimension: str) -> Contribution:
    rule, latest = reason.rule, reason.latest
    day = latest.day if latest else reason.silent_since
    return Contribution(
        rule=rule.key,
        name=rule.name,
        kind=KIND_OF[type(rule)].value,
        group=group.group.name,
        dimension=dimension,
        points=reason.contribution,
        matches=reason.matches,
        latest=None if day is None else day_from_number(day).isoformat(),
        asset=latest.asset or None if latest else None,
    )
