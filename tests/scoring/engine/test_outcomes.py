"""Scores that are told and not written, with the sums of the rules: the explainer is the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine.compiler import CompiledRulebook
from scoring.engine.explainer import explain
from scoring.engine.levels import LeadSet
from scoring.engine.loading import load_leads
from scoring.engine.outcomes import Outcome, RuleSum, outcomes
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.worlds import DAY, LEADS, rulebooks

pytestmark = pytest.mark.django_db


@given(rulebook=rulebooks(), leads=st.lists(LEADS, min_size=1, max_size=4), zone=st.just("UTC"))
def test_outcomes_are_what_the_explainer_says(rulebook, leads, zone):
    with world_of(rulebook, leads, zone) as world:
        form, ids = world.form, world.lead_ids
        found = outcomes(CompiledRulebook(form, DAY), LeadSet(ids))
        explained = [explain(form, lead, DAY) for lead in load_leads(form, ids)]
        gives = {rule.key: [0, 0] for rule in form.enabled_rules}
        for one in explained:
            for reason in one.reasons:
                gives[reason.rule.key][0] += reason.contribution != 0
                gives[reason.rule.key][1] += reason.contribution

        assert found.rules == {key: RuleSum(*sums) for key, sums in gives.items()}
        assert found.leads == {
            one.lead: Outcome(
                one.score.fit,
                one.score.engagement,
                one.score.grade,
                one.score.qualified,
                one.score.fast_tracked,
            )
            for one in explained
        }
