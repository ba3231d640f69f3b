from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from leads.models import Role, User
from scoring.models import Condition, Rule, Rulebook, RulebookEvent, RuleGroup
from scoring.rulebook.document import read_form, to_json
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import (
    Edit,
    EditInvalid,
    NotEditable,
    apply_edit,
    undo,
)
from scoring.rulebook.keyed import NoSuchPlace
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import document_of, form_of, save_draft, vocabulary
from tests.factories import UserFactory
from tests.scoring.rulebook.conftest import NOW, at, edit, now
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = pytest.mark.django_db

CONDITIONS = [{"field": "country", "operator": "in", "values": ["DE", "FR"]}]
TO_INTENT = {"group": "intent", "before": None}
EDITS = [
    ("name", "Spring", "Name: B2B SaaS starter to Spring"),
    ("mql.threshold", 70, "MQL threshold: 60 to 70"),
    ("mql.min_fit", None, "Minimum fit: 20 to none"),
    ("mql.demote_after_nights", 1, "Nights below the line: 3 nights to 1 night"),
    ("grade.fit_a", 45, "Fit for A: 40 to 45"),
    ("grade.fit_a+fit_b", {"fit_a": 15, "fit_b": 10}, "Fit for A and fit for B: 40, 20 to 15, 10"),
    ("fit.max", 80, "Cap of fit: 60 to 80"),
    ("engagement.min", None, "Floor of engagement: 0 to none"),
    ("groups.person.name", "People", "Person renamed People"),
    ("groups.person.max", None, "Cap of Person: 25 to none"),
    ("groups.silence.place", {"before": "intent"}, "Silence moved in front of Buying intent"),
    ("rules.vp.name", "Boss", "VP or head of renamed Boss"),
    ("rules.vp.points", 10, "Points of VP or head of: 20 to 10"),
    ("rules.vp.match", "all", "Which conditions must hold of VP or head of: any of them to all of them"),
    (
        "rules.vp.conditions",
        CONDITIONS,
        "Conditions of VP or head of: seniority in vp, head and job_title starts with vp to country in DE, FR",
    ),
    ("rules.vp.enabled", False, "VP or head of switched off"),
    ("rules.vp.disqualifies", True, "Disqualifying of VP or head of: off to on"),
    ("rules.pricing.max_points", None, "Cap of Pricing page: 40 to none"),
    ("rules.pricing.window_days", None, "Window of Pricing page: 90 days to all time"),
    ("rules.pricing.min_days", 2, "Minimum of days of Pricing page: 1 to 2"),
    ("rules.pricing.activity_types", ["form_submit"], "Activities of Pricing page: page view to form submit"),
    ("rules.pricing.decay", {"kind": "none"}, "Decay of Pricing page: linear, 25 % every 30 days to none"),
    (
        "rules.pricing.count+max_per_day",
        {"count": "once", "max_per_day": None},
        "Counting and limit a day of Pricing page: each match, 1 to only the latest",
    ),
    ("rules.quiet.every_days", 45, "Days of silence of No activity for 30 days: 30 days to 45 days"),
    ("rules.quiet.repeats", False, "Repetition of No activity for 30 days: again and again to once"),
    (
        "rules.quiet.place",
        {"group": "intent", "before": "demo"},
        "No activity for 30 days moved to Buying intent",
    ),
    ("rules.vp", None, "Rule VP or head of deleted"),
    ("groups.intent", None, "Group Buying intent deleted, with 2 rules"),
    ("document", {**EXAMPLE, "name": "Other", "rules": []}, "All of it replaced by Other: 0 rules"),
]


