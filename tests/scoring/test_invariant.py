"""The invariant of docs/scoring.md: whatever happens, stored scores are those of a full rescore.

hypothesis draws histories of imports, late activities, edits, publications and days that pass, with
incremental nights and live rescoring in between, over time zones and changes of the clock.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from leads.folding import fold
from leads.models import Activity, ActivityType, Asset, Campaign, ChangeLogEntry, Company, Lead, LeadScore
from leads.models.fields import day_of
from scoring import live, rescoring
from scoring.engine.compiler import CompiledRulebook
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.engine.writing import COMPUTED
from scoring.models import Rulebook, ScoringRun
from scoring.ranges import all_ranges
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import form_of, published_form, save_draft
from scoring.rulebook.versions import publish, published
from scoring.runs import request_run, work_on
from scoring.verification import verify
from tests.scoring.conftest import activity, document, german
from tests.scoring.engine.worlds import ASSETS, TEXTS, TYPES, rulebooks, vocabulary

pytestmark = pytest.mark.django_db

# Far east, far west, and in between; clocks change in Berlin on 2024-03-31, in Los Angeles on 2024-03-10 and
# 2024-11-03, in Lord Howe by half an hour on 2024-04-07.
ZONES = ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe"]
STARTS = [
    datetime(2024, 3, 9, 22, tzinfo=UTC),
    datetime(2024, 3, 30, 22, 30, tzinfo=UTC),
    datetime(2024, 4, 6, 13, tzinfo=UTC),
    datetime(2024, 11, 3, 7, 30, tzinfo=UTC),
]
HOURS = st.sampled_from([1, 5, 11, 23, 24, 25, 48, 24 * 7, 24 * 30, 24 * 31, 24 * 366])
AGES = st.sampled_from([0, 0, 0, 1, 2, 23, 24, 25, 24 * 6, 24 * 7, 24 * 30, 24 * 365, -1, -24, -50])
INDEX = st.integers(0, 5)
# A rulebook on which time works in every way; drawn ones often leave most of it out.
EVENTFUL = document(
    activity("page_view", 20, window_days=3),
    activity("page_view", 15, decay={"kind": "linear", "percent": 25, "days": 2}, max_per_day=1),
    activity("email_click", 30, count="once", decay={"kind": "compound", "percent": 50, "days": 1}),
    activity("email_click", 7, window_days=5, min_count=2, min_days=2),
    activity("demo_request", 30, count="once", fast_track=True, window_days=4),
    activity("unsubscribe", -9, disqualifies=True, window_days=6),
    {**activity("page_view", -10), "kind": "silence", "every_days": 3, "repeats": True, "max_points": 30},
    german(5),
)
RULEBOOKS = st.one_of(st.just(EVENTFUL), rulebooks())
RESULT = [name for name in COMPUTED if name != "valid_until"]


class History(RuleBasedStateMachine):
    """One installation from its first rulebook on."""

    def __init__(self) -> None:
        super().__init__()
        self.undo: list[Any] = []
        self.is_settled = False  # whether scores are claimed to be right now

    # The world ------------------------------------------------------------------------------------

    @initialize(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS), rulebook=RULEBOOKS)
    def begin(self, zone: str, start: datetime, rulebook: dict[str, Any]) -> None:
        for context in (transaction.atomic(), override_settings(TIME_ZONE=zone)):
            context.__enter__()
            self.undo.append(context)
        self.now = start
        self.publish(rulebook)
        for _ in range(2):
            self.import_lead(age=0, title="vp", country="DE", company="x")

    def teardown(self) -> None:
        for context in reversed(self.undo):
            if isinstance(context, transaction.Atomic):
                transaction.set_rollback(True)
            context.__exit__(None, None, None)
        published_form.cache_clear()  # the next history gives the same numbers to other rulebooks

    def lead(self, index: int) -> Lead | None:
        leads = list(Lead.objects.order_by("pk"))
        return leads[index % len(leads)] if leads else None

    # What happens ---------------------------------------------------------------------------------

    @rule(rulebook=RULEBOOKS)
    def publish(self, rulebook: dict[str, Any]) -> None:
        form = read_form(rulebook, vocabulary())
        publish(book=save_draft(form=form, by=None), note="Test", at=self.now, origin="test")
        self.is_settled = False

    @rule(
        age=AGES,
        title=st.sampled_from(["", *TEXTS]),
        country=st.sampled_from(["", "DE", "US"]),
        company=st.sampled_from([None, "x", "VP Sales"]),
    )
    def import_lead(self, age: int, title: str, country: str, company: str | None) -> None:
        Lead.objects.create(
            external_id=str(uuid.uuid4()),
            created_at=self.now - timedelta(hours=age),
            job_title=title,
            country=country,
            company=company and Company.objects.create(name=company, domain=str(uuid.uuid4())),
        )
        self.is_settled = False

    @rule(
        index=INDEX,
        ages=st.lists(AGES, min_size=1, max_size=4),
        type_=st.sampled_from(TYPES),
        asset=st.sampled_from([None, *ASSETS]),
        campaign=st.sampled_from([None, "vp", "x"]),
    )
    def activities_arrive(
        self, index: int, ages: list[int], type_: str, asset: str | None, campaign: str | None
    ) -> None:
        lead = self.lead(index)
        if lead is None:
            return
        instants = [self.now - timedelta(hours=age) for age in ages]
        named = asset and (Asset.objects.filter(name=asset).first() or Asset.objects.create(name=asset))
        run_by = campaign and (
            Campaign.objects.filter(name_folded=fold(campaign)).first()
            or Campaign.objects.create(name=campaign)
        )
        Activity.objects.bulk_create(
            Activity(
                lead=lead,
                type=ActivityType.objects.get(code=type_),
                occurred_at=at,
                day=day_of(at),
                asset=named,
                campaign=run_by,
                key=uuid.uuid4(),
                known_at=at,
                properties_typed={"minutes": 100_000},
            )
            for at in instants
        )
        self.is_settled = False

    @rule(
        index=INDEX,
        facts=st.fixed_dictionaries(
            {},
            optional={
                "job_title": st.sampled_from(["", *TEXTS]),
                "seniority": st.sampled_from(["", "vp", "head"]),
                "employees": st.sampled_from([None, 0, 50, 51]),
                "email_opt_out": st.sampled_from([None, True, False]),
                "attributes_typed": st.sampled_from([{}, {"plan": "vp"}, {"trial": True}]),
            },
        ),
    )
    def facts_are_edited(self, index: int, facts: dict[str, Any]) -> None:
        lead = self.lead(index)
        if lead is not None:
            for name, value in facts.items():
                setattr(lead, name, value)
            lead.save()
            self.is_settled = False

    @rule(name=st.sampled_from(TEXTS), employees=st.sampled_from([None, 0, 50, 51]))
    def company_is_edited(self, name: str, employees: int | None) -> None:
        company = Company.objects.order_by("pk").first()
        if company is not None:
            company.name, company.employees = name, employees
            company.save()
            self.is_settled = False

    @rule(name=st.sampled_from(["vp sales", "50%_x", "other"]))
    def campaign_is_renamed(self, name: str) -> None:
        campaign = Campaign.objects.order_by("pk").first()
        if campaign is not None and not Campaign.objects.filter(name_folded=fold(name)).exists():
            campaign.name = name
            campaign.save()
            self.is_settled = False

    @rule(index=INDEX, other=INDEX)
    def activity_is_moved_or_deleted(self, index: int, other: int) -> None:
        activity, lead = Activity.objects.order_by("pk").last(), self.lead(other)
        if activity is None or lead is None:
            return
        if index % 2:
            activity.delete()
        else:
            Activity.objects.filter(pk=activity.pk).update(lead=lead)
        self.is_settled = False

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        before = day_of(self.now)
        self.now += timedelta(hours=hours)
        self.is_settled = self.is_settled and day_of(self.now) == before

    # Who scores -----------------------------------------------------------------------------------

    @rule(share=st.sampled_from([0, 0.25, 1]))
    def night(self, share: float) -> None:
        """An incremental run; `share` makes it take the one plan or the other."""
        patch = pytest.MonkeyPatch()
        patch.setattr(rescoring, "_SMALL", 0)
        patch.setattr(rescoring, "FULL_PASS_SHARE", share)
        try:
            run = work_on(request_run(kind=ScoringRun.Kind.MANUAL, at=self.now).pk, clock=lambda: self.now)
        finally:
            patch.undo()
        assert run.state == ScoringRun.State.DONE, run.error
        assert not ChangeLogEntry.objects.exists()
        self.is_settled = True

    @rule(days=st.integers(2, 7))
    def nights_pass(self, days: int) -> None:
        for _ in range(days):
            self.time_passes(24)
            self.night(1)
            self.what_is_not_due_is_right()

    @rule()
    def live_rescoring(self) -> None:
        live.drain(clock=lambda: self.now)
        assert not ChangeLogEntry.objects.exists()

    @rule(days=st.sampled_from([-40, -1, 1, 40]))
    def operator_looks_at_another_day(self, days: int) -> None:
        day = day_of(self.now) + timedelta(days=days)
        run = request_run(kind=ScoringRun.Kind.MANUAL, at=self.now, day=day)
        work_on(run.pk, clock=lambda: self.now)
        self.is_settled = False

    # What holds -----------------------------------------------------------------------------------

    @invariant()
    def what_is_not_due_is_right(self) -> None:
        if not self.undo:
            return
        found = verify(day=day_of(self.now))
        assert [str(mismatch) for mismatch in found.mismatches] == []
        if self.is_settled:
            assert found.due == 0
            self.agrees_with_the_explainer_and_with_a_full_rescore()

    def agrees_with_the_explainer_and_with_a_full_rescore(self) -> None:
        book, today = published(), day_of(self.now)
        form = form_of(book)
        stored = LeadScore.objects.in_bulk()
        for lead in load_leads(form, stored):
            expected = explain(form, lead, today).score
            score = stored[lead.pk]
            assert {name: getattr(score, name) for name in RESULT} == {
                name: getattr(expected, name) for name in RESULT
            }
            assert score.rulebook_version == book.number
        with transaction.atomic():
            changed = rewritten(book, today)
            transaction.set_rollback(True)
        assert changed == 0


def rewritten(book: Rulebook, today: date) -> int:
    """How many scores a full rescore writes anew."""
    run = ScoringRun.objects.create(kind="manual", day=today, rulebook=book)
    job = rescoring.Job(run, CompiledRulebook(form_of(book), today))
    number = job.version
    return sum(job.compiled.score(leads, version=number, run=run.pk, today=today) for leads in all_ranges())


def test_any_history_leaves_the_scores_of_a_full_rescore() -> None:
    run_state_machine_as_test(History, settings=settings(max_examples=12, stateful_step_count=15))


@pytest.mark.slow
def test_many_long_histories_leave_the_scores_of_a_full_rescore() -> None:
    examples = int(os.environ.get("HYPOTHESIS_EXAMPLES", "8"))
    run_state_machine_as_test(History, settings=settings(max_examples=examples, stateful_step_count=40))
