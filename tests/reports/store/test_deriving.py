"""Visits and journeys by hand: what the raw rows of a lead come to."""

from __future__ import annotations

from datetime import date

import pytest

from leads.models import Handoff, Stage, StageChange
from reports.models import Cell, Journey, SeenValue, Visit
from reports.store.rebuilding import rebuild
from tests.factories import HandoffFactory, LeadFactory
from tests.reports.conftest import instant

pytestmark = pytest.mark.django_db


def stays(lead) -> list[tuple]:
    """(stage, hours, days begun, next stage) of each visit, in order."""
    rebuild()
    stages = list(Stage)
    return [
        (
            stages[visit.position].value,
            visit.hours,
            visit.begun_days,
            None if visit.next_position is None else stages[visit.next_position].value,
        )
        for visit in Visit.objects.filter(lead=lead).order_by("entered_at", "position")
    ]


def mql_visits(lead) -> list[Visit]:
    rebuild()
    return list(Visit.objects.filter(lead=lead, position=1).order_by("entered_at"))


def an_offer(lead, at: str, **fields) -> Handoff:
    """Waiting, unless `decided_at` is given."""
    if decided := fields.get("decided_at"):
        fields["decided_at"] = instant(decided)
        fields.setdefault("state", Handoff.State.ACCEPTED)
    return HandoffFactory(lead=lead, offered_at=instant(at), **fields)


# --- Stays ---------------------------------------------------------------------------------------------------------


def test_nobody_is_nothing():
    rebuild()

    assert not Visit.objects.exists()
    assert not Journey.objects.exists()
    assert not Cell.objects.exists()
    assert not SeenValue.objects.exists()


def test_one_stage_is_one_open_visit(a_lead):
    assert stays(a_lead("2026-01-05")) == [("lead", None, None, None)]


def test_a_skipped_stage_is_not_filled_in(a_lead):
    # 5 to 9 January: 4 days, 96 hours.
    assert stays(a_lead("2026-01-05", {"customer": "2026-01-09"})) == [
        ("lead", 96, 4, "customer"),
        ("customer", None, None, None),
    ]


def test_back_and_forth_are_visits_of_their_own_that_know_the_one_before(a_lead):
    lead = a_lead(
        "2026-01-01",
        [("mql", "2026-01-02"), ("lead", "2026-01-03"), ("mql", "2026-01-10"), ("sql", "2026-01-11")],
    )

    assert [row[0] for row in stays(lead)] == ["lead", "mql", "lead", "mql", "sql"]
    assert [visit.previous_day for visit in mql_visits(lead)] == [None, date(2026, 1, 2)]


def test_moves_of_the_same_second_stand_in_the_order_of_the_funnel(a_lead):
    # Written down in the wrong order.
    lead = a_lead("2026-01-05", [("sql", "2026-01-06 10:00:00"), ("mql", "2026-01-06 10:00:00")])

    # 5 January 00:00 to 6 January 10:00: 34 hours, of the second day.
    assert stays(lead) == [("lead", 34, 2, "mql"), ("mql", 0, 0, "sql"), ("sql", None, None, None)]


def test_the_same_stage_twice_in_a_row_is_one_visit(a_lead):
    lead = a_lead("2026-01-05", [("mql", "2026-01-06"), ("mql", "2026-01-08"), ("sql", "2026-01-10")])

    assert stays(lead) == [("lead", 24, 1, "mql"), ("mql", 96, 4, "sql"), ("sql", None, None, None)]


def test_undone_changes_do_not_exist(a_lead):
    # Without the SQL of 7 January the two changes to mql are one visit, of 6 to 9 January.
    lead = a_lead(
        "2026-01-05",
        [("mql", "2026-01-06"), ("mql", "2026-01-08"), ("lead", "2026-01-09")],
        undone=[("sql", "2026-01-07")],
    )

    assert stays(lead) == [("lead", 24, 1, "mql"), ("mql", 72, 3, "lead"), ("lead", None, None, None)]


@pytest.mark.parametrize(
    ("left", "hours", "days"),
    [
        ("2026-01-06 00:00:00", 0, 0),
        ("2026-01-06 00:59:59.999999", 0, 1),
        ("2026-01-06 01:00:00", 1, 1),
        ("2026-01-06 01:00:00.000001", 1, 1),
        ("2026-01-06 23:59:59.999999", 23, 1),
        ("2026-01-07 00:00:00", 24, 1),
        ("2026-01-07 00:00:00.000001", 24, 2),
        # Past a month's end, and a year's.
        ("2026-02-06 00:00:00", 744, 31),
        ("2027-01-06 00:00:00", 8760, 365),
    ],
)
def test_hours_are_rounded_down_and_days_up_to_the_microsecond(a_lead, left, hours, days):
    lead = a_lead("2026-01-05", {"mql": "2026-01-06 00:00:00", "sql": left})

    assert stays(lead)[1] == ("mql", hours, days, "sql")


