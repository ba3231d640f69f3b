from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse

from leads.feedback.answering import answer_feedback
from leads.feedback.past import past_of
from leads.feedback.reading import Key
from leads.handoff.offering import Occasion, offer_leads
from leads.handoff.undoing import undo
from leads.models import Handoff, Lead, StageChange
from leads.selling.deals import give_back, lose, open_deal
from tests.factories import ActivityFactory, LeadFactory
from tests.leads.feedback.conftest import HOUR, NOW, accepted, reason, rejected
from tests.leads.views.conftest import signed_in

DAY = timedelta(days=1)


def test_a_lead_that_comes_back_shows_who_said_what_and_what_is_new(alice, mary):
    lead = rejected(alice)
    change = StageChange.objects.get(reason__isnull=False)
    answer_feedback(keys=[Key("m", change.pk)], text="Changed", about=None, by=mary, at=NOW + HOUR)
    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW)  # of the same instant: not since
    for hours in (1, 2):
        ActivityFactory(lead=lead, code="page_view", occurred_at=NOW + hours * HOUR)

    past = past_of(lead, at=NOW + DAY)

    (item,) = past.items
    assert (item.kind.label, item.reason.key, item.by, item.note) == (
        "Rejected",
        "too_small",
        alice,
        "Note on Anna",
    )
    assert [str(answer) for answer in item.answers] == ["Changed"]
    assert [(new.label, new.count, new.latest) for new in past.new] == [("Page viewed", 2, NOW + 2 * HOUR)]


def test_the_hold_ends_with_its_day(alice):
    lead = rejected(alice)  # for 180 days
    last = date(2026, 8, 29)
    assert lead.hold_until == last

    assert past_of(lead, at=NOW + 179 * DAY).held_until == last
    assert past_of(lead, at=NOW + 180 * DAY).held_until is None
    offer_leads(evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=NOW + DAY))
    assert past_of(Lead.objects.get(pk=lead.pk), at=NOW + DAY).held_until is None


def test_given_back_and_lost_are_told_once_each(alice):
    lead = accepted(alice)
    lost = open_deal(lead=lead, amount=None, currency="", expected_close_on=None, by=alice, at=NOW)
    lose(deal=lost, reason=reason("no_budget"), by=alice, at=NOW + HOUR)
    other = accepted(alice, "Bela")
    give_back(lead=other, reason=reason("unresponsive"), by=alice, at=NOW)

    assert [item.kind.label for item in past_of(lead, at=NOW).items] == ["Deal lost"]
    assert [item.kind.label for item in past_of(other, at=NOW).items] == ["Given back"]


def test_where_sales_never_said_no_there_is_no_past(alice):
    rejected(alice)
    handoff = Handoff.objects.get()
    undo(handoff=handoff, by=alice, at=NOW)

    assert past_of(Lead.objects.get(), at=NOW) is None


def test_the_page_of_the_lead_shows_it_to_whoever_decides_next(alice):
    lead = rejected(alice)
    page = signed_in(alice).get(reverse("leads:detail", args=[lead.pk])).content.decode()
    other = signed_in(alice).get(reverse("leads:detail", args=[LeadFactory().pk])).content.decode()

    assert "Rejected: Too small" in page
    assert "It has done nothing since." in page
    assert "Sales said before" not in other


def test_it_costs_four_queries(alice, django_assert_num_queries):
    lead = rejected(alice)

    with django_assert_num_queries(4):
        past_of(lead, at=NOW)
