"""Several people at the same instant, each in a transaction of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from leads.models import Role, User
from scoring.models import Rule, Rulebook, RulebookEvent
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, EditConflict, NotEditable, apply_edit
from scoring.rulebook.events import Kind
from scoring.rulebook.rows import form_of
from scoring.rulebook.shelving import discard
from tests.factories import UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ("vp", "pricing", "demo", "quiet")


@pytest.fixture
def people() -> list[User]:
    return [UserFactory(role=Role.MARKETER) for _ in RULES]


@pytest.fixture
def draft(people: list[User]) -> Rulebook:
    return create_draft(document=EXAMPLE, by=people[0], at=timezone.now())


def at_once(*jobs: Any) -> list[Any]:
    """What each job returns or refuses; all begin together."""
    barrier = Barrier(len(jobs))

    def run(job: Any) -> Any:
        try:
            barrier.wait()
            return job()
        except (EditConflict, NotEditable) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def job(draft: Rulebook, path: str, value: Any, by: User) -> Any:
    return lambda: apply_edit(draft=draft.pk, edit=Edit(path, value, 0), by=by, at=timezone.now())


def test_edits_of_different_places_are_all_saved_each_with_its_revision(
    draft: Rulebook, people: list[User]
) -> None:
    at_once(
        *(job(draft, f"rules.{key}.points", 40 + n, people[n]) for n, key in enumerate(RULES)),
    )

    assert [rule.points for rule in form_of(draft).rules] == [40, 41, 42, 43]
    edits = RulebookEvent.objects.filter(kind=Kind.EDITED).order_by("pk")
    assert list(edits.values_list("revision", flat=True)) == [1, 2, 3, 4]
    assert Rulebook.objects.get(pk=draft.pk).revision == 4


def test_of_edits_of_one_place_one_wins_and_the_others_are_told(draft: Rulebook, people: list[User]) -> None:
    outcomes = at_once(*(job(draft, "rules.vp.points", 40 + n, people[n]) for n in range(4)))

    (saved,) = (one for one in outcomes if not isinstance(one, EditConflict))
    lost = [one for one in outcomes if isinstance(one, EditConflict)]
    assert [one.theirs for one in lost] == [saved.event] * 3
    assert Rule.objects.get(key="vp").points == saved.event.after
    assert Rulebook.objects.get(pk=draft.pk).revision == 1


def test_nobody_edits_what_is_being_set_aside(draft: Rulebook, people: list[User]) -> None:
    at_once(
        lambda: discard(book=draft, by=people[0], at=timezone.now()),
        *(job(draft, f"rules.{key}.points", 40, people[n]) for n, key in enumerate(RULES)),
    )

    events = list(RulebookEvent.objects.filter(rulebook=draft).order_by("pk").values_list("kind", flat=True))
    assert events[-1] == Kind.DISCARDED
