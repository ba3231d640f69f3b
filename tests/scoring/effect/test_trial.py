"""A draft tried on the leads of the Cast."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.effect.trial import MOST_FOUND, Trial, TrialLine, found_leads, trial_of
from scoring.models import Rulebook
from scoring.rulebook.rows import save_draft
from tests.factories import LeadFactory
from tests.scoring.conftest import NOW, Publish, activity, german
from tests.scoring.effect.conftest import PUBLISHED, Cast, form_of_rules

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def lines(trial: Trial) -> dict[str, TrialLine]:
    return {line.name: line for part in trial.dimensions for group in part.groups for line in group.lines}


def draft_of(*rules: dict[str, Any], **mql: Any) -> Rulebook:
    return save_draft(form=form_of_rules(*rules, **mql), by=None)


def test_both_sides_stand_beside_each_other(draft: Rulebook, cast: Cast, publish_rules: Publish) -> None:
    publish_rules(*PUBLISHED)

    trial = trial_of(draft, cast.eve, day=TODAY)

    (line,) = lines(trial).values()
    assert (line.name, line.before, line.after, line.change) == ("Visit", 10, 15, 5)
    assert line.words_before == line.words_after == "once, latest 5 days ago"
    assert [(part.before, part.after) for part in trial.dimensions] == [(0, 0), (10, 15)]
    assert trial.before is not None
    assert (trial.before.score.total, trial.after.score.total, trial.change) == (10, 15, 5)
    assert trial.is_other_verdict
    assert trial.silent == 1  # Germany


def test_rules_of_one_side_alone_are_told_as_such(cast: Cast, publish_rules: Publish) -> None:
    publish_rules(german(20, key="old", name="Old"))
    draft = draft_of(german(5, key="new", name="New"), activity("page_view", 9))

    found = lines(trial_of(draft, cast.ada, day=TODAY))

    assert (found["Old"].before, found["Old"].after, found["Old"].words_after) == (20, None, "no such rule")
    assert (found["New"].before, found["New"].after, found["New"].change) == (None, 5, 5)


def test_what_floor_and_cap_take_makes_the_lines_add_up(cast: Cast, publish_rules: Publish) -> None:
    publish_rules(*PUBLISHED)
    draft = draft_of(german(30), german(20), activity("page_view", 1))
    draft.groups.filter(key="who").update(max_points=35)

    trial = trial_of(draft, cast.ada, day=TODAY)

    (group,) = trial.dimensions[0].groups
    assert (group.before, group.after) == (20, 35)
    assert sum(line.change for line in group.lines) == group.change == 15
    assert lines(trial)["Floor and cap"].after == -15


def test_without_a_published_rulebook_there_is_one_side(draft: Rulebook, cast: Cast) -> None:
    trial = trial_of(draft, cast.ben, day=TODAY)

    assert (trial.before, trial.published, trial.is_other_verdict) == (None, None, False)
    assert (lines(trial)["Visit"].before, lines(trial)["Visit"].after) == (None, 15)
    assert trial.after.score.total == 25


def test_lead_is_found_by_name_company_e_mail_and_number(db: None) -> None:
    lead = LeadFactory(first_name="Ada", company_name="Acme", email="ada@acme.example")
    LeadFactory(first_name="Ben")

    for text in ("ada", "Acm", "ada@acme.example", str(lead.pk)):
        assert [row.lead for row in found_leads(text)] == [lead], text
    assert found_leads("nobody") == []
    assert found_leads("9" * 30) == []


def test_search_shows_a_few(db: None) -> None:
    LeadFactory.create_batch(MOST_FOUND + 5, first_name="Ada")

    assert len(found_leads("ada")) == MOST_FOUND
