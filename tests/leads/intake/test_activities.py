from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from leads.intake.report import Report
from leads.models import Activity, ActivityType, Asset, AttributeKey, Campaign
from tests.factories import LeadFactory
from tests.leads.intake.snapshots import rows_of_all

pytestmark = pytest.mark.django_db
Import = Callable[..., Report]


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.unchanged, report.repeated, report.refused


def test_an_activity_keeps_all_that_its_row_says(leads: Import, activities: Import) -> None:
    AttributeKey.objects.create(scope="activity", key="seconds", label="Seconds", type="number")
    leads("external_id,email\nx1,ann@acme.com\n")

    report = activities(
        "lead,type,occurred_at,asset,campaign,recorded_at,seconds,Browser\n"
        "x1,Page View,2026-01-02 10:00,/Pricing,Spring,2026-01-03 08:00,12.5,Fire Fox\n"
    )

    activity = Activity.objects.select_related("type", "asset", "campaign", "lead").get()
    assert counts(report) == (1, 0, 0, 0)
    assert (activity.lead.external_id, activity.type.code) == ("x1", "page_view")
    assert (activity.occurred_at, activity.day) == (datetime(2026, 1, 2, 10, tzinfo=UTC), date(2026, 1, 2))
    assert activity.known_at == datetime(2026, 1, 3, 8, tzinfo=UTC)
    assert activity.asset is not None
    assert (activity.asset.name, activity.asset.name_folded) == ("/Pricing", "/pricing")
    assert activity.campaign == Campaign.objects.get(name="Spring")
    assert activity.properties == {"browser": "Fire Fox", "seconds": "12.5"}
    assert activity.properties_typed == {"browser": "fire fox", "seconds": 125000}


def test_leads_are_found_by_email_and_by_other_addresses(leads: Import, activities: Import) -> None:
    leads("external_id,email\nx1,ann@acme.com\n")
    leads("external_id,email\nx1,ann@new.com\n")

    report = activities(
        "email,type,date\nANN@acme.com,demo_request,2026-01-02\nann@new.com,demo_request,2026-01-02\n"
    )

    assert counts(report) == (2, 0, 0, 0)
    assert set(Activity.objects.values_list("known_at", flat=True)) == {datetime(2026, 1, 2, tzinfo=UTC)}


def test_identical_rows_are_as_many_activities_and_the_same_file_adds_none(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")
    text = (
        "lead,type,date,x\n"
        + "ann@acme.com,page_view,2026-01-02,1\n" * 3
        + "ann@acme.com,page_view,2026-01-02,2\n"
    )

    first = activities(text)
    before = rows_of_all()
    second = activities(text)
    longer = activities(text + "ann@acme.com,page_view,2026-01-02,1\n")

    assert (counts(first), counts(second)) == ((4, 0, 0, 0), (0, 4, 0, 0))
    assert counts(longer) == (1, 4, 0, 0)
    assert rows_of_all()["Activity"][:4] == before["Activity"]


def test_columns_in_another_order_are_the_same_activities(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")
    activities("lead,type,date,a,b\nann@acme.com,page_view,2026-01-02,1,2\n")

    assert counts(activities("b,date,a,type,lead\n2,2026-01-02,1,page_view,ann@acme.com\n")) == (0, 1, 0, 0)


def test_an_external_id_is_one_activity_however_often_it_comes(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")
    text = (
        "lead,type,date,event id\nann@acme.com,page_view,2026-01-02,e1\nann@acme.com,page_view,2026-01-02,e2\n"
        "ann@acme.com,email_open,2026-01-03,e1\n"
    )

    assert (counts(activities(text)), counts(activities(text))) == ((2, 0, 1, 0), (0, 2, 1, 0))
    assert counts(activities(text, source_system="other")) == (2, 0, 1, 0)


def test_an_unknown_type_is_created_and_reported(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")

    report = activities("lead,type,date\nann@acme.com,Trade Fair,2026-01-02\n")

    assert ActivityType.objects.get(code="trade_fair").label == "Trade Fair"
    assert report.notes == ["The activity type “trade_fair” was unknown and was created (1 row)."]


def test_assets_and_campaigns_are_one_row_for_each_folded_name(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")

    activities(
        "lead,type,date,asset\nann@acme.com,page_view,2026-01-02,/A\nann@acme.com,page_view,2026-01-03,/a\n"
    )

    assert list(Asset.objects.values_list("name", flat=True)) == ["/A"]
    assert Activity.objects.filter(asset__name="/A").count() == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x9,page_view,2026-01-02", "No lead has the external id “x9” in the source system “csv”."),
        ("no@body.com,page_view,2026-01-02", "No lead has the e-mail address or external id “no@body.com”."),
        (",page_view,2026-01-02", "does not say which lead"),
        ("ann@acme.com,,2026-01-02", "has no activity type"),
        ("ann@acme.com,page_view,", "has no date (occurred_at)"),
        ("ann@acme.com,page_view,2026-03-03 10:01", "lies in the future"),
        ("ann@acme.com,page_view,1969-12-31", "lies before 1970"),
        ("ann@acme.com,page_view,2026-02-30", "a date that does not exist"),
        ("ann@acme.com," + "x" * 51 + ",2026-01-02", "more than 50 characters"),
    ],
)
def test_a_bad_row_is_refused_and_never_stops_the_good_ones(
    activities: Import, row: str, reason: str
) -> None:
    LeadFactory(email="ann@acme.com", created_at=datetime(2026, 2, 1, tzinfo=UTC))
    # Before the lead's creation, and within a day of the clock's skew.
    good = "ann@acme.com,page_view,2025-01-01\nann@acme.com,page_view,2026-03-03 09:59\n"

    report = activities(f"lead,type,date\n{row}\n{good}")

    assert counts(report) == (2, 0, 0, 1)
    assert reason in report.refusals[0].reason


def test_a_dry_run_counts_the_same_and_writes_nothing(activities: Import) -> None:
    LeadFactory(email="ann@acme.com")
    before = rows_of_all()
    text = "lead,type,date,asset\nann@acme.com,new type,2026-01-02,/a\nx,page_view,2026-01-02,\n"

    dry = activities(text, dry_run=True)

    assert rows_of_all() == before
    assert counts(dry) == counts(activities(text)) == (1, 0, 0, 1)
