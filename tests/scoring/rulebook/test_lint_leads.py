from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from leads.models import Lead
from scoring.engine.hits import Hits, RuleHits
from scoring.engine.levels import LeadRange, LeadSet
from scoring.rulebook.document import read_form
from scoring.rulebook.findings import Finding
from scoring.rulebook.form import Form
from scoring.rulebook.lint_leads import LeadsLint, findings_of, lint_leads
from scoring.rulebook.rows import vocabulary
from scoring.sampling import a_sample, all_leads
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import NOW, activity, document, german

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def form_of_rules(*rules: dict[str, Any], **group: Any) -> Form:
    value = document(*rules)
    for one in value["groups"]:
        one |= group
    return read_form(value, vocabulary())


def told(form: Form, hits: RuleHits, *, leads: int = 100, is_sample: bool = False) -> list[Finding]:
    return list(findings_of(form, Hits(leads, {"r0": hits}), is_sample=is_sample))


def people(number: int, **facts: Any) -> Sequence[Lead]:
    return LeadFactory.create_batch(number, **facts)


def looked(form: Form) -> LeadsLint:
    return lint_leads(form, day=TODAY, look=a_sample())


def kinds(form: Form) -> list[tuple[str, str]]:
    return [(str(found.kind), found.rules[0]) for found in looked(form).findings]


# From sums to findings: the boundaries


def test_rule_that_nobody_meets_is_told_and_one_lead_is_enough() -> None:
    form = form_of_rules(german(10, name="Germans"))

    assert told(form, RuleHits(met=1, recent=1)) == []
    assert [found.sentence for found in told(form, RuleHits())] == [
        "“Germans” is met by none of the 100 leads today. Check what it asks, or switch it off."
    ]


def test_sample_says_how_many_of_all_leads_there_may_be() -> None:
    form = form_of_rules(activity("page_view", 10, name="Visits"))

    (found,) = told(form, RuleHits(met=4), leads=5000, is_sample=True)

    assert found.sentence == (
        "“Visits” is met by none of 5,000 leads drawn at random by an activity of the last 90 days"
        " (at most about 0.06 % of all leads do). Check what it asks, or switch it off."
    )


@pytest.mark.parametrize(("met", "leads", "is_told"), [(95, 100, False), (96, 100, True), (19, 20, False)])
def test_more_than_95_percent_are_nearly_all(met: int, leads: int, is_told: bool) -> None:
    found = told(form_of_rules(german(10, name="Germans")), RuleHits(met=met, recent=met), leads=leads)

    assert ([str(one.kind) for one in found] == ["nearly_all"]) == is_told
    assert not is_told or "“Germans” is met by 96 % of all 100 leads" in found[0].sentence


@pytest.mark.parametrize(("given", "is_told"), [(200, False), (199, True)])
def test_cap_that_takes_more_than_80_percent_is_told(given: int, is_told: bool) -> None:
    form = form_of_rules(german(10, max_points=2))

    found = told(form, RuleHits(met=50, recent=50, raw=1000, given=given))

    assert ([str(one.kind) for one in found] == ["rule_cap"]) == is_told
    assert (
        not is_told or "The cap of “Rule 0” (2) takes 80.1 % of its points over all 100" in found[0].sentence
    )


@pytest.mark.parametrize(("taken", "is_told"), [(800.0, False), (800.0 + 1e-10, False), (800.5, True)])
def test_group_that_takes_more_than_80_percent_is_told(taken: float, is_told: bool) -> None:
    form = form_of_rules(german(10), max=5)

    found = told(form, RuleHits(met=50, recent=50, raw=1000, given=1000, taken_by_group=taken))

    assert ([str(one.kind) for one in found] == ["group_cap"]) == is_told
    assert (
        not is_told or "The cap of the group “Who” takes 80 % of the points of “Rule 0”" in found[0].sentence
    )


def test_floor_takes_of_penalties() -> None:
    (found,) = told(
        form_of_rules(german(-10), min=-1), RuleHits(met=9, recent=9, raw=90, given=90, taken_by_group=81)
    )

    assert "The floor of the group “Who” takes 90 % of the points of “Rule 0”" in found.sentence


def test_too_few_leads_say_nothing() -> None:
    assert told(form_of_rules(german(10)), RuleHits(), leads=19) == []


# On real leads


