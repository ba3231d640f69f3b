from __future__ import annotations

from datetime import timedelta

import pytest

from leads.feedback import reading
from leads.feedback.asking import Kind
from leads.feedback.reading import BadFeedback, feedback_page, latest_news, summary_of
from leads.handoff.decisions import reject
from leads.handoff.undoing import undo
from leads.models import Role, StageChange, Touch
from leads.selling.deals import give_back, lose, open_deal, win
from leads.selling.steps import log_touch
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory, change_of
from tests.leads.feedback.conftest import HOUR, NOW, accepted, asked, offered, reason, rejected


def said(**fields) -> list[tuple[str, str, str]]:
    items = feedback_page(asked(**fields)).items
    return [(str(item.lead), item.kind.label, item.reason.key) for item in items]


def deal_of(lead, by):
    return open_deal(lead=lead, amount=None, currency="", expected_close_on=None, by=by, at=NOW - HOUR / 2)


def test_what_sales_says_is_listed_newest_first(alice):
    rejected(alice, "First", at=NOW - HOUR)
    give_back(lead=accepted(alice, "Second"), reason=reason("unresponsive"), by=alice, at=NOW)
    lost = deal_of(accepted(alice, "Third"), alice)
    lose(deal=lost, reason=reason("competitor"), by=alice, at=NOW + HOUR, note="Cheaper")

    assert said() == [
        ("Third", "Deal lost", "competitor"),
        ("Second", "Given back", "unresponsive"),
        ("First", "Rejected", "too_small"),
    ]
    third, _, first = feedback_page(asked()).items
    assert (first.note, first.by, first.handoff.contributions[0]["name"]) == (
        "Note on First",
        alice,
        "Pricing page",
    )
    assert (third.note, third.deal) == ("Cheaper", lost)


def test_a_lost_deal_that_moves_nothing_is_told_too(alice):
    lead = accepted(alice)
    win(deal=deal_of(lead, alice), by=alice, at=NOW)
    lose(deal=deal_of(lead, alice), reason=reason("no_budget"), by=alice, at=NOW + HOUR)

    assert said() == [("Anna", "Deal lost", "no_budget")]


def test_what_is_no_feedback_is_not_listed(alice, mary):
    handoff = offered("Undone")
    rejected_lead = handoff.lead
    reject(handoff=handoff, reason=reason("spam"), by=alice, at=NOW)
    undo(handoff=handoff, by=alice, at=NOW + timedelta(minutes=1))
    change_of(LeadFactory(), reading.Stage.RECYCLED, at=NOW, reason=reason("spam"), imported=True)
    change_of(LeadFactory(), reading.Stage.DISQUALIFIED, at=NOW, reason=reason("spam"), from_stage="lead")
    accepted(alice)

    assert StageChange.objects.filter(lead=rejected_lead, undone=True).exists()
    assert said() == []


def test_filters_narrow_and_agree_with_the_counts(alice):
    team = TeamFactory()
    rejected(alice, "Fair", lead_source="Fair", rulebook_version=3)
    rejected(
        UserFactory(role=Role.REP, team=team),
        "Webinar",
        because="spam",
        lead_source="Webinar",
        rulebook_version=4,
    )
    rejected(alice, "Old", at=NOW - timedelta(days=7))

    assert len(said()) == 2
    for fields in (
        {"reason": reason("spam")},
        {"source": "webinar"},
        {"team": team},
        {"version": 4},
        {"kind": Kind.REJECTED, "reason": reason("spam"), "is_answered": False},
    ):
        assert [name for name, _, _ in said(**fields)] == ["Webinar"], fields
        assert summary_of(asked(**fields)).count == 1
    assert said(is_answered=True) == said(kind=Kind.LOST) == []


def test_counts_are_by_reason_and_by_source(alice):
    rejected(alice, "A", lead_source="Fair")
    rejected(alice, "B", lead_source="Webinar")
    rejected(alice, "C", because="spam", lead_source="Fair")

    summary = summary_of(asked())

    assert [(share.key, share.count, share.open) for share in summary.reasons] == [
        ("too_small", 2, 2),
        ("spam", 1, 1),
    ]
    assert [(share.key, share.count) for share in summary.sources] == [("fair", 2), ("webinar", 1)]
    assert (summary.count, summary.answered) == (3, 0)


def test_pages_show_each_once_though_instants_are_equal(alice, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)
    for number in range(3):
        rejected(alice, f"R{number}")
    for number in range(2):
        lose(deal=deal_of(accepted(alice, f"L{number}"), alice), reason=reason("spam"), by=alice, at=NOW)

    seen, before = [], ""
    while True:
        page = feedback_page(asked(), before=before)
        seen += [str(item.lead) for item in page.items]
        if not page.older:
            break
        before = page.older

    assert sorted(seen) == ["L0", "L1", "R0", "R1", "R2"]


@pytest.mark.parametrize("before", ["x", "2026-03-02T10:00:00~m1", "2026-13-02T10:00:00+00:00~m1", "~", "m1"])
def test_a_place_that_cannot_be_is_refused_in_words(db, before):
    with pytest.raises(BadFeedback, match="no place in this list"):
        feedback_page(asked(), before=before)


def test_news_are_what_was_said_after(alice):
    rejected(alice, "Before", at=NOW - HOUR)
    rejected(alice, "After", at=NOW)

    news, count = latest_news(asked(), after=NOW - HOUR, most=3)

    assert ([str(item.lead) for item in news], count) == (["After"], 1)
    assert latest_news(asked(), after=NOW, most=3) == ((), 0)


def test_a_page_costs_four_queries_and_counts_five(alice, django_assert_num_queries):
    for number in range(3):
        rejected(alice, f"R{number}")
    log_touch(lead=accepted(alice, "T"), kind=Touch.Kind.CALL, note="", by=alice, at=NOW)
    HandoffFactory()

    with django_assert_num_queries(4):
        for item in feedback_page(asked()).items:
            assert (item.lead.source, item.by.team, item.handoff.grade, list(item.answers)) == (
                "",
                None,
                "A2",
                [],
            )
    with django_assert_num_queries(4):
        summary_of(asked())
