"""The leads that every scenario begins with: scored by a first rulebook, and all of them due by the second."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from leads.models import Activity, ActivityType, Lead, Organisation, Stage, StageChange
from leads.models.fields import day_of
from scoring.models import Rulebook, ScoringRun
from scoring.ranges import range_size
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.versions import publish
from scoring.runs import request_run, see_through
from tests.factories import UserFactory
from tests.scoring.conftest import activity, document, german

RANGES = 12
LEADS_A_RANGE = 250
LEADS = RANGES * LEADS_A_RANGE

DECAYING = {"window_days": 90, "decay": {"kind": "linear", "percent": 25, "days": 10}}
STUDENT = {
    "kind": "fit",
    "group": "who",
    "points": -20,
    "disqualifies": True,
    "conditions": [{"field": "seniority", "operator": "is", "values": ["student"]}],
}


def prepare(*, at: datetime) -> None:
    """Into an empty database: everything, leads spread over many ranges of the size that production has."""
    call_command("migrate", verbosity=0, interactive=False)
    UserFactory(username="admin", is_superuser=True, is_staff=True)
    _publish(german(5), threshold=1_000_000, at=at)
    for number in range(RANGES):
        first = number * range_size() + 1
        _make_leads(range(first, first + LEADS_A_RANGE), at=at)
    # Nothing is due by itself while a scenario lasts, but who asks for a night gets it.
    Organisation.objects.update(nightly_hour=0, promotion_limit=LEADS)
    run = see_through(request_run(kind=ScoringRun.Kind.PUBLISH, at=at).pk)
    assert (run.state, run.scored, run.promoted) == (ScoringRun.State.DONE, LEADS, 0), run.error
    publish_second(at=at)


def publish_second(*, at: datetime) -> Rulebook:
    """Changes every score; about a third of the leads qualify, some of them by a fast track."""
    demo = activity("demo_request", 30, fast_track=True)
    return _publish(german(10), activity("page_view", 6, **DECAYING), demo, STUDENT, at=at)


def publish_third(*, at: datetime) -> Rulebook:
    """Changes every score again; fewer leads qualify."""
    demo = activity("demo_request", 15)
    return _publish(german(7), activity("page_view", 7, **DECAYING), demo, STUDENT, at=at)


def _publish(*rules: dict[str, Any], at: datetime, **mql: Any) -> Rulebook:
    form = read_form(document(*rules, **mql), vocabulary())
    return publish(book=save_draft(form=form, by=None), note="Test", at=at, origin="test")


def _make_leads(ids: range, *, at: datetime) -> None:
    created = at - timedelta(days=100)
    leads = [
        Lead(
            pk=pk,
            external_id=f"lead {pk}",
            country="DE" if pk % 2 else "US",
            seniority="student" if pk % 50 == 7 else "",
            created_at=created,
            created_day=day_of(created),
            stage_entered_at=created,
        )
        for pk in ids
    ]
    Lead.objects.bulk_create(leads)
    StageChange.objects.bulk_create(
        StageChange(
            lead=lead,
            to_stage=Stage.LEAD,
            to_position=Stage.LEAD.position,
            occurred_at=created,
            day=day_of(created),
        )
        for lead in leads
    )
    visits = [
        (pk, "page_view", at - timedelta(days=7 * visit + pk % 10)) for pk in ids for visit in range(pk % 5)
    ]
    demos = [(pk, "demo_request", at - timedelta(days=pk % 30)) for pk in ids if pk % 25 == 0]
    add_activities([*visits, *demos])


def add_activities(what: list[tuple[int, str, datetime]]) -> None:
    """(lead id, type, instant) each."""
    types = {type_.code: type_ for type_ in ActivityType.objects.all()}
    Activity.objects.bulk_create(
        Activity(
            lead_id=lead,
            type=types[code],
            occurred_at=at,
            day=day_of(at),
            known_at=timezone.now(),
            key=uuid.uuid4(),
        )
        for lead, code, at in what
    )


def lead_id(number: int, *, of_range: int) -> int:
    """The lead with this number, from 1 on, of a range."""
    return of_range * range_size() + number