def test_shares_of_real_leads_cross_95_percent_with_one_lead() -> None:
    form = form_of_rules(german(10))
    people(19, country="DE")
    last = LeadFactory()

    assert kinds(form) == []

    Lead.objects.filter(pk=last.pk).update(country="DE")
    assert kinds(form) == [("nearly_all", "r0")]


def test_activity_is_recent_for_90_days_of_the_calendar() -> None:
    form = form_of_rules(activity("page_view", 10))
    lead, *_ = people(20)
    ActivityFactory(lead=lead, occurred_at=NOW - timedelta(days=90))

    assert kinds(form) == [("nobody", "r0")]

    ActivityFactory(lead=lead, occurred_at=(NOW - timedelta(days=89)).replace(hour=0, minute=0))
    assert kinds(form) == []


def test_rule_with_a_short_window_is_asked_about_90_days() -> None:
    form = form_of_rules(
        activity("page_view", 10, window_days=7), activity("demo_request", 10, window_days=7)
    )
    lead, *_ = people(20)
    ActivityFactory(lead=lead, occurred_at=NOW - timedelta(days=60))

    assert kinds(form) == [("nobody", "r1")]


def test_caps_are_told_from_what_leads_get() -> None:
    """Ten Germans of 20: 60 points capped to 12 are 80 % exactly, to 11 more than that."""
    people(10, country="DE")
    people(10)

    assert kinds(form_of_rules(german(60, max_points=12))) == []
    assert kinds(form_of_rules(german(60, max_points=11))) == [("rule_cap", "r0")]


def test_cut_of_a_group_is_shared_by_the_points_that_rules_give() -> None:
    """30 + 20 - 10 = 40; a cap of 10 takes 30 of 50, 60 % of each; a cap of 0 takes 40 (80 %), one of -1 more."""
    people(10, country="DE")
    people(10)
    rules = german(30), german(20), german(-10)

    assert kinds(form_of_rules(*rules, max=10)) == []
    assert kinds(form_of_rules(*rules, max=0)) == []
    assert kinds(form_of_rules(*rules, max=-1)) == [("group_cap", "r0"), ("group_cap", "r1")]


def test_cap_below_zero_takes_no_more_than_there_is() -> None:
    people(20, country="DE")

    found = looked(form_of_rules(german(30), german(-10), max=-20)).findings

    (group_cap,) = [one.sentence for one in found if one.kind == "group_cap"]
    assert "takes 100 % of the points of “Rule 0”" in group_cap


# Which leads


def test_few_leads_are_all_looked_at() -> None:
    people(20, country="DE")

    result = looked(form_of_rules(german(10)))

    assert (result.leads, result.is_sample, result.whom) == (20, False, "all 20 leads")


def test_no_lead_at_all_is_too_few() -> None:
    result = looked(form_of_rules(german(10)))

    assert (result.leads, result.are_enough, result.findings) == (0, False, ())


def test_sample_is_of_existing_leads_and_the_same_each_time() -> None:
    for pk in (*range(100, 140), *range(170, 190)):
        LeadFactory(id=pk)

    (drawn,) = a_sample(10).targets

    assert isinstance(drawn, LeadSet)
    assert 5 <= len(drawn.ids) <= 10
    assert set(drawn.ids) <= set(Lead.objects.values_list("pk", flat=True))
    assert a_sample(10).targets == (drawn,)
    assert a_sample(10).is_sample
    assert not a_sample(60).is_sample


def test_sample_is_drawn_again_where_most_ids_are_gaps() -> None:
    for pk in (1, *range(1000, 1030)):
        LeadFactory(id=pk)

    (drawn,) = a_sample(20).targets

    assert isinstance(drawn, LeadSet)
    assert 3 <= len(drawn.ids) <= 20


def test_sample_costs_the_same_for_any_number_of_leads(django_assert_num_queries: Any) -> None:
    people(12)

    with django_assert_num_queries(3):
        a_sample(10)
    people(20)
    with django_assert_num_queries(3):
        a_sample(10)


def test_all_leads_are_looked_at_in_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.sampling._RANGE", 7)
    people(20, country="DE")
    form = form_of_rules(german(10), activity("page_view", 5, window_days=7))

    look = all_leads()
    result = lint_leads(form, day=TODAY, look=look)

    assert len(look.targets) >= 3
    assert all(isinstance(target, LeadRange) for target in look.targets)
    assert (result.leads, [str(found.kind) for found in result.findings]) == (20, ["nearly_all", "nobody"])
