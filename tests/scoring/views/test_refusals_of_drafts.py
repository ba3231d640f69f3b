"""What a strict reader found by hand-made requests: each is refused in words, and nobody is overwritten."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Role, User
from scoring.models import Rulebook, RulebookEvent, Study
from scoring.rulebook.document import write_document
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, apply_edit
from scoring.rulebook.rows import form_of
from scoring.rulebook.signing import Side, sign
from scoring.rulebook.versions import NotSigned, publish
from tests.factories import UserFactory
from tests.leads.views.conftest import signed_in
from tests.scoring.views.test_why import RULEBOOK

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira() -> User:
    return UserFactory(role=Role.MARKETER, first_name="Mira")


@pytest.fixture
def manager() -> User:
    return UserFactory(role=Role.MANAGER)


@pytest.fixture
def draft(mira: User) -> Rulebook:
    return create_draft(document=RULEBOOK, by=mira, at=timezone.now())


def address(name: str, draft: Rulebook) -> str:
    return reverse(f"scoring:{name}", args=[draft.pk])


def test_a_file_does_not_silently_replace_what_another_has_edited_since(draft, mira):
    text = write_document(form_of(draft))
    client = signed_in(UserFactory(role=Role.MARKETER))
    assert (
        f'name="seen" value="{draft.revision}"'
        in client.get(address("draft_replace", draft)).content.decode()
    )
    apply_edit(draft=draft.pk, edit=Edit("mql.threshold", 77, 0), by=mira, at=timezone.now())

    refused = client.post(address("draft_replace", draft), {"text": text, "seen": draft.revision})

    assert refused.status_code == 422
    assert "Mira has changed this" in refused.content.decode()
    assert Rulebook.objects.get(pk=draft.pk).mql_threshold == 77
    again = client.post(address("draft_replace", draft), {"text": text, "seen": draft.revision + 1})
    assert again.status_code == 302
    assert Rulebook.objects.get(pk=draft.pk).mql_threshold == 60


@pytest.mark.parametrize("value", ["abc", "5", ""])
def test_conditions_sent_as_a_field_are_refused_in_words(draft, mira, value):
    fit = draft.rules.filter(kind="fit").first()
    data = {"path": f"rules.{fit.key}.conditions", "value": value, "seen": "0"}

    assert signed_in(mira).post(address("edit", draft), data).status_code in (302, 409, 422)
    assert fit.conditions.count() == fit.conditions.count() > 0


def test_a_place_among_other_fields_is_refused_in_words(draft, mira):
    rule = draft.rules.first()
    data = {"path": f"rules.{rule.key}.place+name", "value": "x", "seen": "0"}

    assert signed_in(mira).post(address("edit", draft), data).status_code < 500
    assert Rulebook.objects.get(pk=draft.pk).revision == draft.revision


def test_a_character_that_cannot_be_kept_is_refused_in_words(draft, mira):
    response = signed_in(mira).post(address("version_comment", draft), {"text": "a\x00b"})

    assert response.status_code in (409, 422)
    assert "invisible character" in response.content.decode()
    assert not RulebookEvent.objects.filter(kind="commented").exists()


def test_a_backtest_of_days_before_any_data_is_refused_in_words(draft, mira):
    data = {"period": "own", "first": "0001-01-01", "last": "0001-02-01", "within": "3"}

    response = signed_in(mira).post(address("backtests", draft), data)

    assert response.status_code == 422
    assert "days after 1970-01-01 can be tested" in response.content.decode()
    assert not Study.objects.exists()


def test_all_leads_are_counted_once_both_sides_have_signed(draft, mira, manager):
    data = {"revision": str(draft.revision)}
    signed_in(mira).post(address("version_sign", draft), {**data, "side": "marketing"})
    assert not Study.objects.exists()

    signed_in(manager).post(address("version_sign", draft), {**data, "side": "sales"})

    assert Study.objects.get().kind == Study.Kind.EFFECT


def test_a_signature_of_somebody_who_may_not_sign_any_more_does_not_count(draft, mira, manager):
    for side, by in ((Side.MARKETING, mira), (Side.SALES, manager)):
        sign(book=draft, side=side, revision=draft.revision, by=by, at=timezone.now())
    User.objects.filter(pk=manager.pk).update(is_active=False)

    with pytest.raises(NotSigned):
        publish(book=draft, note="x", at=timezone.now(), by=mira)


def test_a_draft_without_a_rule_is_not_signed(draft, mira):
    draft.rules.update(enabled=False)
    data = {"revision": str(draft.revision), "side": "marketing"}

    response = signed_in(mira).post(address("version_sign", draft), data)

    assert response.status_code == 409
    assert "No rule of this draft is switched on" in response.content.decode()
    assert Rulebook.objects.get(pk=draft.pk).signed_marketing_by is None


def test_the_editor_is_never_shown_from_memory(draft, mira):
    assert "no-store" in signed_in(mira).get(address("editor", draft)).headers["Cache-Control"]
