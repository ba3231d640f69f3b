"""The compiler and the explainer agree to the last point, on whatever rulebook and leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from leads.models import LeadScore
from leads.querysets import start_of
from scoring.engine import levels
from scoring.engine.compiler import CompiledRulebook, LeadRange
from scoring.engine.explainer import Explanation, explain
from scoring.engine.loading import load_leads
from scoring.engine.result import ScoreResult
from scoring.models import Rulebook, ScoreChange, ScoringRun
from scoring.rulebook.form import EngagementRule, Form, SilenceRule
from tests.scoring.engine.worlds import DAY, LEADS, World, build_world, rulebooks

pytestmark = pytest.mark.django_db

WORLDS = given(
    rulebook=rulebooks(),
    leads=st.lists(LEADS, min_size=1, max_size=4),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin"]),
)
COMPARED = [name for name in ScoreResult.__dataclass_fields__ if name != "holds_line"]


@contextmanager
def world_of(rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str) -> Iterator[World]:
    """The world, gone again afterwards: hypothesis tries many within one test."""
    with override_settings(TIME_ZONE=zone), transaction.atomic():
        yield build_world(rulebook, leads)
        transaction.set_rollback(True)


def stored_scores(form: Form, lead_ids: list[int], day: date) -> dict[int, LeadScore]:
    """What a rescore on that day leaves in the database."""
    number = (Rulebook.objects.count() or 0) + 1
    book = Rulebook.objects.create(
        name="r", mql_threshold=0, fit_a=1, fit_b=0, engagement_1=1, engagement_2=0
    )
    run = ScoringRun.objects.create(kind="manual", day=day, rulebook=book)
    everyone = LeadRange(min(lead_ids), max(lead_ids))
    CompiledRulebook(form, day).score(everyone, version=number, run=run.pk, today=day)
    return LeadScore.objects.in_bulk(lead_ids)


def explanations(form: Form, lead_ids: list[int], day: date) -> dict[int, Explanation]:
    return {lead.pk: explain(form, lead, day) for lead in load_leads(form, lead_ids)}


@WORLDS
def test_stored_scores_are_those_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        scores = stored_scores(world.form, world.lead_ids, DAY)
        expected = explanations(world.form, world.lead_ids, DAY)

        assert scores.keys() == expected.keys()
        for pk, score in scores.items():
            result = expected[pk].score
            assert {name: getattr(score, name) for name in COMPARED} == {
                name: getattr(result, name) for name in COMPARED
            }
            assert (score.below_since is None) == result.holds_line
            change = ScoreChange.objects.get(lead_id=pk)
            assert (change.fit_before, change.fit_after, change.total_after) == (None, score.fit, score.total)


@WORLDS
def test_scores_in_parts_are_those_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    """A rulebook that is too large for one row of the database is worked out in parts."""
    with world_of(rulebook, leads, zone) as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "MOST_COLUMNS", 5)
        scores = stored_scores(world.form, world.lead_ids, DAY)

        for pk, explanation in explanations(world.form, world.lead_ids, DAY).items():
            assert {name: getattr(scores[pk], name) for name in COMPARED} == {
                name: getattr(explanation.score, name) for name in COMPARED
            }


@WORLDS
def test_valid_until_is_never_too_late(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        scores = stored_scores(world.form, world.lead_ids, DAY)
        facts = {lead.pk: lead for lead in load_leads(world.form, world.lead_ids)}

        for pk, score in scores.items():
            today = explain(world.form, facts[pk], DAY).score
            # Every day of the first weeks, then days around which windows and periods end.
            ahead = [*range(1, 70), 89, 90, 91, 364, 365, 366, 367, 5000, 36_499, 36_500, 36_501, 60_000]
            for day in (DAY + timedelta(days=days) for days in ahead):
                if score.valid_until is not None and day >= score.valid_until:
                    break
                assert explain(world.form, facts[pk], day).score == today, day
            assert score.valid_until is None or score.valid_until > DAY


@WORLDS
def test_evidence_is_that_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        evidence = CompiledRulebook(world.form, DAY).evidence(world.lead_ids)

        for pk, explanation in explanations(world.form, world.lead_ids, DAY).items():
            met = {reason.rule.key: reason for reason in explanation.reasons if reason.is_met}
            found = {item.rule.key: item for item in evidence[pk]}
            assert found.keys() == met.keys()
            for key, item in found.items():
                assert (item.points, item.matches) == (met[key].contribution, met[key].matches)
                if isinstance(item.rule, EngagementRule):
                    latest = met[key].latest
                    assert latest is not None
                    assert item.latest == latest.occurred_at
                if isinstance(item.rule, SilenceRule):
                    assert item.silent_since is not None


@WORLDS
def test_explanation_sums_to_its_score(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        for explanation in explanations(world.form, world.lead_ids, DAY).values():
            for reason in explanation.reasons:
                assert reason.raw_points - reason.taken_by_decay - reason.taken_by_cap == reason.contribution
            for part in (explanation.fit, explanation.engagement):
                assert part.raw_points == sum(group.points for group in part.groups)
                for group in part.groups:
                    assert group.raw_points == sum(reason.contribution for reason in group.rules)
            assert explanation.score.total == explanation.fit.points + explanation.engagement.points


@WORLDS
def test_second_rescore_of_a_day_writes_nothing(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        book = Rulebook.objects.create(
            name="r", mql_threshold=0, fit_a=1, fit_b=0, engagement_1=1, engagement_2=0
        )
        run = ScoringRun.objects.create(kind="manual", day=DAY, rulebook=book)
        compiled, everyone = CompiledRulebook(world.form, DAY), LeadRange(1, 10**12)

        first = compiled.score(everyone, version=1, run=run.pk, today=DAY)
        second = compiled.score(everyone, version=1, run=run.pk, today=DAY)

        assert (first, second) == (len(world.lead_ids), 0)


@WORLDS
def test_standing_as_of_a_day_is_that_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        for day in (DAY - timedelta(days=days) for days in (0, 1, 29, 45)):
            known_by = start_of(day + timedelta(days=1))
            compiled = CompiledRulebook(world.form, day, known_by=known_by)
            found = {row.lead: row for row in compiled.standings(LeadRange(1, 10**12))}

            for facts in load_leads(world.form, world.lead_ids, known_by=known_by):
                score, row = explain(world.form, facts, day).score, found.pop(facts.pk)
                assert (row.fit, row.engagement, row.qualified, row.fast_tracked, row.holds_line) == (
                    score.fit,
                    score.engagement,
                    score.qualified,
                    score.fast_tracked,
                    score.holds_line,
                )
            assert not found


@WORLDS
def test_engagement_since_an_instant_is_that_of_the_explainer(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str
) -> None:
    with world_of(rulebook, leads, zone) as world:
        known_by = start_of(DAY)
        # As of yesterday, each lead since a day of its own.
        since = {pk: start_of(DAY - timedelta(days=10 * n)) for n, pk in enumerate(world.lead_ids, start=1)}
        compiled = CompiledRulebook(world.form, DAY - timedelta(days=1), known_by=known_by)

        found = compiled.reentry(world.lead_ids, since=since)

        rules = tuple(rule for rule in world.form.rules if isinstance(rule, EngagementRule))
        form = replace(world.form, rules=rules)
        for facts in load_leads(form, world.lead_ids, known_by=known_by):
            new = [item for item in facts.activities if item.occurred_at > since[facts.pk]]
            expected = explain(form, replace(facts, activities=new), DAY - timedelta(days=1))
            assert found[facts.pk].engagement == expected.score.engagement
            assert found[facts.pk].is_fast_track == any(
                reason.is_met and reason.rule.fast_track for reason in expected.reasons
            )
