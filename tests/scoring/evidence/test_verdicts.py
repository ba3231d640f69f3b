from __future__ import annotations

from typing import Any

import pytest

from scoring.evidence.counting import Counts, Decisions, Tally
from scoring.evidence.subjects import Subjects
from scoring.evidence.verdicts import ENOUGH, Findings, Verdict, findings_of
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import vocabulary
from tests.scoring.conftest import activity, document, german

pytestmark = pytest.mark.django_db
NOBODY = Counts(Decisions(), Decisions(), ())


def counts(with_: tuple[int, int], without: tuple[int, int]) -> Counts:
    """Each as accepted of decided."""
    first, second = (Decisions(decided, accepted) for accepted, decided in (with_, without))
    return Counts(first, second, ())


def found(*pairs: tuple[dict[str, Any], Counts], **mql: Any) -> Findings:
    """What is said of these rules, each with its counts."""
    form = read_form(document(*(rule for rule, _ in pairs), **mql), vocabulary())
    rules = {f"r{index}": told for index, (_, told) in enumerate(pairs)}
    groups = {group.key: NOBODY for group in form.groups}
    return findings_of(form, Tally(Decisions(), 0, rules, groups, Subjects({}, {})))


def verdict(rule: dict[str, Any], told: Counts) -> Verdict:
    (line,) = found((rule, told)).rules
    return line.verdict


# 12 of 100 against 38 of 100 is -26, between -37 and -14.
AGAINST = counts((12, 100), (38, 100))
FOR = counts((38, 100), (12, 100))


@pytest.mark.parametrize(
    ("points", "told", "expected"),
    [
        (15, AGAINST, Verdict.AGAINST),
        (15, FOR, Verdict.EARNS),
        (-15, AGAINST, Verdict.EARNS),
        (-15, FOR, Verdict.AGAINST),
        (15, counts((30, 100), (45, 100)), Verdict.LEANS_AGAINST),  # -15, between -28 and -2
        (15, counts((45, 100), (30, 100)), Verdict.LEANS_FOR),
        (15, counts((30, 100), (31, 100)), Verdict.UNCLEAR),
        (15, counts((0, ENOUGH - 1), (900, 1000)), Verdict.FEW),
        (15, counts((900, 1000), (0, ENOUGH - 1)), Verdict.FEW),
        (15, counts((0, ENOUGH), (900, 1000)), Verdict.AGAINST),
    ],
)
def test_verdict_follows_the_interval_of_the_difference(points, told, expected):
    assert verdict(activity("page_view", points), told) == expected


def test_strong_evidence_against_the_points_suggests_a_third_of_them():
    findings = found((activity("page_view", 15), AGAINST), (activity("demo_request", 30), FOR))

    (suggestion,) = findings.suggestions
    assert (suggestion.line.key, suggestion.points, suggestion.to) == ("r0", 15, 5)
    assert suggestion.decided == 200


@pytest.mark.parametrize(("points", "to"), [(-15, -5), (8, 3), (2, 1)])
def test_suggested_points_keep_their_sign_and_are_never_0(points, to):
    told = AGAINST if points > 0 else FOR

    (suggestion,) = found((activity("page_view", points), told), threshold=10).suggestions

    assert suggestion.to == to


@pytest.mark.parametrize(
    "rule",
    [
        activity("page_view", 1),  # nothing less is possible
        activity("page_view", 15, fast_track=True),  # its points are not what it is for
        activity("page_view", 15, disqualifies=True),
        activity("page_view", 9, max_points=9),  # a tenth of the threshold would be 10
        german(9),
    ],
)
def test_no_suggestion_where_other_points_would_change_little(rule):
    assert found((rule, AGAINST), threshold=100).suggestions == []


def test_evidence_that_only_leans_suggests_nothing():
    assert found((activity("page_view", 15), counts((30, 100), (45, 100)))).suggestions == []


def test_rules_that_are_switched_off_are_left_out():
    assert found((activity("page_view", 15, enabled=False), AGAINST)).rules == []


def test_what_speaks_against_comes_first_and_the_strongest_of_each_leads():
    rule = activity("page_view", 15)
    findings = found(
        (rule, counts((30, 100), (31, 100))),
        (rule, NOBODY),
        (rule, FOR),
        (rule, AGAINST),
        (rule, counts((90, 100), (12, 100))),
    )

    assert [line.key for line in findings.rules] == ["r3", "r4", "r2", "r0", "r1"]
    assert findings.having(Verdict.EARNS) == 2
