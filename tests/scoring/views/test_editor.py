from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Role, User
from scoring.models import Rule, Rulebook, RulebookEvent
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, apply_edit
from scoring.rulebook.rows import form_of
from tests.factories import ActivityFactory, AssetFactory, LeadFactory, UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


@pytest.fixture
def alice() -> User:
    return UserFactory(first_name="Alice", role=Role.MARKETER)


@pytest.fixture
def bob() -> User:
    return UserFactory(first_name="Bob", role=Role.MARKETER)


@pytest.fixture
def draft(alice: User) -> Rulebook:
    return create_draft(document=EXAMPLE, by=alice, at=timezone.now())


@pytest.fixture
def client(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def send(client: Client, draft: Rulebook) -> Send:
    """Post to an address of the draft as the editor's script does."""

    def send(name: str = "edit", *, seen: int = 0, since: int = 0, **data: Any) -> Any:
        data = {"seen": seen, "since": since, **data}
        return client.post(reverse(f"scoring:{name}", args=[draft.pk]), data, headers={"HX-Request": "true"})

    return send


def save(draft: Rulebook, path: str, value: Any, *, by: User, seen: int = 0) -> RulebookEvent:
    saved = apply_edit(draft=draft.pk, edit=Edit(path, value, seen), by=by, at=timezone.now())
    assert saved.event
    return saved.event


def points(key: str) -> int:
    return Rule.objects.get(key=key).points


# The page ---------------------------------------------------------------------------------------------


def test_the_page_has_a_field_for_each_number_and_a_sentence_for_each_rule(
    client: Client, draft: Rulebook
) -> None:
    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()

    for label in ("Points of Pricing page", "Cap of Person", "MQL threshold", "Floor of fit"):
        assert f'aria-label="{label}' in page
    assert "Page viewed in the last 90 days, where asset contains “/pricing”." in page
    assert "Add a condition" not in page  # in the details


def test_details_of_a_rule_are_shown_where_it_is_open(client: Client, draft: Rulebook) -> None:
    page = client.get(reverse("scoring:editor", args=[draft.pk]), {"open": "pricing"}).content.decode()

    assert page.count("Add a condition") == 1
    assert 'value="/pricing"' in page


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_others_look_and_cannot_edit(draft: Rulebook, role: Role) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))

    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()

    assert '<fieldset class="lf-editor__main" disabled' in page.replace("\n", " ")
    assert client.post(reverse("scoring:edit", args=[draft.pk]), {"path": "name"}).status_code == 403


