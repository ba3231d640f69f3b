from __future__ import annotations

from datetime import UTC, date, datetime

from leads.models import Role, Touch
from leads.selling import work
from leads.selling.deals import give_back, open_deal
from leads.selling.steps import log_touch, plan_step
from leads.selling.work import Band, work_page
from tests.factories import UserFactory
from tests.leads.selling.conftest import NOW, accepted_lead, later, reason

TUESDAY_NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def touched(owner, name, due_on=None):
    lead = accepted_lead(owner, first_name=name, last_name="")
    log_touch(lead=lead, kind=Touch.Kind.CALL, note="", by=owner, at=NOW)
    if due_on:
        plan_step(lead=lead, what="Call", due_on=due_on, by=owner, at=NOW)
    return lead


def shown(user, at=TUESDAY_NOON) -> list[tuple[str, str]]:
    return [(str(row.lead), row.band.label) for row in work_page(user=user, at=at, number=1).rows]


def test_work_is_ordered_by_when_it_is_due(alice):
    touched(alice, "Nothing planned")
    touched(alice, "Next week", date(2026, 3, 10))
    touched(alice, "Today", date(2026, 3, 3))
    touched(alice, "Yesterday", date(2026, 3, 2))

    assert shown(alice) == [
        ("Yesterday", "Overdue"),
        ("Today", "Today"),
        ("Next week", "Later"),
        ("Nothing planned", "No next step"),
    ]


def test_a_first_touch_that_is_due_is_work_too(alice):
    accepted_lead(alice, first_name="New", last_name="")  # due on Tuesday at ten

    assert shown(alice, at=NOW) == [("New", "Later")]
    assert shown(alice, at=datetime(2026, 3, 3, 9, tzinfo=UTC)) == [("New", "Today")]
    assert shown(alice, at=datetime(2026, 3, 3, 10, tzinfo=UTC)) == [("New", "Overdue")]


def test_work_is_ones_own_and_what_is_not_finished(alice):
    touched(UserFactory(role=Role.REP), "Of another")
    give_back(lead=touched(alice, "Gone"), reason=reason("no_budget"), by=alice, at=later())
    mine = touched(alice, "Mine")
    open_deal(lead=mine, amount=None, currency="", expected_close_on=None, by=alice, at=later())

    (row,) = work_page(user=alice, at=TUESDAY_NOON, number=1).rows
    assert (str(row.lead), row.open_deals, row.last_touch_at) == ("Mine", 1, NOW)


def test_counts_are_of_all_pages(alice, monkeypatch):
    monkeypatch.setattr(work, "PAGE_SIZE", 2)
    for number in range(3):
        touched(alice, f"L{number}")

    first, second = (work_page(user=alice, at=TUESDAY_NOON, number=number) for number in (1, 9))

    assert (len(first.rows), first.has_next, len(second.rows), second.has_next) == (2, True, 1, False)
    assert dict(first.counts) == {Band.OVERDUE: 0, Band.TODAY: 0, Band.LATER: 0, Band.NO_STEP: 3}


def test_work_costs_two_queries(alice, django_assert_num_queries):
    for number in range(3):
        touched(alice, f"L{number}", date(2026, 3, 3))

    with django_assert_num_queries(2):
        for row in work_page(user=alice, at=TUESDAY_NOON, number=1).rows:
            assert (row.score, row.lead.company) == (None, None)
