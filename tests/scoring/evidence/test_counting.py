from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Reason
from scoring.evidence.counting import Decisions, tally
from scoring.evidence.listing import Outcome, Part, Side, handoffs_of
from scoring.models import HandoffRules
from tests.factories import contribution
from tests.scoring.conftest import activity, german
from tests.scoring.evidence.conftest import DECIDED_AT, asked, close, decided

pytestmark = pytest.mark.django_db

RULES = [activity("page_view", 10), activity("demo_request", 30), german(5)]


def test_decisions_with_each_rule_and_without_by_hand(publish_rules):
    """r0 gave to three (1 accepted, none won) and not to two (2 accepted, 1 won); r1 to these two."""
    book = publish_rules(*RULES)
    decided("r0", accepted=False, reason="too_small")
    decided("r0", "r2", accepted=False)
    decided("r0", "r2", accepted=True)
    decided("r1", accepted=True, won=True)
    decided("r1", "r2", accepted=True)

    found = tally(asked(book))

    assert found.total == Decisions(5, 3, 1)
    assert (found.rules["r0"].with_, found.rules["r0"].without) == (Decisions(3, 1, 0), Decisions(2, 2, 1))
    assert (found.rules["r1"].with_, found.rules["r1"].without) == (Decisions(2, 2, 1), Decisions(3, 1, 0))
    assert (found.rules["r2"].with_, found.rules["r2"].without) == (Decisions(3, 2, 0), Decisions(2, 1, 1))
    assert (found.groups["what"].with_, found.groups["what"].without) == (Decisions(5, 3, 1), Decisions())
    assert (found.groups["who"].with_, found.groups["who"].without) == (
        Decisions(3, 2, 0),
        Decisions(2, 1, 1),
    )


def test_reasons_where_it_contributed_most_frequent_first(publish_rules):
    book = publish_rules(*RULES)
    decided("r0", accepted=False, reason="too_small")
    decided("r0", accepted=False, reason="no_budget")
    decided("r0", accepted=False, reason="no_budget")
    decided("r1", accepted=False, reason="student")

    reasons = tally(asked(book)).rules["r0"].reasons

    assert [(reason.key, reason.count, reason.of) for reason in reasons] == [
        ("no_budget", 2, 3),
        ("too_small", 1, 3),
    ]


def test_only_accepted_and_rejected_ones_are_decisions(publish_rules):
    book = publish_rules(*RULES)
    decided("r0", accepted=True)
    decided("r0", accepted=True, state="withdrawn")
    undone = decided("r0", accepted=True)
    tally(asked(book))
    undone.state, undone.decided_at = "waiting", None
    undone.save()

    assert tally(asked(book)).total == Decisions(1, 1, 0)


def test_a_rule_that_was_met_but_gave_nothing_did_not_contribute(publish_rules):
    book = publish_rules(*RULES)
    decided(accepted=True, contributions=[contribution(rule="r0", points=0)])

    assert tally(asked(book)).rules["r0"].with_ == Decisions()


def test_penalties_contribute(publish_rules):
    book = publish_rules(activity("unsubscribe", -10))
    decided(accepted=False, contributions=[contribution(rule="r0", points=-10)])

    assert tally(asked(book)).rules["r0"].with_ == Decisions(1, 0, 0)


def test_a_deal_counts_that_was_won_after_the_acceptance(publish_rules):
    book = publish_rules(*RULES)
    before, lost, rejected = (
        decided("r0", accepted=True),
        decided("r0", accepted=True),
        decided(accepted=False),
    )
    close(before, at=DECIDED_AT - timedelta(days=1))
    close(lost, at=DECIDED_AT + timedelta(days=1), state="lost")
    close(rejected, at=DECIDED_AT + timedelta(days=1))

    assert tally(asked(book)).total.won == 0


def test_days_are_those_of_the_decision_both_included(publish_rules):
    book = publish_rules(*RULES)
    for at in ((1, 31, 23, 59), (2, 1, 0, 0), (2, 2, 23, 59), (2, 3, 0, 0)):
        decided("r0", accepted=True, decided_at=datetime(2026, *at, tzinfo=UTC))

    found = tally(asked(book, first=date(2026, 2, 1), last=date(2026, 2, 2)))

    assert found.total.decided == 2


