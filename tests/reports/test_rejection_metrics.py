from __future__ import annotations

from datetime import date

import pytest

from leads.models import Reason
from reports.measures import NOTHING
from reports.metrics.rejections import (
    notes,
    pareto,
    reasons_by,
    reasons_by_rule,
    reasons_over_time,
)
from reports.period import Period
from reports.scope import Scope
from scoring.models import Rulebook
from scoring.rulebook.versions import publish
from tests.factories import UserFactory, contribution
from tests.reports.conftest import instant
from tests.reports.selling import accepted, rejected
from tests.scoring.conftest import activity, draft_of

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
LATER = date(2026, 12, 31)


def gave(*rules: str) -> list:
    return [contribution(rule=rule) for rule in rules]


@pytest.fixture
def book(db) -> Rulebook:
    """r0 and r1."""
    draft = draft_of(activity("page_view", 10), activity("demo_request", 30))
    return publish(book=draft, note="Test", at=instant("2026-01-01"), origin="test")


@pytest.fixture
def rejections(a_lead, book, refresh) -> None:
    """Eight MQL visits of January: six rejected, by reason, source and the rules that had given points.

    |   | source  | mql              | decided          |            | rules  |
    |---|---------|------------------|------------------|------------|--------|
    | a | Webinar | 5 Jan            | 6 Jan            | not_now    | r0     |
    | b | Webinar | 6 Jan            | 7 Jan            | not_now    | r0, r1 |
    | c | (blank) | 31 Jan 23:59:59  | 3 Feb            | not_now    | r1     |
    | d | unknown | 8 Jan            | 9 Jan            | too_small  | r0     |
    | e | Webinar | 8 Jan, 20 Jan    | 9 Jan, 21 Jan    | not_now, then competitor (came back)    | r0, r1 |
    | f | Webinar | 8 Jan            | 9 Jan            | accepted   | r0     |
    | g | Event   | 10 Jan           | 11 Jan           | no reason (imported, without evidence)  |        |
    """
    rep = UserFactory(username="cat")
    a = a_lead("2026-01-01", {"mql": "2026-01-05", "recycled": "2026-01-06"}, source="Webinar")
    rejected(a, "2026-01-05", "2026-01-06", rep, "not_now", contributions=gave("r0"), note="Call in May")
    b = a_lead("2026-01-01", {"mql": "2026-01-06", "recycled": "2026-01-07"}, source="Webinar")
    rejected(b, "2026-01-06", "2026-01-07", rep, "not_now", contributions=gave("r0", "r1"))
    c = a_lead("2026-01-01", {"mql": "2026-01-31 23:59:59", "recycled": "2026-02-03"})
    rejected(c, "2026-01-31 23:59:59", "2026-02-03", rep, "not_now", contributions=gave("r1"))
    d = a_lead("2026-01-01", {"mql": "2026-01-08", "recycled": "2026-01-09"}, source="unknown")
    rejected(d, "2026-01-08", "2026-01-09", rep, "too_small", contributions=gave("r0"))
    e = a_lead(
        "2026-01-01",
        [
            ("mql", "2026-01-08"),
            ("recycled", "2026-01-09"),
            ("mql", "2026-01-20"),
            ("disqualified", "2026-01-21"),
        ],
        source="Webinar",
    )
    rejected(e, "2026-01-08", "2026-01-09", rep, "not_now", contributions=gave("r0"))
    rejected(e, "2026-01-20", "2026-01-21", rep, "competitor", contributions=gave("r1"), note="Works at Acme")
    f = a_lead("2026-01-01", {"mql": "2026-01-08", "sql": "2026-01-09"}, source="Webinar")
    accepted(f, "2026-01-08", "2026-01-09", rep, contributions=gave("r0"), note="Good one")
    a_lead("2026-01-01", {"mql": "2026-01-10", "recycled": "2026-01-11"}, source="Event", imported=True)
    refresh()


def scope(as_of: date = LATER, period: Period = JANUARY, **chosen: str) -> Scope:
    return Scope(period, as_of, chosen=chosen)


def pk(key: str) -> int:
    return Reason.objects.get(key=key).pk


def test_pareto_adds_up_from_the_most_frequent_reason_on(rejections):
    # not_now: a b c e = 4; too_small d, competitor e, no reason g = 1 each: 4, 5, 6, 7 of 7. Decided: 7 + f.
    found = pareto(scope())

    assert (found.rejected, found.decided, found.rate) == (7, 8, 7 / 8)
    assert (found.lines[0].reason, found.lines[0].count, found.lines[0].cumulative) == (
        pk("not_now"),
        4,
        4 / 7,
    )
    assert {line.reason: line.count for line in found.lines[1:]} == {
        pk("too_small"): 1,
        pk("competitor"): 1,
        NOTHING: 1,
    }
    assert [line.cumulative for line in found.lines] == [4 / 7, 5 / 7, 6 / 7, 1]


def test_pareto_as_of_a_day_knows_what_had_been_decided_by_its_end(rejections):
    # By the end of 20 January: a b d g and e the first time; c and e again were waiting.
    found = pareto(scope(as_of=date(2026, 1, 20)))

    assert (found.rejected, found.decided) == (5, 6)
    assert found.lines[0].count == 3


def test_reasons_by_source_keep_blank_apart_from_unknown(rejections):
    assert reasons_by(scope(), by="source") == {
        "webinar": {pk("not_now"): 3, pk("competitor"): 1},
        "": {pk("not_now"): 1},
        "unknown": {pk("too_small"): 1},
        "event": {NOTHING: 1},
    }


def test_reasons_over_time_lie_where_the_visit_began(rejections):
    # Weeks of January: 1-4, 5-11 (a b d e g), 12-18, 19-25 (e again), 26-31 (c, decided in February).
    found = reasons_over_time(scope())

    assert [part.period.start.day for part, _ in found] == [1, 5, 12, 19, 26]
    assert [sum(reasons.values()) for _, reasons in found] == [0, 5, 0, 1, 1]


def test_reasons_by_rule_count_each_rejection_for_each_of_its_rules(rejections):
    # r0: a b d e = not_now 3, too_small 1. r1: b c = not_now 2, e again = competitor 1. g has no evidence.
    found = reasons_by_rule(scope())

    assert [(line.key, line.reasons) for line in found.rules] == [
        ("r0", {pk("not_now"): 3, pk("too_small"): 1}),
        ("r1", {pk("not_now"): 2, pk("competitor"): 1}),
    ]
    assert (found.with_evidence, found.rejected) == (6, 7)


def test_reasons_by_rule_respect_the_filters(rejections):
    found = reasons_by_rule(scope(source="unknown"))

    assert [(line.key, line.rejected) for line in found.rules] == [("r0", 1)]


def test_notes_are_counted_of_rejections_only(rejections):
    # a, and e the second time; f was accepted.
    assert notes(scope()) == 2
    assert notes(scope(as_of=date(2026, 1, 20))) == 1


def test_nothing_rejected_is_no_number(book, refresh):
    refresh()

    found = pareto(scope())

    assert (found.lines, found.rejected, found.rate) == ([], 0, None)
    assert reasons_by_rule(scope()).rules == []
    assert notes(scope()) == 0


def test_without_a_published_rulebook_there_are_no_rules(a_lead, refresh):
    refresh()

    assert reasons_by_rule(scope()).version is None
