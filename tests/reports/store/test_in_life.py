"""What people and imports do here shows after a fold, without anybody telling the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from leads.handoff.decisions import accept, reject
from leads.handoff.offering import Occasion, offer_leads
from leads.handoff.undoing import undo
from leads.intake.history import import_history
from leads.intake.loading import import_leads
from leads.intake.options import ImportOptions
from leads.models import Handoff, Reason, Role, Stage, Team
from reports.models import Journey, StaleLead, Visit
from reports.store.folding import fold
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences
from reports.tasks import tick
from tests.factories import LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
# A Monday.
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def told() -> list[tuple]:
    """(stage, next stage, rep, minutes, reason) of all visits to mql, in order."""
    names = [stage.value for stage in Stage]
    return [
        (None if follows is None else names[follows], rep, minutes, reason)
        for follows, rep, minutes, reason in Visit.objects.filter(position=1)
        .order_by("entered_at")
        .values_list("next_position", "rep", "minutes", "reason")
    ]


@pytest.fixture
def rep():
    return UserFactory(role=Role.REP, team=TeamFactory())


@pytest.fixture
def offer(rep):
    """Offered on Monday at 10:00 to a team that works from 9 to 17, UTC."""
    lead = LeadFactory(created_at=NOW - timedelta(days=1))
    rebuild()
    [handoff] = offer_leads(evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=NOW))
    Handoff.objects.filter(pk=handoff.pk).update(team=Team.objects.get())
    handoff.refresh_from_db()
    return handoff


def test_a_decision_and_its_undoing_show(offer, rep):
    fold()
    assert told() == [(None, "", None, None)]

    accept(handoff=offer, by=rep, at=NOW + timedelta(minutes=90))
    fold()
    assert told() == [("sql", str(rep.pk), 90, None)]
    assert Journey.objects.get().reached_sql == date(2026, 3, 2)

    undo(handoff=offer, by=rep, at=NOW + timedelta(minutes=92))
    fold()
    assert told() == [(None, "", None, None)]
    assert Journey.objects.get().reached_sql is None
    assert differences() == []


def test_a_rejection_shows_with_its_reason(offer, rep):
    reason = Reason.objects.get(key="too_small")

    reject(handoff=offer, by=rep, at=NOW + timedelta(hours=1), reason=reason)
    tick()

    assert told() == [(reason.leads_to, str(rep.pk), 60, reason.pk)]
    assert differences() == []


def test_an_import_shows_and_late_history_corrects_the_past(tmp_path: Path):
    rebuild()
    people, moves = tmp_path / "leads.csv", tmp_path / "history.csv"
    people.write_text("email,source,created_at\nann@acme.com,Web,2025-01-01\nbob@acme.com,Fair,2025-01-02\n")
    import_leads(options=ImportOptions(path=people, refused_folder=tmp_path), at=NOW)
    fold()
    assert sorted(Journey.objects.values_list("source", "created_day")) == [
        ("fair", date(2025, 1, 2)),
        ("web", date(2025, 1, 1)),
    ]

    moves.write_text(
        "lead,stage,entered_at,actor,reason\n"
        "ann@acme.com,mql,2025-01-03,,\nann@acme.com,sql,2025-01-05,Cy,\nann@acme.com,customer,2025-01-09,Bo,\n"
    )
    import_history(options=ImportOptions(path=moves, refused_folder=tmp_path), at=NOW)
    assert set(StaleLead.objects.values_list("lead", flat=True)) == {Journey.objects.get(source="web").pk}
    fold()

    assert told() == [("sql", "~Cy", None, None)]
    assert Visit.objects.get(position=1).won_day == date(2025, 1, 9)
    assert Journey.objects.get(source="web").reached_customer == date(2025, 1, 9)
    assert differences() == []


def test_it_is_done_each_minute():
    entry = settings.CELERY_BEAT_SCHEDULE["reports-tick"]

    assert (entry["task"], entry["schedule"]) == (tick.name, 60.0)
