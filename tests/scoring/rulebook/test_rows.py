from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from leads.models import ActivityType, AttributeKey
from scoring.models import Condition, Rule, Rulebook, RuleGroup
from scoring.rulebook.document import read_form, to_json
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from scoring.rulebook.versions import publish
from tests.factories import UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db


def test_a_draft_gives_back_the_form_that_it_was_saved_from() -> None:
    form = read_form(EXAMPLE, vocabulary())

    book = save_draft(form=form, by=UserFactory(), note="first")

    assert form_of(book) == form
    assert (book.is_draft, book.note) == (True, "first")


def test_a_form_survives_the_way_through_a_file_and_back() -> None:
    form = read_form(EXAMPLE, vocabulary())

    assert read_form(to_json(form_of(save_draft(form=form, by=None))), vocabulary()) == form


def test_form_of_refuses_what_does_not_go_with_the_kind_of_a_rule() -> None:
    book = save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)
    Rule.objects.filter(rulebook=book, key="quiet").update(window_days=5)

    with pytest.raises(RulebookError) as refusal:
        form_of(book)

    assert any("window_days" in mistake and "$.rules[3]" in mistake for mistake in refusal.value.mistakes)


def test_form_of_refuses_a_fit_rule_without_conditions() -> None:
    book = save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)
    Condition.objects.filter(rule__key="vp").delete()

    with pytest.raises(RulebookError, match="conditions"):
        form_of(book)


def test_form_of_refuses_a_rule_in_a_group_of_the_other_dimension() -> None:
    book = save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)
    Rule.objects.filter(rulebook=book, key="quiet").update(
        group=RuleGroup.objects.get(rulebook=book, key="person")
    )

    with pytest.raises(RulebookError, match="person"):
        form_of(book)


# Published rulebooks are read once a process ------------------------------------------------------------------------

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
ON_A_FIELD = {
    **EXAMPLE["rules"][0],
    "conditions": [{"field": "attributes.plan", "operator": "is", "values": ["pro"]}],
}


def published_with(rule: dict[str, object]) -> Rulebook:
    form = read_form({**EXAMPLE, "rules": [rule]}, vocabulary())
    return publish(book=save_draft(form=form, by=None), note="Test", at=AT, origin="test")


def test_a_published_rulebook_is_read_once(django_assert_num_queries) -> None:
    book = published_with(EXAMPLE["rules"][0])
    first = form_of(book)

    with django_assert_num_queries(2):  # what the installation has words for, and not one for the rules
        again = form_of(book)

    assert again == first


def test_a_published_rulebook_follows_the_fields_that_it_asks_about() -> None:
    key = AttributeKey.objects.create(scope="lead", key="plan", label="Plan", type="text")
    book = published_with(ON_A_FIELD)
    before = form_of(book).asked_fields[0].label
    AttributeKey.objects.filter(pk=key.pk).update(label="Tariff")

    after = form_of(book).asked_fields[0].label
    key.delete()

    assert (before, after) == ("Plan", "Tariff")
    with pytest.raises(RulebookError, match="attributes.plan"):
        form_of(book)


def test_a_published_rulebook_follows_the_activity_types() -> None:
    ActivityType.objects.create(code="fax", label="Fax")
    book = published_with({**EXAMPLE["rules"][2], "activity_types": ["fax"]})
    form_of(book)
    ActivityType.objects.filter(code="fax").update(code="telefax")

    with pytest.raises(RulebookError, match="“fax” is no activity type"):
        form_of(book)


def test_a_publication_that_is_rolled_back_leaves_nothing_behind() -> None:
    """As drafts are edited on and published at another instant, under the number that has become free again."""
    draft = save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)
    with transaction.atomic():
        assert form_of(publish(book=draft, note="Test", at=AT, origin="test")).rules[0].points == 20
        transaction.set_rollback(True)
    draft.rules.filter(key="vp").update(points=7)

    again = publish(book=draft, note="Test", at=AT + timedelta(microseconds=1), origin="test")

    assert form_of(again).rules[0].points == 7
