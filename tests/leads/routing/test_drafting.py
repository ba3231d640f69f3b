from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from leads.models import Role, RoutingEdit, RoutingRules, Team, User
from leads.routing import drafting
from leads.routing.document import read_rule
from leads.routing.facts import routing_fields
from leads.routing.form import Rule
from tests.factories import TeamFactory, UserFactory
from tests.leads.routing.conftest import NOW, put_in_force, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return TeamFactory(name="DACH")


@pytest.fixture
def mona(team: Team) -> User:
    return UserFactory(username="mona", role=Role.MANAGER, team=team)


@pytest.fixture
def three(team: Team) -> RoutingRules:
    return put_in_force(*(rule(name, team=team) for name in "ABC"))


def written(name: str, *conditions: tuple[Any, ...], **target: Any) -> Rule:
    return read_rule(rule(name, *conditions, **target), routing_fields())


def do(change: drafting.Change, by: User) -> RoutingEdit:
    return drafting.edit(change=change, by=by, at=NOW)


def names() -> list[str]:
    return [one["name"] for one in drafting.edited().document["rules"]]


def test_edits_collect_in_a_draft_and_leave_what_is_in_force(three: RoutingRules, mona: User) -> None:
    do(drafting.moved("c", before="a"), mona)
    do(drafting.deleted("b"), mona)

    three.refresh_from_db()
    assert [one["name"] for one in three.document["rules"]] == ["A", "B", "C"]
    assert names() == ["C", "A"]
    said = RoutingEdit.objects.order_by("revision").values_list("what", "by__username")
    assert list(said) == [("Moved “C” to place 1", "mona"), ("Deleted “B”", "mona")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (drafting.moved("a", step=-1), "ABC"),
        (drafting.moved("a", step=1), "BAC"),
        (drafting.moved("c", step=-1), "ACB"),
        (drafting.moved("a", before="c"), "BAC"),
        (drafting.moved("a"), "BCA"),
    ],
)
def test_rule_is_moved(three: RoutingRules, mona: User, change: drafting.Change, expected: str) -> None:
    do(change, mona)

    assert "".join(names()) == expected


def test_copy_is_off_and_beside_its_original(three: RoutingRules, mona: User) -> None:
    do(drafting.copied("a"), mona)

    copy = drafting.edited().document["rules"][1]
    assert (copy["name"], copy["enabled"], copy["key"]) == ("A (copy)", False, "r1")


def test_deletion_is_taken_back_after_other_edits(three: RoutingRules, mona: User) -> None:
    deletion = do(drafting.deleted("b"), mona)
    do(drafting.moved("c", before="a"), mona)

    do(drafting.taken_back(deletion), mona)

    assert names() == ["C", "B", "A"]
    with pytest.raises(drafting.RulesRefused, match="changed since"):
        do(drafting.taken_back(deletion), mona)


def test_latest_edit_is_taken_back_whole(three: RoutingRules, mona: User) -> None:
    edit = do(drafting.switched("a", on=False), mona)

    do(drafting.taken_back(edit), mona)

    assert not drafting.is_changed(drafting.edited(), three)


def test_rule_that_somebody_else_changed_is_not_overwritten(
    three: RoutingRules, mona: User, team: Team
) -> None:
    seen = drafting.edited().revision
    do(drafting.saved(written("A", ("country", "is", "DE"), team=team), seen=seen), mona)

    with pytest.raises(drafting.RuleChanged, match="mona has changed this rule"):
        do(drafting.saved(written("A", ("country", "is", "AT"), team=team), seen=seen), mona)

    do(drafting.saved(written("B", ("country", "is", "AT"), team=team), seen=seen), mona)


def test_rule_that_goes_nowhere_is_refused(three: RoutingRules, mona: User) -> None:
    gone = UserFactory(role=Role.REP, is_active=False)

    for target in ({}, {"user": gone}, {"user": UserFactory(role=Role.MARKETER)}):
        with pytest.raises(drafting.RulesRefused, match="Choose"):
            do(drafting.saved(written("A", **target), seen=9), mona)
    assert not RoutingEdit.objects.exists()
    assert not RoutingRules.objects.filter(state="draft").exists()


def test_draft_is_put_in_force_in_one_act(three: RoutingRules, mona: User) -> None:
    edit = do(drafting.deleted("b"), mona)

    done = drafting.put_in_force(by=mona, at=NOW, seen=edit.revision, note=" Less  is more ")

    three.refresh_from_db()
    assert (three.state, done.state, done.number, done.note) == ("retired", "in_force", 2, "Less is more")
    assert drafting.current_draft() is None
    do(drafting.replaced_by(three), mona)
    assert names() == ["A", "B", "C"]
    assert drafting.edited().revision == edit.revision + 1


def test_draft_that_was_changed_since_it_was_looked_at_is_not_put_in_force(
    three: RoutingRules, mona: User
) -> None:
    seen = do(drafting.deleted("b"), mona).revision
    do(drafting.deleted("c"), mona)

    with pytest.raises(drafting.RulesRefused, match="changed by mona"):
        drafting.put_in_force(by=mona, at=NOW, seen=seen)
    assert RoutingRules.objects.get(state="in_force") == three


def test_draft_with_a_rule_that_cannot_be_applied_is_not_put_in_force(
    three: RoutingRules, mona: User, team: Team
) -> None:
    seen = do(drafting.deleted("b"), mona).revision
    Team.objects.update(is_active=False)

    with pytest.raises(drafting.RulesRefused, match="“A”: Choose a team that is at work"):
        drafting.put_in_force(by=mona, at=NOW, seen=seen)


def test_draft_that_changes_nothing_is_not_put_in_force(three: RoutingRules, mona: User) -> None:
    edit = do(drafting.deleted("b"), mona)
    seen = do(drafting.taken_back(edit), mona).revision

    with pytest.raises(drafting.RulesRefused, match="in force already"):
        drafting.put_in_force(by=mona, at=NOW, seen=seen)


def test_changes_are_said(three: RoutingRules, mona: User, team: Team) -> None:
    before = drafting.rules_of(three)
    do(drafting.deleted("b"), mona)
    do(drafting.switched("c", on=False), mona)
    do(drafting.moved("c", before="a"), mona)
    new = read_rule(rule("New", team=team) | {"key": ""}, routing_fields())
    do(drafting.saved(new, seen=0), mona)

    assert drafting.changes(before, drafting.rules_of(drafting.edited())) == [
        "the order is another",
        "“B” is deleted",
        "“C” is switched off",
        "“New” is new",
    ]


def test_edits_are_never_rewritten(three: RoutingRules, mona: User) -> None:
    do(drafting.deleted("b"), mona)

    with pytest.raises(IntegrityError), transaction.atomic():
        RoutingEdit.objects.update(what="Nothing")