def test_a_version_has_no_editor(client: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(state="published", number=1, published_at=timezone.now())

    response = client.get(reverse("scoring:editor", args=[draft.pk]))

    assert response.url == reverse("scoring:version", args=[draft.pk])


def test_a_draft_that_speaks_of_what_is_gone_says_so_and_can_be_mended(
    client: Client, draft: Rulebook, send: Send
) -> None:
    rule = Rule.objects.get(key="vp")
    rule.conditions.update(field="attributes.gone")

    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()
    assert "This draft cannot score yet" in page and "attributes.gone" in page

    assert send(path="rules.vp").status_code == 200
    form_of(Rulebook.objects.get(pk=draft.pk))


# One field --------------------------------------------------------------------------------------------


def test_a_saved_field_answers_with_its_rule_and_tells_panels(send: Send, draft: Rulebook) -> None:
    response = send(path="rules.pricing.points", value="−10")

    assert points("pricing") == -10
    assert json.loads(response.headers["HX-Trigger"]) == {"draft-changed": {"revision": 1}}
    text = response.content.decode()
    assert 'id="rule-pricing"' in text and 'id="rule-demo"' not in text and 'id="draft-sheet"' not in text


@pytest.mark.parametrize("value", ["0", "many", "12.5", "", "9" * 30, "１２"])
def test_a_refused_value_stays_in_its_field_with_the_sentence(send: Send, value: str) -> None:
    response = send(path="rules.pricing.points", value=value)

    assert response.status_code == 422
    assert "HX-Trigger" not in response.headers
    text = response.content.decode()
    assert "data-lf-answer" in text and 'aria-invalid="true"' in text
    assert f'value="{value}"' in text
    assert "write a whole number from -1000 to 1000" in text
    assert points("pricing") == 20


@pytest.mark.parametrize(
    ("path", "data", "stored"),
    [
        ("rules.vp.name", {"value": " Boss "}, ("name", "Boss")),
        ("rules.vp.enabled", {}, ("enabled", False)),
        ("rules.vp.fast_track", {"value": "on"}, ("fast_track", True)),
        ("rules.pricing.max_points", {"value": ""}, ("max_points", None)),
        ("rules.pricing.decay", {"kind": "none", "percent": "25", "days": "30"}, ("decay_days", None)),
        ("rules.demo.decay", {"kind": "linear"}, ("decay_percent", 25)),
        ("rules.pricing.count+max_per_day", {"count": "each", "max_per_day": "3"}, ("max_per_day", 3)),
        ("rules.pricing.count+max_per_day", {"count": "once"}, ("max_per_day", None)),
        (
            "rules.pricing.activity_types",
            {"value": ["page_view", "form_submit"]},
            ("activity_types", ["page_view", "form_submit"]),
        ),
        ("rules.quiet.every_days", {"value": "45"}, ("every_days", 45)),
        ("rules.pricing.place", {"group": "silence"}, ("group__key", "silence")),
    ],
)
def test_each_kind_of_field_is_read(
    send: Send, path: str, data: dict[str, Any], stored: tuple[str, Any]
) -> None:
    assert send(path=path, **data).status_code == 200

    name, value = stored
    assert Rule.objects.values_list(name, flat=True).get(key=path.split(".")[1]) == value


@pytest.mark.parametrize(
    "path", ["", "mql", "rules.x.points", "rules.vp.key", "rules.vp.place.x", "\0", "document"]
)
def test_a_path_of_nobody_is_refused_in_words(send: Send, path: str) -> None:
    response = send(path=path, value="1")

    assert response.status_code in (409, 422)
    assert "lf-toast--warning" in response.content.decode()


def test_without_javascript_a_field_saves_and_the_page_comes_back(client: Client, draft: Rulebook) -> None:
    url = reverse("scoring:edit", args=[draft.pk])

    saved = client.post(url, {"path": "rules.vp.points", "seen": "0", "value": "7"})
    refused = client.post(url, {"path": "rules.vp.points", "seen": "1", "value": "0"})

    assert saved.url == f"{reverse('scoring:editor', args=[draft.pk])}?open=vp#rule-vp"
    assert refused.status_code == 422
    assert "0 gives nothing" in refused.content.decode()


# Two people -------------------------------------------------------------------------------------------


def test_a_conflict_names_both_values_and_offers_both(send: Send, draft: Rulebook, bob: User) -> None:
    save(draft, "rules.pricing.points", 5, by=bob)

    response = send(path="rules.pricing.points", value="7")

    assert response.status_code == 409
    text = response.content.decode()
    assert "Bob changed points of Pricing page from 20 to 5 just now; you typed 7." in text
    assert "Keep 5" in text and "Take 7" in text and 'value="7"' in text
    assert points("pricing") == 5


def test_mine_is_taken_once_theirs_was_seen(send: Send, draft: Rulebook, bob: User) -> None:
    save(draft, "rules.pricing.points", 5, by=bob)

    send(path="rules.pricing.points", value="7", seen=1, choice="mine")
    assert points("pricing") == 7
    kept = send(path="rules.pricing.points", value="9", seen=1, choice="keep")
    assert points("pricing") == 7
    assert "data-lf-answer" in kept.content.decode()


def test_an_edit_of_a_deleted_rule_can_bring_it_back(send: Send, draft: Rulebook, bob: User) -> None:
    gone = save(draft, "rules.pricing", None, by=bob)

    response = send(path="rules.pricing.points", value="7")
    text = response.content.decode()
    assert response.status_code == 409
    assert "Rule Pricing page deleted" in text and "Bring it back with yours" in text

    send(path="rules.pricing.points", value="7", seen=1, revive=gone.pk)
    assert points("pricing") == 7


def test_a_page_is_told_what_others_did_and_only_that(client: Client, draft: Rulebook, bob: User) -> None:
    url = reverse("scoring:editor_changes", args=[draft.pk])
    assert client.get(url, {"since": 0}).status_code == 204
    save(draft, "rules.pricing.points", 5, by=bob)

    response = client.get(url, {"since": 0}, headers={"HX-Request": "true"})

    text = response.content.decode()
    assert "Bob: Points of Pricing page: 20 to 5." in text
    assert 'id="rule-pricing"' in text and 'id="rule-demo"' not in text
    assert 'title="Changed by Bob"' in text
    assert "draft-changed" in response.headers["HX-Trigger"]


def test_nothing_new_costs_one_query_beside_the_sign_in(
    client: Client, draft: Rulebook, django_assert_num_queries: Any
) -> None:
    url = reverse("scoring:editor_changes", args=[draft.pk])
    client.get(url, {"since": 0})

    with django_assert_num_queries(4):  # session, user, roles, and the draft with its visitors
        assert client.get(url, {"since": 0}).status_code == 204


def test_who_else_is_here_is_said(client: Client, draft: Rulebook, bob: User) -> None:
    other = Client()
    other.force_login(bob)
    other.get(reverse("scoring:editor", args=[draft.pk]))

    response = client.get(reverse("scoring:editor_changes", args=[draft.pk]), {"since": 0, "here": ""})

    assert response.status_code == 200
    assert "Bob is here, too" in response.content.decode()


def test_a_draft_that_was_published_meanwhile_reloads_the_page(client: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(state="published", number=1, published_at=timezone.now())

    response = client.get(reverse("scoring:editor_changes", args=[draft.pk]), {"since": 0})

    assert response.headers["HX-Refresh"] == "true"


# Rules and groups -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "key", "rules"),
    [
        ("copy", "pricing", ["vp", "pricing", "pricing-page-copy", "demo", "quiet"]),
        ("up", "demo", ["vp", "demo", "pricing", "quiet"]),
        ("down", "demo", ["vp", "pricing", "demo", "quiet"]),
        ("add-fit", "person", ["vp", "new-rule", "pricing", "demo", "quiet"]),
        ("add-engagement", "intent", ["vp", "pricing", "demo", "new-activity-rule", "quiet"]),
        ("add-silence", "silence", ["vp", "pricing", "demo", "quiet", "new-silence-rule"]),
    ],
)
def test_buttons_add_copy_and_move(
    send: Send, draft: Rulebook, action: str, key: str, rules: list[str]
) -> None:
    response = send("arrange", action=action, key=key)

    assert response.status_code == 200
    assert [rule.key for rule in form_of(Rulebook.objects.get(pk=draft.pk)).rules] == rules


def test_past_the_end_of_its_group_a_rule_moves_into_the_next(send: Send) -> None:
    send("arrange", action="down", key="demo")

    assert Rule.objects.get(key="demo").group.key == "silence"


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("fly", "vp"),
        ("copy", "x"),
        ("up", "vp"),
        ("add-fit", "x"),
        ("add-group", "x"),
        ("group-up", "person"),
        ("add-fit", "intent"),
    ],
)
def test_what_cannot_be_done_is_said(send: Send, action: str, key: str) -> None:
    assert send("arrange", action=action, key=key).status_code in (409, 422)


