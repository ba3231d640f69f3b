from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Role
from scoring.models import Condition, Rule, Rulebook, RuleGroup
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from tests.factories import UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MARKETER))
    return client


@pytest.fixture
def draft() -> Rulebook:
    return save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)


def posted(client: Client, url: str, **changes: Any) -> Any:
    """The form at the address as a browser would send it back, with some fields changed."""
    context = client.get(url).context
    data: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        # With the blank rows for more: a browser sends those, too.
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for name in form.fields:
            value = form[name].value()
            if value is not None and value is not False:
                data[form.add_prefix(name)] = "on" if value is True else value
    data |= changes
    return client.post(url, {key: value for key, value in data.items() if value is not None})


@pytest.mark.parametrize("key", ["vp", "demo", "quiet"])
def test_a_rule_saved_as_it_was_shown_stays_as_it_was(marketer: Client, draft: Rulebook, key: str) -> None:
    rule = Rule.objects.get(key=key)

    response = posted(marketer, reverse("admin:scoring_rule_change", args=[rule.pk]))

    assert response.status_code == 302, response.context["errors"]
    assert form_of(draft) == read_form(EXAMPLE, vocabulary())


def test_a_marketer_edits_points_of_a_draft(marketer: Client, draft: Rulebook) -> None:
    rule = Rule.objects.get(key="vp")

    response = posted(marketer, reverse("admin:scoring_rule_change", args=[rule.pk]), points=15)

    assert response.status_code == 302
    rule.refresh_from_db()
    assert rule.points == 15


def test_a_condition_is_edited_one_value_a_line(marketer: Client, draft: Rulebook) -> None:
    rule = Rule.objects.get(key="vp")

    response = posted(
        marketer,
        reverse("admin:scoring_rule_change", args=[rule.pk]),
        **{"conditions-0-values": "vp\r\ndirector\r\n"},
    )

    assert response.status_code == 302
    assert Condition.objects.get(rule=rule, field="seniority").values == ["vp", "director"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"conditions-0-field": "senority"}, "senority"),
        ({"conditions-0-operator": "gt"}, "gt"),
        ({"conditions-0-values": "emperor"}, "emperor"),
        ({"conditions-0-values": ""}, "value"),
        ({"every_days": 3}, "every_days"),
    ],
)
def test_a_mistake_is_a_sentence_in_the_form_and_nothing_is_saved(
    marketer: Client, draft: Rulebook, changes: dict[str, Any], says: str
) -> None:
    rule = Rule.objects.get(key="vp")

    response = posted(marketer, reverse("admin:scoring_rule_change", args=[rule.pk]), points=7, **changes)

    assert response.status_code == 200
    assert says in response.content.decode()
    rule.refresh_from_db()
    assert rule.points == 20


def test_a_rule_is_added_with_its_conditions(marketer: Client, draft: Rulebook) -> None:
    url = f"{reverse('admin:scoring_rule_add')}?rulebook={draft.pk}"
    group = RuleGroup.objects.get(rulebook=draft, key="person")

    response = posted(
        marketer,
        url,
        rulebook=draft.pk,
        group=group.pk,
        key="nordic",
        name="Nordic",
        kind="fit",
        points=5,
        **{
            "conditions-TOTAL_FORMS": 1,
            "conditions-0-field": "country",
            "conditions-0-operator": "in",
            "conditions-0-values": "SE\nNO",
            "conditions-0-position": 0,
        },
    )

    assert response.status_code == 302, response.context["errors"]
    assert Rule.objects.get(key="nordic").conditions.get().values == ["SE", "NO"]


def test_groups_are_edited_with_the_rulebook(marketer: Client, draft: Rulebook) -> None:
    response = posted(
        marketer, reverse("admin:scoring_rulebook_change", args=[draft.pk]), **{"groups-0-max_points": 30}
    )

    assert response.status_code == 302, response.context["errors"]
    assert RuleGroup.objects.get(rulebook=draft, key="person").max_points == 30


def test_a_group_of_the_wrong_dimension_for_its_rules_is_refused(marketer: Client, draft: Rulebook) -> None:
    response = posted(
        marketer,
        reverse("admin:scoring_rulebook_change", args=[draft.pk]),
        **{"groups-0-dimension": "engagement"},
    )

    assert response.status_code == 200
    assert "VP or head of" in response.content.decode()
    assert RuleGroup.objects.get(rulebook=draft, key="person").dimension == "fit"


def test_a_published_rulebook_is_not_edited(marketer: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(
        state=Rulebook.State.PUBLISHED, number=1, published_at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    rule = Rule.objects.get(key="vp")

    for name, obj in (("rulebook", draft), ("rule", rule)):
        url = reverse(f"admin:scoring_{name}_change", args=[obj.pk])
        assert marketer.get(url).status_code == 200
        assert marketer.post(url, {"points": 1}).status_code == 403
        assert marketer.post(reverse(f"admin:scoring_{name}_delete", args=[obj.pk])).status_code == 403


def test_a_draft_can_be_deleted_by_a_marketer_only(marketer: Client, draft: Rulebook) -> None:
    manager = Client()
    manager.force_login(UserFactory(role=Role.MANAGER))
    url = reverse("admin:scoring_rulebook_delete", args=[draft.pk])

    assert manager.post(url, {"post": "yes"}).status_code == 403
    assert marketer.post(url, {"post": "yes"}).status_code == 302
    assert not Rulebook.objects.exists()
