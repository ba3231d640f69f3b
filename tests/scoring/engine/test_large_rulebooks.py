"""The largest rulebook that may be saved is scored, and scored right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import ActivityType, LeadScore
from scoring.engine.compiler import CompiledRulebook
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.models import ScoringRun
from scoring.rulebook.rows import form_of
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, AssetFactory, LeadFactory
from tests.scoring.conftest import NOW, Publish, activity

RULES = 300


def demanding(number: int, code: str) -> dict[str, Any]:
    """A rule that asks for as many columns as a rule can, and shares none with another."""
    return activity(
        code,
        1 + number % 7,
        window_days=20 + number,
        min_count=2,
        min_days=2,
        min_assets=1,
        max_per_day=3,
        decay={"kind": "linear", "percent": 5, "days": 3 + number % 50},
    )


@pytest.mark.slow
def test_three_hundred_rules_with_every_minimum_are_scored_right(publish_rules: Publish) -> None:
    codes = list(ActivityType.objects.order_by("pk").values_list("code", flat=True)[:3])
    kinds = dict(zip(codes, ActivityType.objects.in_bulk(codes, field_name="code").values(), strict=True))
    leads = [LeadFactory(), LeadFactory()]
    asset = AssetFactory()
    for age in (0, 1, 1, 5, 40, 200):
        for code in codes:
            at = NOW - timedelta(days=age)
            ActivityFactory(lead=leads[0], type=kinds[code], asset=asset, occurred_at=at)
    book = publish_rules(*(demanding(number, codes[number % 3]) for number in range(RULES)))

    run = work_on(request_run(kind=ScoringRun.Kind.PUBLISH, at=NOW).pk, clock=lambda: NOW)

    form, day = form_of(book), NOW.date()
    expected = {lead.pk: explain(form, lead, day).score for lead in load_leads(form, [x.pk for x in leads])}
    stored = {score.pk: (score.total, score.valid_until) for score in LeadScore.objects.all()}
    assert (run.state, run.error, len(form.enabled_rules)) == ("done", "", RULES)
    assert stored[leads[0].pk][0] > 100
    assert {pk: total for pk, (total, _) in stored.items()} == {pk: x.total for pk, x in expected.items()}
    assert CompiledRulebook(form, day).reentry([leads[0].pk]).keys() == {leads[0].pk}