@pytest.mark.parametrize(("path", "value", "what"), EDITS, ids=[path for path, _, _ in EDITS])
def test_an_edit_is_saved_counted_recorded_and_undone(
    draft: Rulebook, alice: User, path: str, value: Any, what: str
) -> None:
    before = at(draft, path)

    saved = edit(draft, path, value, by=alice)

    assert saved.event is not None
    assert saved.event.what == what
    assert (saved.book.revision, saved.event.revision, saved.event.by) == (1, 1, alice)
    assert saved.event.before == before
    assert saved.event.after == at(draft, path) != before
    assert saved.doc == now(draft)
    form_of(saved.book)  # sound

    undone = undo(draft=draft.pk, event=saved.event, by=alice, at=NOW)

    assert undone.event is not None and undone.event.undoes == saved.event
    assert form_of(Rulebook.objects.get(pk=draft.pk)) == read_form(EXAMPLE, vocabulary())
    redone = undo(draft=draft.pk, event=undone.event, by=alice, at=NOW)
    assert redone.doc == saved.doc


def test_a_rule_and_a_group_are_added_where_they_belong(draft: Rulebook, alice: User) -> None:
    edit(draft, "groups.firm", {"name": "Firm", "dimension": "fit", "min": None, "max": 9}, by=alice)
    rule = {"kind": "fit", "name": "Known", "points": 5, "group": "firm", "conditions": CONDITIONS}

    saved = edit(draft, "rules.known", {**rule, "before": None}, by=alice)

    assert saved.event and saved.event.what == "Rule Known added"
    assert list(saved.doc["groups"]) == ["person", "firm", "intent", "silence"]
    assert Rule.objects.get(rulebook=draft, key="known").group.key == "firm"
    assert Condition.objects.get(rule__key="known").values == ["DE", "FR"]


def test_only_rows_that_differ_are_written(
    draft: Rulebook, alice: User, django_assert_max_num_queries: Any
) -> None:
    ids = set(Condition.objects.values_list("pk", flat=True)), set(Rule.objects.values_list("pk", flat=True))

    with django_assert_max_num_queries(18):
        apply_edit(draft=draft.pk, edit=Edit("rules.vp.points", 5, 0), by=alice, at=NOW)

    assert ids == (
        set(Condition.objects.values_list("pk", flat=True)),
        set(Rule.objects.values_list("pk", flat=True)),
    )


def test_the_same_value_again_is_no_edit(draft: Rulebook, alice: User) -> None:
    assert edit(draft, "rules.vp.points", 20, by=alice).event is None
    assert Rulebook.objects.get(pk=draft.pk).revision == 0


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("rules.vp.points", 0, "0 gives nothing"),
        ("rules.vp.points", "many", "“many” is not allowed; write a whole number from -1000 to 1000."),
        ("rules.vp.points", 1001, "1001 is not allowed"),
        ("rules.vp.name", " ", "write a text of 1 to 200 characters"),
        ("rules.vp.conditions", [], "write a list of 1 to 20 items"),
        ("rules.vp.conditions", [{"field": "country", "operator": "is", "values": ["Mars"]}], "Mars"),
        ("rules.pricing.decay", {"kind": "compound", "percent": 5, "days": 1}, "5 is not allowed"),
        ("rules.pricing.count", "once", "does not go with count “once”"),
        ("rules.vp.place", {"group": "intent", "before": None}, "fit rules need one of fit"),
        ("grade.fit_b", 40, "40 is not above fit_b (40)"),
        ("groups.person.min", 30, "30 is above max (25)"),
        ("document", {"format": "x"}, "$.format"),
        ("document", 7, "not an object"),
    ],
)
def test_an_unsound_value_is_refused_and_the_draft_stays(
    draft: Rulebook, alice: User, path: str, value: Any, says: str
) -> None:
    before = document_of(draft)

    with pytest.raises(EditInvalid) as refused:
        edit(draft, path, value, by=alice)

    assert says in str(refused.value)
    assert document_of(Rulebook.objects.get(pk=draft.pk)) == before
    assert not draft.events.filter(kind="edited").exists()


def test_a_mistake_names_the_place_within_what_was_edited(draft: Rulebook, alice: User) -> None:
    wrong = [*CONDITIONS, {"field": "employees", "operator": "between", "values": [1, "lots"]}]

    with pytest.raises(EditInvalid) as refused:
        edit(draft, "rules.vp.conditions", wrong, by=alice)

    (mistake,) = refused.value.mistakes
    assert mistake.path == "rules.vp.conditions[1].values[1]"


