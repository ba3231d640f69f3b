"""Plotly understands the figures of a backtest, and every number opens the lines that it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import plotly.graph_objects as go
import pytest

from leads.models import Deal
from scoring.backtest.asked import BacktestRefused
from scoring.backtest.figures import decisions_figure, timing_figure, weekly_figure
from scoring.backtest.listing import page_of_lines, part_of, title_of
from scoring.backtest.result import Number, Outcomes, Result, SideResult
from scoring.backtest.verdict import verdict
from scoring.models import Study
from tests.scoring.backtest.conftest import Run, at, draft_of, handed_over, lead_of, views
from tests.scoring.conftest import Publish, activity

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(run: Run, publish_rules: Publish) -> Study:
    """Two accepted, one of them won; one rejected; one withdrawn; one waiting; one new; one from the start."""
    publish_rules(activity("page_view", 10))
    won, yes, no, back, wait, new, start = (lead_of() for _ in range(7))
    for lead, *days in ((won, 2, 4), (no, 9), (wait, 20), (new, 22), (start, -9)):
        views(lead, *days)
    handed_over(won, 5, decided=6)
    Deal.objects.create(lead=won, state="won", opened_at=at(8), closed_at=at(9))
    handed_over(yes, 7, decided=8)
    handed_over(no, 10, decided=11, state="rejected", reason="student")
    handed_over(back, 12, decided=13, state="withdrawn")
    handed_over(wait, 21)
    return run(draft_of(activity("page_view", 20)))


def numbers(result: Result) -> Iterator[Number]:
    """Every number of the page."""
    for row in result.reasons:
        yield from (row.total, *row.spared.values())
    for _, found in result.weekly:
        yield from found
    for _, _, found in result.timing:
        yield from found
    yield from of_outcomes(result.real)
    for side in result.sides:
        yield from of_side(side)


def of_outcomes(outcomes: Outcomes) -> Iterator[Number]:
    yield outcomes.decided
    yield from (outcomes.total, outcomes.won, outcomes.accepted, outcomes.rejected)
    yield from (outcomes.withdrawn, outcomes.waiting)


def of_side(side: SideResult) -> Iterator[Number]:
    yield from (side.made, side.new, side.start, side.before)
    for share in (side.precision, side.kept_accepted, side.kept_won, side.spared):
        yield from (share.part, share.whole)
    yield from of_outcomes(side.same)
    yield from of_outcomes(side.missed)


def test_each_number_is_the_length_of_its_list(study: Study) -> None:
    found = list(numbers(Result(study)))

    assert len(found) > 60
    assert {number.value for number in found} >= {0, 1, 2, 3, 5}
    for number in found:
        part = part_of(dict(parse_qsl(number.query)))
        assert page_of_lines(study, part).total == number.value, number.query
        assert title_of(part)


def test_verdict_says_it_in_words(study: Study) -> None:
    assert verdict(Result(study)) == (
        "With this draft sales would have got 1 fewer handoff: 4 instead of 5. Of the 2 it would have skipped, sales"
        " had accepted 1; 1 had been withdrawn. Of its one new handoff nobody can tell how sales would have decided."
    )


def test_verdict_without_any_handoff(run: Run) -> None:
    views(lead_of(), 3)

    assert verdict(Result(run(draft_of(activity("page_view", 20))))) == (
        "Nothing was handed over in this period, so there is nothing to compare with; this draft would have handed over"
        " one lead."
    )


def test_verdict_of_what_changes_nothing(run: Run, publish_rules: Publish) -> None:
    lead = lead_of()
    views(lead, 3)
    handed_over(lead, 4, decided=5)
    published = publish_rules(activity("page_view", 20))

    assert verdict(Result(run(published))) == (
        "With version 1 sales would have got as many handoffs as it did, 1. It would have skipped none of those that"
        " were made. Version 1, the published one, would have done the same."
    )


def test_rejected_and_won_are_named_in_the_order_that_matters(run: Run) -> None:
    won, no = lead_of(), lead_of()
    handed_over(won, 5, decided=6)
    Deal.objects.create(lead=won, state="won", opened_at=at(8), closed_at=at(9))
    handed_over(no, 5, decided=6, state="rejected", reason="student")

    found = verdict(Result(run(draft_of(activity("page_view", 20)))))

    assert "Of the 2 it would have skipped, sales had rejected 1 and accepted 1, 1 of them won." in found


@pytest.mark.parametrize("figure", [weekly_figure, timing_figure, decisions_figure])
def test_plotly_understands_the_figure(study: Study, figure: Any) -> None:
    made = figure(Result(study), base="/list/")

    drawn = go.Figure(made).to_dict()

    assert [trace["type"] for trace in drawn["data"]] == ["bar"] * len(made["data"])
    for trace in made["data"]:
        assert len(trace["x"]) == len(trace["y"]) == len(trace["customdata"])
        assert all(address.startswith("/list/?side=") for address in trace["customdata"])


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"side": "nobody"}, "“nobody” is no side; it is one of: real, draft, published"),
        ({"side": "draft", "kind": "x"}, "“x” is no kind"),
        ({"side": "draft", "outcome": "x"}, "“x” is no outcome"),
        ({"side": "draft", "days": "1e9"}, "“1e9” is no whole number for “days”"),
        ({"side": "draft", "reason": "9" * 30}, "is no whole number for “reason”"),
        ({"side": "draft", "week": "2026-13-01"}, "“2026-13-01” is no week"),
    ],
)
def test_list_of_what_cannot_be_is_refused_in_words(asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(BacktestRefused, match=sentence):
        part_of(asked)
