from __future__ import annotations

import pytest

from scoring.models import Condition, Rule, RuleGroup
from scoring.rulebook.document import read_form, to_json
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of, save_draft, vocabulary
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
