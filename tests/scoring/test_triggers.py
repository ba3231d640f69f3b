from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from leads.triggers import erasing
from scoring.models import Condition, Rule, Rulebook, RuleGroup
from tests.scoring.conftest import Publish, draft_of, german

pytestmark = pytest.mark.django_db


def by_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def another(row: Any) -> None:
    row.pk, row._state.adding = None, True
    if hasattr(row, "key"):
        row.key = "other"
    row.save()


WAYS: dict[str, Callable[[Rulebook], object]] = {
    "threshold": lambda book: Rulebook.objects.filter(pk=book.pk).update(mql_threshold=1),
    "number": lambda book: Rulebook.objects.filter(pk=book.pk).update(number=9),
    "signature": lambda book: Rulebook.objects.filter(pk=book.pk).update(note="Signed by all"),
    "back to a draft": lambda book: Rulebook.objects.filter(pk=book.pk).update(
        state="draft", number=None, published_at=None
    ),
    "delete": lambda book: by_sql(f"DELETE FROM scoring_rulebook WHERE id = {book.pk}"),
    "points": lambda book: by_sql(f"UPDATE scoring_rule SET points = 1 WHERE rulebook_id = {book.pk}"),
    "delete rule": lambda book: book.rules.all().delete(),
    "add rule": lambda book: another(Rule.objects.get(rulebook=book)),
    "group": lambda book: book.groups.update(max_points=1),
    "add group": lambda book: another(RuleGroup.objects.filter(rulebook=book)[0]),
    "condition": lambda book: Condition.objects.filter(rule__rulebook=book).update(values=["FR"]),
    "add condition": lambda book: another(Condition.objects.get(rule__rulebook=book)),
    "move a rule in": lambda book: draft_of(german(3, key="moved")).rules.update(
        rulebook=book, group=book.groups.all()[0]
    ),
    "move a rule out": lambda book: book.rules.update(rulebook=draft_of(german(3, key="moved"))),
}


@pytest.mark.parametrize("state", ["published", "retired"])
@pytest.mark.parametrize("way", WAYS)
def test_database_refuses_any_change_of_a_version(publish_rules: Publish, state: str, way: str) -> None:
    book = publish_rules(german(20))
    if state == "retired":
        publish_rules(german(5))
        book.refresh_from_db()
    assert book.state == state

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        WAYS[way](book)


def test_retired_version_is_not_published_again_nor_redated(publish_rules: Publish) -> None:
    book = publish_rules(german(20))
    publish_rules(german(5))

    for change in ({"state": "published", "retired_at": None}, {"retired_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Rulebook.objects.filter(pk=book.pk).update(**change)


def test_draft_changes_freely(db: None) -> None:
    draft = draft_of(german(20))

    draft.rules.update(points=5)
    Condition.objects.filter(rule__rulebook=draft).update(values=["FR"])
    Rulebook.objects.filter(pk=draft.pk).update(mql_threshold=1)
    draft.delete()

    assert not Rule.objects.exists()


def test_erasing_lifts_it(publish_rules: Publish) -> None:
    book = publish_rules(german(20))

    with erasing():
        book.rules.update(points=5)

    assert book.rules.get().points == 5
