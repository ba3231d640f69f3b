from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import ChangeLogEntry, Lead, LeadScore
from leads.models.fields import day_of
from scoring.management.commands.rescore import Command
from scoring.models import ScoreChange, ScoringRun
from scoring.runs import request_run, work_on
from scoring.verification import verify
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import Publish, activity, german


def rescore(*arguments: str) -> str:
    out = StringIO()
    call_command(Command(stdout=out), *arguments)
    return out.getvalue()


@pytest.fixture
def scored(publish_rules: Publish) -> list[Lead]:
    """Three leads, all scored today; the first has a page view that counts for seven days."""
    publish_rules(german(5), activity("page_view", 3, window_days=7))
    leads = [LeadFactory(country="DE") for _ in range(3)]
    ActivityFactory(lead=leads[0], occurred_at=timezone.now())
    work_on(request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now()).pk)
    return leads


def test_right_scores_verify_and_nothing_is_written(scored: list[Lead]) -> None:
    before = list(LeadScore.objects.order_by("pk").values()), ScoreChange.objects.count()

    out = rescore("--verify")

    assert "3 leads; mismatches: 0. Not compared, since they are due: 0." in out
    assert before == (list(LeadScore.objects.order_by("pk").values()), ScoreChange.objects.count())
    assert ScoringRun.objects.count() == 1


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ({"fit": 6, "total": 6}, "fit is 6, not 5; total is 6, not 5"),
        ({"engagement": 1, "total": 6}, "engagement is 1, not 0; total is 6, not 5"),
        ({"grade": "B3"}, "grade is B3, not C3"),
        ({"qualified": True}, "qualified is True, not False"),
        ({"fast_tracked": True}, "fast_tracked is True, not False"),
        ({"disqualified": True}, "disqualified is True, not False"),
        ({"known_facts": 0}, "known_facts is 0, not 1"),
        ({"asked_facts": 2}, "asked_facts is 2, not 1"),
    ],
)
def test_each_column_of_the_invariant_is_compared(
    column: dict[str, Any], wrong: str, scored: list[Lead]
) -> None:
    LeadScore.objects.filter(pk=scored[1].pk).update(**column)

    (mismatch,) = verify(day=day_of(timezone.now())).mismatches

    assert str(mismatch) == f"lead {scored[1].pk}: {wrong}"


@pytest.mark.parametrize(("days", "is_wrong"), [(6, False), (7, False), (8, True), (None, True)])
def test_valid_until_may_be_too_early_and_never_too_late(
    days: int | None, is_wrong: bool, scored: list[Lead]
) -> None:
    today = day_of(timezone.now())
    valid_until = None if days is None else today + timedelta(days=days)
    LeadScore.objects.filter(pk=scored[0].pk).update(valid_until=valid_until)

    assert bool(verify(day=today).mismatches) == is_wrong


def test_leads_that_are_due_are_counted_and_not_compared(scored: list[Lead]) -> None:
    today = day_of(timezone.now())
    LeadScore.objects.update(fit=9, total=9, engagement=0)
    LeadScore.objects.filter(pk=scored[0].pk).update(day=today - timedelta(days=1), valid_until=today)
    ChangeLogEntry.objects.create(lead_id=scored[1].pk)
    LeadScore.objects.filter(pk=scored[2].pk).delete()

    found = verify(day=today)

    assert (found.compared, found.due, found.mismatches) == (0, 3, [])


def test_command_lists_every_mismatch_and_fails(scored: list[Lead]) -> None:
    LeadScore.objects.update(known_facts=0)

    out = StringIO()
    with pytest.raises(CommandError, match="not what a rescore gives: 3"):
        call_command(Command(stdout=out), "--verify")

    assert [f"lead {lead.pk}: known_facts is 0, not 1" in out.getvalue() for lead in scored] == [True] * 3


def test_json_of_a_verification(scored: list[Lead]) -> None:
    LeadScore.objects.filter(pk=scored[0].pk).update(valid_until=None)
    out = StringIO()

    with pytest.raises(CommandError):
        call_command(Command(stdout=out), "--verify", "--json")

    week = str(day_of(timezone.now()) + timedelta(days=7))
    found = json.loads(out.getvalue())
    assert (found["compared"], found["due"]) == (3, 0)
    assert found["mismatches"] == [
        {"lead": scored[0].pk, "columns": {"valid_until": {"stored": None, "expected": week}}}
    ]


def test_sample_compares_as_many_leads_as_asked_for(scored: list[Lead]) -> None:
    found = [json.loads(rescore("--verify", "--json", "--sample", size))["compared"] for size in "129"]

    assert found == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--verify", "--sample", "0"], "whole number from 1 on"),
        (["--verify", "--sample", "many"], "“many” is no number of leads"),
        (["--sample", "3"], "add --verify"),
        (["--verify", "--full"], "not allowed with"),
        (["--verify", "--day", "2026-01-01"], "not allowed with"),
    ],
)
def test_bad_arguments_are_refused(arguments: list[str], message: str, db: None) -> None:
    with pytest.raises(CommandError, match=message):
        rescore(*arguments)


def test_without_a_rulebook_there_is_nothing_to_verify_by(db: None) -> None:
    with pytest.raises(CommandError, match="No rulebook is published"):
        rescore("--verify")


def test_rescore_is_incremental_unless_told_otherwise(scored: list[Lead]) -> None:
    results = [json.loads(rescore("--json", *more)) for more in ([], ["--full"])]

    assert [(result["full"], result["scored"]) for result in results] == [(False, 0), (True, 3)]
    assert "Scored the leads that were due" in rescore()
