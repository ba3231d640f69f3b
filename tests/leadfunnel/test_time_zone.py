from __future__ import annotations

from datetime import UTC, date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from leadfunnel.startup import NotReady, check_database
from leadfunnel.time_zone import DERIVED_DAYS, change_time_zone
from leads.models import (
    Activity,
    ActivityType,
    ChangeLogEntry,
    Handoff,
    Lead,
    LeadScore,
    Organisation,
    Stage,
    StageChange,
)
from leads.models.fields import DayField
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.versions import publish
from tests.factories import ActivityFactory, HandoffFactory, LeadFactory
from tests.scoring.conftest import activity, document

pytestmark = pytest.mark.django_db

# A date that somebody chose, or the day that a score or a run was for: no instant stands behind it.
CHOSEN_DAYS = {
    "leads.Absence.first_day",
    "leads.Absence.last_day",
    "leads.RotationDay.day",
    "leads.CampaignCost.starts_on",
    "leads.CampaignCost.ends_on",
    "leads.Lead.hold_until",
    "leads.HandoffDecision.previous_hold_until",
    "leads.LeadScore.day",
    "leads.LeadScore.valid_until",
    "leads.LeadScore.below_since",
    "reports.ScoreSnapshot.day",
    "scoring.ScoringRun.day",
    "scoring.ScoreChange.day",
    "scoring.ScoredRange.day",
    "scoring.ScoredRange.valid_until",
    "scoring.Study.day",
    "scoring.BacktestHandoff.day",
    "scoring.BacktestHandoff.counted_on",
    "scoring.BacktestHandoff.offered_on",
    "scoring.BacktestHandoff.handed_before",
}
# Of what reports keep, which a new time zone builds anew (reports.triggers).
KEPT_DAYS = {
    "reports.Visit.entered_day",
    "reports.Visit.previous_day",
    "reports.Visit.left_day",
    "reports.Visit.won_day",
    "reports.Journey.created_day",
    "reports.Journey.reached_mql",
    "reports.Journey.reached_sql",
    "reports.Journey.reached_opportunity",
    "reports.Journey.reached_customer",
    "reports.Cell.day",
}
# On 1 March 2026 at 23:30 UTC it is the 2nd in Berlin; at 02:30 UTC it was still 28 February in Denver.
LATE, EARLY = datetime(2026, 3, 1, 23, 30, tzinfo=UTC), datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
BEFORE_1970 = datetime(1969, 12, 31, 23, 30, tzinfo=UTC)


def test_every_day_column_is_known_to_follow_an_instant_or_not() -> None:
    columns = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, DayField)
    }

    derived = {f"{model._meta.label}.{day}" for model, day, _ in DERIVED_DAYS}
    assert columns == CHOSEN_DAYS | KEPT_DAYS | derived


@pytest.mark.parametrize(
    ("zone", "late", "early", "before_1970"),
    [
        ("Europe/Berlin", date(2026, 3, 2), date(2026, 3, 1), date(1970, 1, 1)),
        ("America/Denver", date(2026, 3, 1), date(2026, 2, 28), date(1969, 12, 31)),
        ("Asia/Tokyo", date(2026, 3, 2), date(2026, 3, 1), date(1970, 1, 1)),
        ("UTC", date(2026, 3, 1), date(2026, 3, 1), date(1969, 12, 31)),
    ],
)
def test_days_are_those_of_the_zone(zone, late, early, before_1970) -> None:
    lead = LeadFactory(created_at=EARLY)
    for occurred_at in (LATE, EARLY, BEFORE_1970):
        ActivityFactory(lead=lead, occurred_at=occurred_at)

    change_time_zone(zone=zone)

    days = Activity.objects.order_by("occurred_at").values_list("day", flat=True)
    assert list(days) == [before_1970, early, late]
    assert Lead.objects.get().created_day == early
    assert Organisation.current().time_zone == zone


def test_history_that_is_otherwise_never_rewritten_moves_too() -> None:
    lead = LeadFactory(created_at=EARLY)
    StageChange.objects.create(
        lead=lead, to_stage=Stage.MQL, to_position=Stage.MQL.position, occurred_at=LATE, day=date(2026, 3, 1)
    )
    handoff = HandoffFactory(lead=lead, offered_at=LATE)

    changed = change_time_zone(zone="Europe/Berlin")

    assert changed["stage changes"] >= 1
    assert StageChange.objects.get(occurred_at=LATE, to_stage=Stage.MQL).day == date(2026, 3, 2)
    assert Handoff.objects.get(pk=handoff.pk).offered_day == date(2026, 3, 2)


def test_there_and_back_again_leaves_everything_as_it_was() -> None:
    ActivityFactory(occurred_at=LATE)
    ActivityFactory(occurred_at=EARLY)
    before = list(Activity.objects.order_by("pk").values_list("pk", "day"))

    change_time_zone(zone="Asia/Tokyo")
    changed = change_time_zone(zone="UTC")

    assert changed["activities"] == 1
    assert list(Activity.objects.order_by("pk").values_list("pk", "day")) == before


def test_only_rows_whose_day_differs_are_written() -> None:
    ActivityFactory(occurred_at=LATE)
    ActivityFactory(occurred_at=EARLY)
    ChangeLogEntry.objects.all().delete()

    assert change_time_zone(zone="Europe/Berlin")["activities"] == 1
    assert change_time_zone(zone="Europe/Berlin")["activities"] == 0


def test_another_zone_than_the_recorded_one_is_refused(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    with pytest.raises(NotReady) as refusal:
        check_database()

    assert "counted in UTC" in str(refusal.value)
    assert "change_time_zone Europe/Berlin" in str(refusal.value)


@pytest.mark.parametrize("zone", ["Mars", "Europe/Berlin"])
def test_the_command_refuses_a_zone_that_is_none_or_not_that_of_the_settings(zone) -> None:
    with pytest.raises(CommandError, match=zone):
        call_command("change_time_zone", zone)

    assert Organisation.current().time_zone == "UTC"


def test_the_command_says_how_much_moved(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    ActivityFactory(lead=LeadFactory(created_at=EARLY), occurred_at=LATE)
    Organisation.objects.update(time_zone="UTC")
    Activity.objects.update(day=date(2026, 3, 1))
    output = StringIO()

    call_command("change_time_zone", "Europe/Berlin", stdout=output)

    assert "activities: 1 rows moved to another day" in output.getvalue()
    assert "No rulebook is published" in output.getvalue()
    check_database()


def test_the_command_rescores_by_the_new_days(settings) -> None:
    settings.TIME_ZONE = "Pacific/Kiritimati"
    form = read_form(document(activity("page_view", 20, window_days=1)), vocabulary())
    publish(book=save_draft(form=form, by=None), note="Test", at=LATE, origin="test")
    lead = LeadFactory(created_at=EARLY)
    seen = ActivityFactory(
        lead=lead, type=ActivityType.objects.get(code="page_view"), occurred_at=timezone.now()
    )

    call_command("change_time_zone", "Pacific/Kiritimati", stdout=StringIO())

    kiritimati = ZoneInfo("Pacific/Kiritimati")
    score = LeadScore.objects.get(pk=lead.pk)
    assert score.day == timezone.now().astimezone(kiritimati).date()
    assert Activity.objects.get(pk=seen.pk).day == score.day
    assert score.engagement == 20
