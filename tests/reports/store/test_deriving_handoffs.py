"""Visits by hand: what handoffs, and the hours of a team, make of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from leads.models import Reason, Stage
from reports.models import Journey, Visit
from reports.store.rebuilding import rebuild
from tests.factories import LeadFactory, TeamFactory, UserFactory, change_of
from tests.reports.conftest import instant
from tests.reports.store.test_deriving import an_offer, mql_visits, stays

pytestmark = pytest.mark.django_db


# --- Handoffs --------------------------------------------------------------------------------------------------------


def test_each_mql_visit_has_the_handoff_offered_by_its_end(a_lead):
    # Offered on the 2nd, rejected on the 3rd, offered again on the 20th.
    lead = a_lead("2026-01-01", [("mql", "2026-01-02"), ("recycled", "2026-01-03"), ("mql", "2026-01-20")])
    reason = Reason.objects.get(key="too_small")
    first = an_offer(lead, "2026-01-02", decided_at="2026-01-03", state="rejected", reason=reason, grade="B1")
    second = an_offer(lead, "2026-01-20", grade="A1")
    rebuild()

    visits = Visit.objects.filter(lead=lead).order_by("entered_at")
    # The first visit to `lead` began before anything was offered; that to `recycled` came of the first offer.
    assert [(visit.position, visit.handoff) for visit in visits] == [
        (0, None),
        (1, first.pk),
        (5, first.pk),
        (1, second.pk),
    ]
    assert [visit.reason for visit in visits] == [None, reason.pk, None, None]
    assert (Journey.objects.get().handoff, Journey.objects.get().grade) == (second.pk, "A1")


def test_an_offer_within_the_visit_is_its_handoff(a_lead):
    # The history of another system says MQL on the 2nd; here it was offered on the 5th.
    lead = a_lead("2026-01-01", {"mql": "2026-01-02", "sql": "2026-01-09"})
    offer = an_offer(lead, "2026-01-05", decided_at="2026-01-09")

    assert [visit.handoff for visit in mql_visits(lead)] == [offer.pk]
    # SQL began after the offer, too.
    assert Visit.objects.get(lead=lead, position=2).handoff == offer.pk


def test_a_visit_to_lead_is_not_of_the_handoff_offered_at_its_beginning(a_lead):
    # Withdrawn and offered again in the same instant: back to `lead` of the first offer, MQL again of the second.
    lead = a_lead("2026-01-01", [("mql", "2026-01-02"), ("lead", "2026-01-05"), ("mql", "2026-01-06")])
    first = an_offer(lead, "2026-01-02", decided_at="2026-01-05", state="withdrawn")
    second = an_offer(lead, "2026-01-05")
    rebuild()

    assert list(
        Visit.objects.filter(lead=lead).order_by("entered_at").values_list("position", "handoff")
    ) == [(0, None), (1, second.pk), (0, first.pk), (1, second.pk)]


def test_withdrawn_and_offered_again_are_two_handoffs(a_lead):
    lead = a_lead("2026-01-01", [("mql", "2026-01-02"), ("lead", "2026-01-05"), ("mql", "2026-01-08")])
    first = an_offer(lead, "2026-01-02", decided_at="2026-01-05", state="withdrawn")
    second = an_offer(lead, "2026-01-08")

    assert [visit.handoff for visit in mql_visits(lead)] == [first.pk, second.pk]


def test_of_two_offers_of_the_same_instant_the_later_row_counts(a_lead):
    lead = a_lead("2026-01-01", {"mql": "2026-01-02"})
    an_offer(lead, "2026-01-02", decided_at="2026-01-02", state="withdrawn")
    second = an_offer(lead, "2026-01-02")

    assert [visit.handoff for visit in mql_visits(lead)] == [second.pk]


@pytest.mark.parametrize(
    ("total", "band"), [(-1, -10), (-50, -10), (0, 0), (9, 0), (10, 10), (149, 140), (150, 150), (999, 150)]
)
def test_band_is_of_ten_points_and_the_ends_are_open(a_lead, total, band):
    lead = a_lead("2026-01-01", {"mql": "2026-01-02"})
    an_offer(lead, "2026-01-02", fit=total, engagement=0)

    assert mql_visits(lead)[0].band == band


def test_without_a_total_there_is_no_band(a_lead):
    lead = a_lead("2026-01-01", {"mql": "2026-01-02"})
    an_offer(
        lead,
        "2026-01-02",
        fit=None,
        engagement=None,
        total=None,
        rulebook_version=None,
        grade="",
        origin="hand",
    )

    visit = mql_visits(lead)[0]
    assert (visit.band, visit.version, visit.grade) == (None, None, "")


@pytest.mark.parametrize(
    ("case", "rep", "team"),
    [
        ("waiting, nobody's", "", None),
        ("waiting, Alice's", "alice", "hers"),
        ("waiting, Alice's, for a team", "alice", "its"),
        ("decided by Bob", "bob", "his"),
        ("decided by Bob, for a team", "bob", "its"),
        ("decided elsewhere", "~Eve of Sales", None),
        ("decided by nobody known", "", None),
    ],
)
def test_rep_and_team_are_of_whoever_decided_or_is_to(a_lead, case, rep, team):
    its, hers, his = (TeamFactory() for _ in range(3))
    alice, bob = UserFactory(team=hers), UserFactory(team=his)
    lead = a_lead("2026-01-01", {"mql": "2026-01-02"})
    decided = {"decided_at": "2026-01-03", "assignee": alice} if "decided" in case else {}
    if "Bob" in case:
        decided["decided_by"] = bob
    if "elsewhere" in case:
        decided["decided_by_actor"] = "Eve of Sales"
    if "Alice's" in case:
        decided["assignee"] = alice
    an_offer(lead, "2026-01-02", team=its if "for a team" in case else None, **decided)

    visit = mql_visits(lead)[0]
    names = {str(alice.pk): "alice", str(bob.pk): "bob"}
    teams = {its.pk: "its", hers.pk: "hers", his.pk: "his"}
    assert names.get(visit.rep, visit.rep) == rep
    assert (None if visit.team is None else teams[visit.team]) == team


def test_the_reason_of_the_change_comes_before_that_of_the_handoff():
    lead = LeadFactory()
    small, timing = Reason.objects.order_by("pk")[:2]
    change_of(lead, Stage.MQL, at=instant("2026-02-02"))
    change_of(lead, Stage.RECYCLED, at=instant("2026-02-03"), reason=timing)
    an_offer(lead, "2026-02-02", decided_at="2026-02-03", state="rejected", reason=small)

    assert mql_visits(lead)[0].reason == timing.pk


def test_an_open_visit_has_no_reason_whatever_became_of_an_earlier_handoff(a_lead):
    lead = a_lead("2026-01-01", [("mql", "2026-01-02"), ("recycled", "2026-01-03"), ("mql", "2026-01-20")])
    an_offer(lead, "2026-01-02", decided_at="2026-01-03", state="rejected", reason=Reason.objects.first())

    assert [bool(visit.reason) for visit in mql_visits(lead)] == [True, False]


# --- The clock -------------------------------------------------------------------------------------------------------


def test_minutes_are_business_minutes_of_the_team(a_lead):
    # Friday 9 January 2026, 16:00 to Monday 10:30, Monday to Friday 9 to 17 in Berlin (15:00 and 9:30 UTC):
    # an hour on Friday, an hour and a half on Monday.
    team = TeamFactory(time_zone="Europe/Berlin")
    lead = a_lead("2026-01-01", {"mql": "2026-01-09 15:00:00", "sql": "2026-01-12 09:30:59"})
    due = instant("2026-01-12 12:00:00")
    an_offer(lead, "2026-01-09 15:00:00", decided_at="2026-01-12 09:30:59", team=team, decide_due_at=due)

    visit = mql_visits(lead)[0]
    assert (visit.minutes, visit.due_at) == (150, due)
    sql = Visit.objects.get(lead=lead, position=2)
    assert (sql.minutes, sql.due_at) == (None, None)


@pytest.mark.parametrize("case", ["waiting", "withdrawn", "without a clock"])
def test_only_what_sales_decided_against_a_clock_has_minutes(a_lead, case):
    lead = a_lead("2026-01-01", {"mql": "2026-01-09 15:00:00"})
    decided = {"decided_at": "2026-01-12 09:30:00"} if case != "waiting" else {}
    if case == "withdrawn":
        decided["state"] = "withdrawn"
    due = None if case == "without a clock" else instant("2026-01-12 12:00:00")
    an_offer(lead, "2026-01-09 15:00:00", decide_due_at=due, **decided)

    assert mql_visits(lead)[0].minutes is None


def test_a_rebuild_says_when(a_lead):
    from reports.store import state

    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        rebuild()

    assert state.folded_at() == instant("2026-03-01 12:00:00")


def test_an_instant_before_1970_counts_like_any_other(a_lead):
    lead = a_lead("1969-12-31 23:00:00.500000", {"mql": "1970-01-01 00:00:00.499999"})

    # A microsecond short of an hour.
    assert stays(lead)[0] == ("lead", 0, 1, "mql")
    assert connection.vendor in ("sqlite", "postgresql")
    assert Visit.objects.get(lead=lead, position=0).left_at - Visit.objects.get(
        lead=lead, position=0
    ).entered_at == timedelta(seconds=3599, microseconds=999999)
