"""How long a list is said to be: by the daily counts where they know, else counted once until the next fold."""

from __future__ import annotations

from datetime import date

import pytest

from reports.document import Drill
from reports.drilling.listing import listing, rows_behind
from reports.drilling.totals import kept_total
from reports.measures import NOTHING
from reports.period import Period
from reports.scope import Scope
from reports.store.folding import fold
from tests.factories import UserFactory
from tests.reports.selling import accepted, offered, rejected, touched

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]
SCOPE = Scope(Period(date(2026, 1, 1), date(2026, 2, 1)), date(2026, 12, 31))


@pytest.fixture
def some_mqls(a_lead) -> None:
    """Accepted in time and touched late; rejected late; rejected for no reason; waiting; back again."""
    ann = UserFactory()
    good = a_lead(
        "2026-01-02", {"mql": "2026-01-05", "sql": "2026-01-06", "customer": "2026-01-20"}, source="Event"
    )
    accepted(good, "2026-01-05", "2026-01-06", ann, due="2026-01-07", touch_due="2026-01-08")
    touched(good, "2026-01-09")
    bad = a_lead("2026-01-02", {"mql": "2026-01-07", "recycled": "2026-01-20"}, source="Webinar")
    rejected(bad, "2026-01-07", "2026-01-20", ann, "too_small", due="2026-01-08")
    a_lead("2026-01-02", {"mql": "2026-01-08", "disqualified": "2026-01-09"}, source="Webinar")
    a_lead("2026-01-02", {"mql": "2026-01-25"})
    a_lead("2026-01-02", [("mql", "2026-01-05"), ("lead", "2026-01-06"), ("mql", "2026-01-09")])
    fold()


TOLD = [
    {"stage": "mql"},
    {"stage": "mql", "entry": "first"},
    {"stage": "mql", "outcome": "decided"},
    {"stage": "mql", "outcome": "accepted", "won": "yes"},
    {"stage": "mql", "outcome": "rejected", "reason": ""},
    {"stage": "mql", "deciding": "in_time"},
    {"stage": "mql", "touching": "late"},
    {"stage": "mql", "source": "webinar"},
    {"stage": "mql", "when": "left"},
    {"stage": "mql", "when": "left", "next": "sql"},
    {"stage": "mql", "when": "open"},
    {"stage": "lead", "when": "open", "first_day": "2026-01-05", "last_day": "2026-01-05"},
]


@pytest.mark.parametrize("where", TOLD, ids=lambda where: " ".join(where.values()))
def test_daily_counts_tell_how_long_a_list_is(some_mqls, where):
    drill = Drill("visits", where)

    assert kept_total(drill, SCOPE) == rows_behind(drill, SCOPE).rows.count() > 0


NOT_TOLD = [
    {"stage": "mql", "deciding": "overdue"},
    {"stage": "mql", "deciding": "in_time", "outcome": "accepted"},
    {"stage": "sql", "hours_from": "1"},
    {"stage": "mql", "when": "open", "source": "webinar", "country": "DE"},
    {"outcome": "accepted"},
]


@pytest.mark.parametrize("where", NOT_TOLD, ids=lambda where: " ".join(where.values()))
def test_what_they_do_not_count_they_do_not_tell(some_mqls, where):
    assert kept_total(Drill("visits", where), SCOPE) is None


def test_a_fact_that_contradicts_the_filter_is_left_to_the_rows(some_mqls):
    webinars = Scope(SCOPE.period, SCOPE.as_of, {"source": "webinar"})
    drill = Drill("visits", {"stage": "mql", "source": "event"})

    assert kept_total(drill, webinars) is None
    assert listing(drill, webinars).total == 0


def test_length_that_lasts_is_counted_once_until_the_next_fold(
    some_mqls, a_lead, django_assert_max_num_queries
):
    drill = Drill("visits", {"stage": "mql", "over": "yes"})
    assert listing(drill, SCOPE).total == 4

    with django_assert_max_num_queries(3):  # state, rows, leads
        assert listing(drill, SCOPE).total == 4
    a_lead("2026-01-02", {"mql": "2026-01-05", "sql": "2026-01-06"})
    fold()
    assert listing(drill, SCOPE).total == 5
    assert NOTHING not in {row.next for row in rows_behind(drill, SCOPE).rows}


def test_length_of_what_is_overdue_is_that_of_now(a_lead, time_machine):
    lead = a_lead("2026-01-02", {"mql": "2026-01-05"})
    offered(lead, "2026-01-05", due="2026-01-05 12:00:00")
    fold()
    drill = Drill("visits", {"stage": "mql", "deciding": "overdue"})

    time_machine.move_to("2026-01-05T11:59:00Z")
    assert listing(drill, SCOPE).total == 0
    time_machine.move_to("2026-01-05T12:01:00Z")
    assert listing(drill, SCOPE).total == 1