@pytest.mark.parametrize(
    "path",
    ["rules.nobody.points", "rules.vp.window_days", "rules.vp.key", "rules.vp.kind", "mql", "x.y.z", ""],
)
def test_what_is_not_there_cannot_be_edited(draft: Rulebook, alice: User, path: str) -> None:
    with pytest.raises(NoSuchPlace):
        edit(draft, path, 1, by=alice)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "published", "number": 1, "published_at": NOW}, "is published and never changes"),
        ({"state": "retired", "number": 1, "published_at": NOW, "retired_at": NOW}, "is retired"),
        ({"discarded_at": NOW}, "was discarded"),
    ],
)
def test_only_drafts_at_work_are_edited(
    draft: Rulebook, alice: User, changes: dict[str, Any], says: str
) -> None:
    if "discarded_at" in changes:
        changes = {**changes, "discarded_by": alice}
    Rulebook.objects.filter(pk=draft.pk).update(**changes)

    with pytest.raises(NotEditable, match=says):
        edit(draft, "rules.vp.points", 1, by=alice)
    assert Rule.objects.get(key="vp").points == 20


@pytest.mark.parametrize("role", [None, Role.REP, Role.MANAGER, Role.ADMINISTRATOR])
def test_only_marketers_edit_and_make_drafts(draft: Rulebook, role: Role | None) -> None:
    user = UserFactory(role=role)

    with pytest.raises(NotEditable, match="marketers"):
        edit(draft, "rules.vp.points", 1, by=user)
    with pytest.raises(NotEditable, match="marketers"):
        create_draft(copy_of=draft, by=user, at=NOW)


# Drafts and signatures --------------------------------------------------------------------------------


def test_a_draft_is_a_copy_that_leaves_its_origin_alone(draft: Rulebook, alice: User) -> None:
    copy = create_draft(copy_of=draft, name="Spring", by=alice, at=NOW + timedelta(days=1))
    edit(copy, "rules.vp.points", 5, by=alice)

    assert (copy.copy_of, copy.name, copy.created_by) == (draft, "Spring", alice)
    assert copy.events.first().what == f"Made as a copy of {draft}"
    assert form_of(Rulebook.objects.get(pk=draft.pk)) == read_form(EXAMPLE, vocabulary())


def test_a_draft_of_an_unsound_document_is_refused_with_paths(alice: User) -> None:
    with pytest.raises(RulebookError, match=r"\$.mql: is missing"):
        create_draft(document={"format": EXAMPLE["format"], "name": "x"}, by=alice, at=NOW)
    assert not Rulebook.objects.exists()


def test_an_edit_withdraws_what_was_signed(draft: Rulebook, alice: User, bob: User) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(signed_marketing_by=bob, signed_marketing_at=NOW)

    edit(draft, "rules.vp.points", 5, by=alice)
    edit(draft, "rules.vp.points", 6, by=alice)

    draft.refresh_from_db()
    assert (draft.signed_marketing_by, draft.signed_marketing_at) == (None, None)
    (event,) = draft.events.filter(kind=RulebookEvent.Kind.WITHDRAWN)
    assert (event.by, event.revision) == (alice, 1)


def test_a_group_goes_with_its_rules(draft: Rulebook, alice: User) -> None:
    edit(draft, "groups.intent", None, by=alice)

    assert not RuleGroup.objects.filter(rulebook=draft, key="intent").exists()
    assert set(Rule.objects.filter(rulebook=draft).values_list("key", flat=True)) == {"vp", "quiet"}
    assert to_json(form_of(draft))["rules"]


def test_a_rule_replaced_by_one_of_another_kind_is_another_row(alice: User) -> None:
    draft = save_draft(form=read_form(EXAMPLE, vocabulary()), by=None)
    document = deepcopy(EXAMPLE)
    document["rules"] = [
        {"key": "vp", "name": "Quiet", "kind": "silence", "group": "silence", "points": -1, "every_days": 9}
    ]

    edit(draft, "document", document, by=alice)

    assert form_of(Rulebook.objects.get(pk=draft.pk)) == read_form(document, vocabulary())
