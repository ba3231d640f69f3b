"""What two rulebooks make of five leads, worked out by hand in the Cast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from scoring.effect.comparison import Comparison
from scoring.effect.tally import Mover, Tally, document_of, tally_of
from scoring.engine.levels import LeadRange, LeadSet
from scoring.engine.outcomes import RuleSum
from tests.factories import ActivityFactory, HandoffFactory, LeadFactory, change_of
from tests.scoring.conftest import NOW, activity, german
from tests.scoring.effect.conftest import DRAFT, PUBLISHED, THEN, Cast, form_of_rules

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def comparison() -> Comparison:
    return Comparison.of(form_of_rules(*PUBLISHED), form_of_rules(*DRAFT, threshold=15), TODAY)


def tally(comparison: Comparison, leads: Sequence[Lead] | None = None) -> Tally:
    leads = Lead.objects.all() if leads is None else leads
    return comparison.tally(LeadSet([lead.pk for lead in leads]))


def test_who_enters_who_leaves_and_who_changes_grade(comparison: Comparison, cast: Cast) -> None:
    found = tally(comparison)

    assert found.leads == 5
    assert (found.before.qualified, found.after.qualified) == (3, 3)  # ada, ben, cora → ben, cora, eve
    assert (found.entering, found.leaving, found.regraded) == (1, 1, 2)  # ada and ben fall from B3 to C3
    assert found.enter == (Mover(cast.eve.pk, 0, 10, "C3", 0, 15, "C3"),)
    assert found.leave == (Mover(cast.ada.pk, 20, 0, "B3", 10, 0, "C3"),)


def test_totals_grades_and_rules_of_both_sides(comparison: Comparison, cast: Cast) -> None:
    found = tally(comparison)

    assert found.before.totals == {20: 2, 30: 1, 0: 1, 10: 1}
    assert found.after.totals == {10: 1, 25: 1, 30: 1, 0: 1, 15: 1}
    assert found.before.grades == {"B3": 2, "C2": 1, "C3": 2}
    assert found.after.grades == {"C3": 4, "C2": 1}
    assert found.before.rules == {"r0": RuleSum(2, 40), "r1": RuleSum(3, 40)}
    assert found.after.rules == {"r0": RuleSum(2, 20), "r1": RuleSum(3, 60)}


def test_load_at_publication_leaves_out_stages_holds_and_waiting_ones(
    comparison: Comparison, cast: Cast
) -> None:
    """Published: ada and ben (cora is an SQL). Draft: ben; eve is on hold."""
    found = tally(comparison)

    assert (found.before.offered, found.after.offered) == (2, 1)

    HandoffFactory(lead=cast.ben)
    Lead.objects.filter(pk=cast.eve.pk).update(hold_until=TODAY)
    assert tally(comparison).after.offered == 1  # eve


def test_recycled_lead_counts_once_it_has_earned_its_way_back(comparison: Comparison, cast: Cast) -> None:
    """Its one visit since is worth 15 of the 10 points that re-entry needs; before it there was nothing new."""
    Lead.objects.filter(pk=cast.eve.pk).update(hold_until=TODAY, evidence_after=NOW - timedelta(days=1))
    assert tally(comparison).after.offered == 1  # ben

    Lead.objects.filter(pk=cast.eve.pk).update(evidence_after=NOW - timedelta(days=6))
    assert tally(comparison).after.offered == 2


def test_flow_is_who_qualifies_now_did_not_28_days_ago_and_was_free(
    comparison: Comparison, cast: Cast
) -> None:
    """Their country stood 28 days ago, their visits did not. Published: ada and ben qualified then as well, cora was
    an SQL. Draft: ben (10 then) and eve are new.
    """
    found = tally(comparison)

    assert (found.before.fresh, found.after.fresh) == (0, 2)


def test_flow_counts_a_lead_that_came_in_since_even_if_its_facts_alone_qualify_it(
    comparison: Comparison,
) -> None:
    old = LeadFactory(country="DE", created_at=THEN)
    new = LeadFactory(country="DE", created_at=THEN + timedelta(days=1))

    assert tally(comparison, [old]).before.fresh == 0
    assert tally(comparison, [new]).before.fresh == 1


def test_flow_goes_by_the_stage_of_then(comparison: Comparison, cast: Cast) -> None:
    change_of(cast.eve, cast.cora.stage, at=THEN - timedelta(days=1))
    change_of(cast.ben, cast.cora.stage, at=THEN + timedelta(days=1))

    assert tally(comparison).after.fresh == 1  # ben was a lead until the day after


def test_ranges_add_up_to_the_whole(comparison: Comparison, cast: Cast) -> None:
    ids = sorted(Lead.objects.values_list("pk", flat=True))

    parts = comparison.tally(LeadRange(ids[0], ids[1])) + comparison.tally(LeadRange(ids[2], ids[4]))

    assert parts == tally(comparison) == Tally() + parts


def test_tally_survives_being_kept_as_json(comparison: Comparison, cast: Cast) -> None:
    found = tally(comparison)

    assert tally_of(json.loads(json.dumps(document_of(found)))) == found


def test_without_a_published_rulebook_everybody_who_qualifies_enters(cast: Cast) -> None:
    found = tally(Comparison.of(None, form_of_rules(*DRAFT, threshold=15), TODAY))

    assert (found.entering, found.leaving, found.regraded, found.before.qualified) == (3, 0, 0, 0)
    assert found.enter[0] == Mover(cast.cora.pk, 0, 0, "", 0, 30, "C2")  # the highest total first


def test_no_leads_are_no_error(comparison: Comparison) -> None:
    found = tally(comparison)

    assert (found.leads, found.after.rules) == (0, {"r0": RuleSum(), "r1": RuleSum()})


def test_rulebook_without_rules_scores_all_alike(cast: Cast) -> None:
    found = tally(Comparison.of(None, form_of_rules(), TODAY))

    assert found.after.totals == {0: 5}


def test_as_many_rules_as_are_allowed_are_one_statement(cast: Cast) -> None:
    rules = [german(1) if number % 2 else activity("page_view", 1) for number in range(300)]

    found = tally(Comparison.of(None, form_of_rules(*rules), TODAY))

    assert found.after.rules["r299"] == RuleSum(2, 2)
    assert found.after.rules["r298"] == RuleSum(3, 4)


def test_queries_do_not_grow_with_the_leads(comparison: Comparison, cast: Cast) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            tally(comparison)
        counts.append(len(queries))
        for lead in LeadFactory.create_batch(10, country="DE"):
            ActivityFactory(lead=lead, occurred_at=NOW)

    assert counts[0] >= counts[1]