def test_a_deletion_offers_its_undo(send: Send, draft: Rulebook) -> None:
    response = send(path="rules.pricing")

    event = RulebookEvent.objects.get(kind="edited")
    assert f'name="event" value="{event.pk}"' in response.content.decode()
    send("take_back", event=event.pk)
    assert points("pricing") == 20
    assert "There is nothing to take back" not in send("take_back", step="redo").content.decode()
    assert not Rule.objects.filter(key="pricing").exists()


def test_the_last_step_is_taken_back(send: Send) -> None:
    send(path="rules.vp.points", value="7")

    send("take_back", step="undo")

    assert points("vp") == 20
    assert "There is nothing to take back" in send("take_back", step="undo").content.decode()


# Conditions -------------------------------------------------------------------------------------------


def conditions(send: Send, **data: Any) -> Any:
    return send("edit_conditions", path="rules.vp.conditions", open="vp", **data)


def test_a_condition_without_its_value_waits_and_loses_nothing(send: Send) -> None:
    first = {"c0-field": "country", "c0-operator": "in", "c0-value": ["DE"]}

    response = conditions(send, **first, add="1")

    text = response.content.decode()
    assert response.status_code == 200
    assert "Not saved yet: a condition lacks its value." in text and 'value="DE"' in text
    assert Rulebook.objects.get().revision == 0


def test_complete_conditions_are_saved_as_typed(send: Send) -> None:
    conditions(
        send,
        **{
            "c0-field": "country",
            "c0-operator": "in",
            "c0-value": ["DE"],
            "c0-new": "fr; AT",
            "c1-field": "employees",
            "c1-operator": "between",
            "c1-value": ["10", "99.5"],
        },
    )

    assert list(Rule.objects.get(key="vp").conditions.values_list("field", "operator", "values")) == [
        ("country", "in", ["DE", "fr", "AT"]),
        ("employees", "between", [10, 99.5]),
    ]