def test_source_narrows(publish_rules):
    book = publish_rules(*RULES)
    decided("r0", accepted=True, source_folded="webinar")
    decided("r0", accepted=True, source_folded="event")

    assert tally(asked(book, source="webinar")).total.decided == 1


def test_handoffs_without_evidence_are_left_out_and_counted(publish_rules):
    book = publish_rules(*RULES)
    nothing = dict.fromkeys(("fit", "engagement", "total", "rulebook_version"))
    decided(accepted=True, origin="import", grade="", **nothing)
    decided("r0", accepted=True)

    found = tally(asked(book))

    assert (found.total.decided, found.left_out) == (1, 1)


def test_a_version_without_the_rule_says_nothing_about_it(publish_rules):
    publish_rules(activity("page_view", 10))
    second = publish_rules(activity("page_view", 20, name="Renamed"), activity("demo_request", 30))
    decided("r0", accepted=False, rulebook_version=1)
    decided("r0", "r1", accepted=True, rulebook_version=2)

    found = tally(asked(second))

    assert found.rules["r0"].with_.decided == 2  # other points, the same question
    assert (found.rules["r1"].with_, found.rules["r1"].without) == (Decisions(1, 1, 0), Decisions())


def test_a_rule_that_asks_otherwise_is_another_rule(publish_rules):
    publish_rules(activity("page_view", 10))
    second = publish_rules(activity("page_view", 10, window_days=30))
    decided("r0", accepted=False, rulebook_version=1)
    decided("r0", accepted=True, rulebook_version=2)

    assert tally(asked(second)).rules["r0"].with_ == Decisions(1, 1, 0)


def test_places_may_differ_from_version_to_version(publish_rules):
    publish_rules(*RULES)
    moved = [{**rule, "key": key} for rule, key in zip(RULES, ("r0", "r1", "r2"), strict=True)][::-1]
    second = publish_rules(*moved)
    decided("r0", accepted=True, rulebook_version=1)
    decided("r2", accepted=True, rulebook_version=2)

    found = tally(asked(second))

    assert (found.rules["r0"].with_.decided, found.rules["r2"].with_.decided) == (1, 1)


def test_a_rule_at_the_last_place_of_the_largest_rulebook(publish_rules):
    book = publish_rules(*[activity("page_view", 1, min_count=number + 1) for number in range(300)])
    decided("r0", "r59", "r60", "r299", accepted=True)

    found = tally(asked(book))

    gave = [key for key, counts in found.rules.items() if counts.with_.decided]
    assert gave == ["r0", "r59", "r60", "r299"]


def test_evidence_is_read_once(publish_rules):
    book = publish_rules(*RULES)
    decided("r0", accepted=True)
    tally(asked(book))
    decided("r1", accepted=True)
    tally(asked(book))

    with CaptureQueriesContext(connection) as queries:
        tally(asked(book))

    assert HandoffRules.objects.count() == 2
    assert not [query for query in queries if "INSERT" in query["sql"]]


def test_queries_do_not_grow_with_handoffs(publish_rules):
    book = publish_rules(*RULES)
    counts = []
    for _ in range(2):
        decided("r0", accepted=True)
        tally(asked(book))
        with CaptureQueriesContext(connection) as queries:
            tally(asked(book))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("key", ["r0", "r1", "r2"])
def test_every_number_equals_the_list_behind_it(publish_rules, key):
    publish_rules(*RULES[:2])
    book = publish_rules(*RULES)
    for number in range(24):
        gave = [rule for place, rule in enumerate(("r0", "r1", "r2")) if number >> place & 1]
        decided(
            *gave,
            accepted=number % 3 == 0,
            won=number % 6 == 0,
            reason=("no_budget", "not_now")[number % 2],
            rulebook_version=1 + number % 2,
        )

    counts = tally(asked(book)).rules[key]

    def listed(**part) -> int:
        return handoffs_of(asked(book), Part(rule=key, **part)).count()

    for side, expected in ((Side.WITH, counts.with_), (Side.WITHOUT, counts.without)):
        assert listed(side=side) == expected.decided
        assert listed(side=side, outcome=Outcome.ACCEPTED) == expected.accepted
        assert listed(side=side, outcome=Outcome.WON) == expected.won
    for reason in counts.reasons:
        row = Reason.objects.get(key=reason.key)
        assert listed(side=Side.WITH, reason=row) == reason.count