def test_both_ends_may_have_a_fraction_of_a_second(a_lead):
    # .75 to .25 an hour later: half a second short of an hour.
    lead = a_lead("2026-01-05", {"mql": "2026-01-06 10:00:00.750000", "sql": "2026-01-06 11:00:00.250000"})

    assert stays(lead)[1] == ("mql", 0, 1, "sql")


def test_a_leap_day_counts(a_lead):
    # 28 February to 1 March 2028: 2 days.
    lead = a_lead("2028-02-28", {"mql": "2028-02-29", "sql": "2028-03-01"})

    assert stays(lead)[:2] == [("lead", 24, 1, "mql"), ("mql", 24, 1, "sql")]
    assert Visit.objects.get(lead=lead, position=1).left_day == date(2028, 3, 1)


def test_hours_are_hours_in_a_night_of_a_clock_change(a_lead, settings):
    # In Berlin 29 March 2026 has 23 hours: from its midnight (23:00 UTC) to the next (22:00 UTC).
    settings.TIME_ZONE = "Europe/Berlin"
    lead = a_lead("2026-03-01", {"mql": "2026-03-28 23:00:00", "sql": "2026-03-29 22:00:00"})

    assert stays(lead)[1] == ("mql", 23, 1, "sql")
    visit = Visit.objects.get(lead=lead, position=1)
    assert (visit.entered_day, visit.left_day) == (date(2026, 3, 29), date(2026, 3, 30))


def test_won_day_is_of_the_first_customer_at_or_after_the_visit(a_lead):
    lead = a_lead(
        "2026-01-01",
        [
            ("customer", "2026-01-03"),
            ("lead", "2026-01-04"),
            ("customer", "2026-01-09"),
            ("lead", "2026-01-11"),
        ],
    )
    rebuild()

    assert list(
        Visit.objects.filter(lead=lead).order_by("entered_at").values_list("position", "won_day")
    ) == [
        (0, date(2026, 1, 3)),
        (4, date(2026, 1, 3)),
        (0, date(2026, 1, 9)),
        (4, date(2026, 1, 9)),
        (0, None),
    ]


def test_an_imported_history_is_derived_as_any_other(a_lead):
    lead = a_lead("2026-01-05", {"mql": "2026-01-06", "sql": "2026-01-07"}, imported=True)

    assert [row[0] for row in stays(lead)] == ["lead", "mql", "sql"]


# --- Facts of the lead -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("employees", "size"),
    [
        (None, ""),
        (0, ""),
        (1, "1-10"),
        (10, "1-10"),
        (11, "11-50"),
        (50, "11-50"),
        (51, "51-200"),
        (201, "201-1000"),
        (1000, "201-1000"),
        (1001, "1001+"),
        (9_000_000_000, "1001+"),
    ],
)
def test_size_is_a_class_of_the_number_of_employees(a_lead, employees, size):
    a_lead("2026-01-05", employees=employees)
    rebuild()

    assert Journey.objects.get().size == Visit.objects.get().size == size


def test_facts_are_the_present_ones_folded(a_lead):
    lead = a_lead(
        "2026-01-05", source="Web  Site", channel="SEO", industry="Retail", country="DE", campaign="Spring"
    )
    rebuild()

    for row in (Journey.objects.get(), Visit.objects.get()):
        assert (row.source, row.channel, row.industry) == (lead.source_folded, "seo", "retail")
        assert (row.country, row.campaign) == ("DE", lead.campaign_id)
    assert SeenValue.objects.get(dimension=1).spelling == "Web  Site"


# --- Journeys --------------------------------------------------------------------------------------------------------


def test_a_journey_has_the_first_day_of_at_least_each_stage(a_lead):
    # SQL was skipped at first: opportunity on 4 January is at least SQL. Recycled is no stage of the path.
    lead = a_lead(
        "2026-01-01",
        [
            ("mql", "2026-01-02"),
            ("recycled", "2026-01-03"),
            ("opportunity", "2026-01-04"),
            ("sql", "2026-01-08"),
        ],
    )
    rebuild()
    journey = Journey.objects.get(lead=lead)

    assert journey.created_day == date(2026, 1, 1)
    assert (
        journey.reached_mql,
        journey.reached_sql,
        journey.reached_opportunity,
        journey.reached_customer,
    ) == (
        date(2026, 1, 2),
        date(2026, 1, 4),
        date(2026, 1, 4),
        None,
    )


def test_a_lead_without_history_has_a_journey_and_no_visit():
    lead = LeadFactory()
    StageChange.objects.filter(lead=lead).update(undone=True)
    rebuild()

    assert not Visit.objects.exists()
    assert Journey.objects.get().reached_mql is None
