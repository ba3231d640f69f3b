"""Edits of two people, and steps back."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from leads.models import User
from scoring.models import Condition, Rule, Rulebook
from scoring.rulebook.editing import (
    EditConflict,
    undo,
)
from scoring.rulebook.keyed import NoSuchPlace
from scoring.rulebook.rows import document_of, form_of
from scoring.rulebook.steps import steps_of
from tests.scoring.rulebook.conftest import NOW, edit
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db


# Two people -------------------------------------------------------------------------------------------


def test_edits_of_different_places_are_merged(draft: Rulebook, alice: User, bob: User) -> None:
    edit(draft, "rules.vp.points", 5, by=bob, seen=0)
    edit(draft, "rules.vp.name", "Boss", by=alice, seen=0)

    vp = Rule.objects.get(key="vp")
    assert (vp.points, vp.name) == (5, "Boss")


def test_an_edit_of_the_same_place_is_refused_until_theirs_was_seen(
    draft: Rulebook, alice: User, bob: User
) -> None:
    edit(draft, "rules.pricing.points", 5, by=bob, seen=0)

    with pytest.raises(EditConflict) as refused:
        edit(draft, "rules.pricing.points", 7, by=alice, seen=0)

    assert refused.value.theirs.what == "Points of Pricing page: 20 to 5"
    assert refused.value.label == "Points of Pricing page"
    assert Rule.objects.get(key="pricing").points == 5
    edit(draft, "rules.pricing.points", 7, by=alice, seen=1)
    assert Rule.objects.get(key="pricing").points == 7


def test_own_edits_and_the_same_value_are_no_conflict(draft: Rulebook, alice: User, bob: User) -> None:
    edit(draft, "rules.vp.points", 5, by=alice, seen=0)
    edit(draft, "rules.vp.points", 6, by=alice, seen=0)
    assert edit(draft, "rules.vp.points", 6, by=bob, seen=0).event is None


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (("rules.vp", None), ("rules.vp.points", 7)),
        (("groups.person", None), ("rules.vp.points", 7)),
        (("groups.person", None), ("groups.person.max", 7)),
        (("rules.vp.points", 5), ("rules.vp", None)),
        (
            ("rules.pricing.count+max_per_day", {"count": "each", "max_per_day": 3}),
            ("rules.pricing.count", "each"),
        ),
        (
            ("rules.pricing.max_per_day", 3),
            ("rules.pricing.count+max_per_day", {"count": "once", "max_per_day": None}),
        ),
        (("rules.vp.points", 5), ("document", {**EXAMPLE, "rules": []})),
        (("document", {**EXAMPLE, "rules": []}), ("rules.vp.points", 5)),
        (
            ("rules.quiet.place", {"group": "intent", "before": None}),
            ("rules.quiet.place", {"group": "intent", "before": "demo"}),
        ),
        (("rules.vp.points", 5), ("groups.person", None)),
    ],
    ids=str,
)
def test_whole_and_part_are_the_same_place(
    draft: Rulebook, alice: User, bob: User, theirs: tuple[str, Any], mine: tuple[str, Any]
) -> None:
    edit(draft, *theirs, by=bob, seen=0)
    before = document_of(draft)

    if mine == ("rules.pricing.count", "each"):  # that part of theirs changed nothing
        assert edit(draft, *mine, by=alice, seen=0).event is None
        return
    with pytest.raises(EditConflict):
        edit(draft, *mine, by=alice, seen=0)
    assert document_of(Rulebook.objects.get(pk=draft.pk)) == before


def test_a_replaced_draft_conflicts_only_where_it_differs(draft: Rulebook, alice: User, bob: User) -> None:
    document = deepcopy(EXAMPLE)
    document["rules"][0]["points"] = 3
    edit(draft, "document", document, by=bob, seen=0)

    edit(draft, "rules.pricing.points", 7, by=alice, seen=0)
    with pytest.raises(EditConflict):
        edit(draft, f"rules.{document['rules'][0]['key']}.points", 7, by=alice, seen=0)


# Undo -------------------------------------------------------------------------------------------------


def test_an_undo_is_refused_where_somebody_went_on(draft: Rulebook, alice: User, bob: User) -> None:
    mine = edit(draft, "rules.vp.points", 5, by=alice).event
    assert mine
    edit(draft, "rules.vp.points", 6, by=bob)

    with pytest.raises(EditConflict, match="Bob has changed this: Points of VP or head of: 5 to 6"):
        undo(draft=draft.pk, event=mine, by=alice, at=NOW)


def test_a_deleted_rule_comes_back_to_its_place_with_its_conditions(draft: Rulebook, alice: User) -> None:
    gone = edit(draft, "rules.pricing", None, by=alice).event
    assert gone
    edit(draft, "rules.demo.points", 3, by=alice)

    undo(draft=draft.pk, event=gone, by=alice, at=NOW)

    assert [rule.key for rule in form_of(draft).rules] == [rule["key"] for rule in EXAMPLE["rules"]]
    assert Condition.objects.filter(rule__key="pricing").exists()


def test_nothing_is_undone_twice(draft: Rulebook, alice: User) -> None:
    event = edit(draft, "rules.vp.points", 5, by=alice).event
    assert event
    undo(draft=draft.pk, event=event, by=alice, at=NOW)

    with pytest.raises(NoSuchPlace, match="undone already"):
        undo(draft=draft.pk, event=event, by=alice, at=NOW)


def test_steps_go_back_and_forth_one_by_one(draft: Rulebook, alice: User, bob: User) -> None:
    for points in (5, 6):
        edit(draft, "rules.vp.points", points, by=alice)
    edit(draft, "rules.demo.points", 3, by=bob)

    for expected in (5, 20):
        step = steps_of(draft, alice).undo
        assert step
        undo(draft=draft.pk, event=step, by=alice, at=NOW)
        assert Rule.objects.get(key="vp").points == expected
    assert steps_of(draft, alice).undo is None
    redo = steps_of(draft, alice).redo
    assert redo
    undo(draft=draft.pk, event=redo, by=alice, at=NOW)
    assert Rule.objects.get(key="vp").points == 5
    edit(draft, "rules.vp.points", 9, by=alice)
    assert steps_of(draft, alice).redo is None