def test_another_field_brings_its_own_operators_and_no_values(send: Send) -> None:
    response = conditions(
        send,
        **{"c0-was": "country", "c0-field": "employees", "c0-operator": "in", "c0-value": ["DE"]},
    )

    text = response.content.decode()
    assert '<option value="gte" selected' in text and 'value="DE"' not in text


def test_a_wrong_value_is_said_at_its_condition(send: Send) -> None:
    response = conditions(send, **{"c0-field": "employees", "c0-operator": "gt", "c0-value": "lots"})

    assert response.status_code == 422
    assert "“lots” is no value for employees; write a number" in response.content.decode()


def test_values_and_conditions_are_dropped_by_their_buttons(send: Send) -> None:
    both = {
        "c0-field": "country",
        "c0-operator": "in",
        "c0-value": ["DE", "FR"],
        "c1-field": "city",
        "c1-operator": "is_known",
    }

    conditions(send, **both, drop="0-0", remove="1")

    (condition,) = Rule.objects.get(key="vp").conditions.all()
    assert (condition.field, condition.values) == ("country", ["FR"])


# Known values -----------------------------------------------------------------------------------------


def test_known_values_are_counted_among_leads(client: Client, draft: Rulebook) -> None:
    for country in ("DE", "DE", "FR"):
        LeadFactory(country=country, employees=10)
    url = reverse("scoring:known_values", args=[draft.pk])

    text = client.get(url, {"kind": "fit", "field": "country", "list": "l"}).content.decode()
    numbers = client.get(url, {"kind": "fit", "field": "employees", "list": "l"}).content.decode()

    assert "DE: 2 leads" in text and "FR: 1 lead<" in text and "all 3 leads" in text
    assert "10 to 10, half at most 10" in numbers


def test_known_assets_are_counted_by_leads_not_by_visits(client: Client, draft: Rulebook) -> None:
    lead, asset = LeadFactory(), AssetFactory(name="/Pricing")
    ActivityFactory.create_batch(3, lead=lead, asset=asset)

    url = reverse("scoring:known_values", args=[draft.pk])
    text = client.get(url, {"kind": "engagement", "field": "asset", "list": "l"}).content.decode()

    assert "/Pricing: 1 lead<" in text


@pytest.mark.parametrize(
    "field",
    [
        "email",
        "created_at",
        "email_opt_out",
        "campaign",
        "company.employees",
        "annual_revenue",
        "nothing",
        "",
    ],
)
def test_every_kind_of_field_has_an_answer(client: Client, draft: Rulebook, field: str) -> None:
    LeadFactory(email_opt_out=True, annual_revenue=1000)
    url = reverse("scoring:known_values", args=[draft.pk])

    assert client.get(url, {"kind": "fit", "field": field, "list": "l"}).status_code == 200


# Files ------------------------------------------------------------------------------------------------


def test_what_is_exported_is_imported_as_the_same_draft(client: Client, draft: Rulebook) -> None:
    exported = client.get(reverse("scoring:export", args=[draft.pk]))
    assert "attachment" in exported.headers["Content-Disposition"]
    file = SimpleUploadedFile("rules.json", exported.content)

    response = client.post(reverse("scoring:draft_import"), {"file": file})

    made = Rulebook.objects.exclude(pk=draft.pk).get()
    assert response.url == reverse("scoring:editor", args=[made.pk])
    assert form_of(made) == form_of(draft)


def test_a_pasted_file_replaces_the_draft_and_is_undone(client: Client, draft: Rulebook, send: Send) -> None:
    text = json.dumps({**EXAMPLE, "rules": []})

    client.post(reverse("scoring:draft_replace", args=[draft.pk]), {"text": text})
    assert not Rule.objects.exists()
    send("take_back", step="undo")
    assert Rule.objects.count() == 4


@pytest.mark.parametrize("name", ["draft_import", "draft_replace"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Choose a file, or paste"),
        ("{", "not JSON"),
        ("[]", "$: a list is not an object"),
        (json.dumps({**EXAMPLE, "rules": [{"key": "x", "kind": "fit"}]}), "$.rules[0].points: is missing"),
    ],
)
def test_a_wrong_file_is_refused_with_paths_and_changes_nothing(
    client: Client, draft: Rulebook, name: str, text: str, says: str
) -> None:
    url = reverse(f"scoring:{name}", args=[draft.pk] if name == "draft_replace" else [])

    response = client.post(url, {"text": text})

    assert response.status_code == 422
    assert says in response.content.decode()
    assert Rulebook.objects.count() == 1
