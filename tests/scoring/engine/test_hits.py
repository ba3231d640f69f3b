"""What rules do to leads, added up by the database: the explainer is the oracle."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.models.fields import day_of
from scoring.engine.explainer import GroupReason, RuleReason, explain
from scoring.engine.hits import rule_hits
from scoring.engine.levels import LeadRange, LeadSet
from scoring.engine.loading import load_leads
from scoring.rulebook.document import read_form
from scoring.rulebook.form import EngagementRule, Form
from scoring.rulebook.rows import vocabulary
from tests.scoring.conftest import activity, document, german
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.worlds import DAY, LEADS, rulebooks

pytestmark = pytest.mark.django_db
SINCE = DAY - timedelta(days=89)


def taken_by_group(group: GroupReason, reason: RuleReason) -> Fraction:
    """The rule's share of what its group's cap takes (of a penalty: its floor)."""
    pushes = [other.contribution for other in group.rules if other.contribution * reason.rule.points > 0]
    push = abs(sum(pushes))
    taken = group.raw_points - group.points if reason.rule.points > 0 else group.points - group.raw_points
    if taken <= 0 or not push:
        return Fraction(0)
    return Fraction(abs(reason.contribution) * min(taken, push), push)


def expected(form: Form, lead_ids: list[int]) -> dict[str, list[Any]]:
    sums: dict[str, list[Any]] = {rule.key: [0, 0, 0, 0, Fraction(0)] for rule in form.enabled_rules}
    for lead in load_leads(form, lead_ids):
        explanation = explain(form, lead, DAY)
        for part in (explanation.fit, explanation.engagement):
            for group in part.groups:
                for reason in group.rules:
                    of_rule = sums[reason.rule.key]
                    is_new = not isinstance(reason.rule, EngagementRule) or (
                        reason.latest is not None and day_of(reason.latest.occurred_at) >= SINCE
                    )
                    of_rule[0] += reason.is_met
                    of_rule[1] += reason.is_met and is_new
                    of_rule[2] += abs(reason.contribution + reason.taken_by_cap)
                    of_rule[3] += abs(reason.contribution)
                    of_rule[4] += taken_by_group(group, reason)
    return sums


@given(
    rulebook=rulebooks(),
    leads=st.lists(LEADS, min_size=1, max_size=4),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]),
)
def test_sums_are_those_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        hits = rule_hits(world.form, day=DAY, since=SINCE, target=LeadSet(world.lead_ids))

        assert hits.leads == len(leads)
        assert hits.rules.keys() == {rule.key for rule in world.form.enabled_rules}
        for key, (met, recent, raw, given_, taken) in expected(world.form, world.lead_ids).items():
            found = hits.rules[key]
            assert (found.met, found.recent, found.raw, found.given) == (met, recent, raw, given_), key
            assert found.taken_by_group == pytest.approx(float(taken), rel=1e-9)


def test_hits_of_parts_of_the_leads_add_up_to_those_of_all() -> None:
    facts = {"created_age": 0, "company": None, "campaign": None, "attributes": {}, "activities": []}
    leads = [{**facts, "country": country} for country in ("DE", "DE", "")]
    with world_of(document(german(10, max_points=4)), leads, "UTC") as world:
        first, *_, last = world.lead_ids
        question: dict[str, Any] = {"day": DAY, "since": SINCE}

        whole = rule_hits(world.form, target=LeadRange(first, last), **question)
        parts = [rule_hits(world.form, target=LeadRange(pk, pk), **question) for pk in world.lead_ids]

        assert parts[0] + parts[1] + parts[2] == whole
        assert (whole.leads, whole.rules["r0"].raw, whole.rules["r0"].given) == (3, 20, 8)


def test_300_rules_in_as_many_bounded_groups_can_be_asked() -> None:
    value = document(
        *[activity("page_view", 1 + n % 9, group=f"g{n}", max_points=3, min_days=2) for n in range(300)]
    )
    value["groups"] = [
        {"key": f"g{n}", "name": "G", "dimension": "engagement", "min": -5, "max": 2} for n in range(300)
    ]
    form = read_form(value, vocabulary())

    hits = rule_hits(form, day=DAY, since=SINCE, target=LeadRange(1, 10))

    assert (hits.leads, len(hits.rules)) == (0, 300)


def test_300_rules_in_one_group_can_be_asked() -> None:
    value = document(*[activity("page_view", 1, max_points=3, window_days=n + 1) for n in range(300)])
    value["groups"][1] |= {"min": -5, "max": 2}
    form = read_form(value, vocabulary())

    assert len(rule_hits(form, day=DAY, since=SINCE, target=LeadRange(1, 10)).rules) == 300
