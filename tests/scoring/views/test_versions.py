from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from leads.models import Role, User
from scoring.models import Rulebook, RulebookEvent, ScoringRun
from scoring.rulebook.catalogue import PAGE_SIZE
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, apply_edit
from scoring.rulebook.events import PAGE_SIZE as EVENTS
from scoring.rulebook.signing import Side, sign
from scoring.rulebook.talk import comment
from scoring.tasks import work_on_run
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, draft_of, german

pytestmark = pytest.mark.django_db
URL = "/rulebook/"


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann", role=Role.MARKETER)


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(username="bob", role=Role.MANAGER)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: User, book: Rulebook, query: str = "", **headers: str) -> str:
    response = client_of(user).get(reverse("scoring:version", args=[book.pk]) + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def do(user: User, action: str, book: Rulebook, **data: Any) -> Any:
    return client_of(user).post(reverse(f"scoring:version_{action}", args=[book.pk]), data, follow=True)


@pytest.fixture
def draft(publish_rules: Publish, ann: User) -> Rulebook:
    """A copy of version 1 with half the points, at revision 1."""
    version = publish_rules(german(20, name="Germany"))
    book = create_draft(by=ann, at=timezone.now(), copy_of=version, name="Less for Germany")
    apply_edit(draft=book.pk, edit=Edit("rules.r0.points", 10, 0), by=ann, at=timezone.now())
    book.refresh_from_db()
    return book


def signed(draft: Rulebook, ann: User, bob: User) -> Rulebook:
    for side, by in ((Side.MARKETING, ann), (Side.SALES, bob)):
        draft = sign(book=draft, side=side, revision=draft.revision, by=by, at=timezone.now())
    return draft


# The list ------------------------------------------------------------------------------------------------------------


def test_list_shows_versions_to_all_and_drafts_to_those_who_may(draft: Rulebook, ann: User) -> None:
    rep = client_of(UserFactory(role=Role.REP)).get(URL).content.decode()
    marketer = client_of(ann).get(URL).content.decode()

    assert "Version 1" in rep and "Version 1" in marketer
    assert "Less for Germany" not in rep
    for words in ("Less for Germany", "copy of version 1", "ann: Points of Germany: 20 to 10"):
        assert words in " ".join(marketer.split()), words


def test_discarded_drafts_stand_behind_a_link(draft: Rulebook, ann: User) -> None:
    do(ann, "discard", draft)

    assert "Less for Germany" not in client_of(ann).get(URL).content.decode()
    assert "Less for Germany" in client_of(ann).get(f"{URL}?discarded").content.decode()


def test_list_is_paged_and_refuses_a_place_that_is_none(ann: User) -> None:
    for number in range(1, PAGE_SIZE + 3):
        book = draft_of(german(20))
        Rulebook.objects.filter(pk=book.pk).update(
            number=number, state="retired", published_at=timezone.now(), retired_at=timezone.now()
        )

    first = client_of(ann).get(URL).content.decode()

    assert f"Version {PAGE_SIZE + 2}<" in first and "Version 2<" not in first
    assert "Version 2<" in client_of(ann).get(f"{URL}?before=3").content.decode()
    assert "is no place in this list" in client_of(ann).get(f"{URL}?before=x").content.decode()


def test_queries_of_the_list_do_not_grow(publish_rules: Publish, ann: User) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            publish_rules(german(20))
            create_draft(by=ann, at=timezone.now(), copy_of=Rulebook.objects.filter(number=1).get())
        client = client_of(ann)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# One version ---------------------------------------------------------------------------------------------------------


def test_draft_is_compared_with_the_published_version(draft: Rulebook, ann: User) -> None:
    page = " ".join(page_of(ann, draft).split())

    for words in (
        "Against version 1 (published)",
        "1 rule changed",
        "<del>20</del>",
        "<ins>10</ins>",
        "(−10)",
    ):
        assert words in page, words


def test_version_is_compared_with_the_one_before_and_with_any_other(
    publish_rules: Publish, ann: User
) -> None:
    first, second, third = (publish_rules(german(points)) for points in (1, 2, 3))

    assert "Against version 2" in page_of(ann, third)
    assert "there is nothing before it" in page_of(ann, first)
    part = page_of(ann, third, f"?against={first.pk}", **{"HX-Request": "true", "HX-Target": "difference"})
    assert "<html" not in part
    assert "<del>1</del>" in part and "<ins>3</ins>" in part
    assert "is no rulebook that this one can be compared with" in page_of(ann, third, "?against=999")


def test_rep_does_not_compare_with_a_draft(draft: Rulebook) -> None:
    version = Rulebook.objects.get(number=1)

    page = page_of(UserFactory(role=Role.REP), version, f"?against={draft.pk}")

    assert "can be compared with" in page
    assert "Less for Germany" not in page


def test_what_happened_is_paged(draft: Rulebook, ann: User, bob: User) -> None:
    for number in range(EVENTS):
        comment(book=draft, text=f"Comment {number};", by=bob, at=timezone.now())

    page = page_of(ann, draft)
    oldest = RulebookEvent.objects.filter(rulebook=draft).order_by("-pk")[EVENTS - 1]
    part = page_of(ann, draft, f"?before={oldest.pk}", **{"HX-Request": "true", "HX-Target": "history"})

    assert f"Comment {EVENTS - 1};" in page and "Made as a copy" not in page
    assert "Made as a copy" in part and "<html" not in part
    assert "is no place in this list" in page_of(ann, draft, "?before=-1")


def test_draft_that_cannot_be_computed_says_why_and_can_be_discarded(draft: Rulebook, ann: User) -> None:
    draft.rules.get().conditions.update(field="attributes.gone")

    assert "attributes.gone" in page_of(ann, draft)
    assert "cannot be computed" in do(ann, "sign", draft, side="marketing", revision=1).content.decode()
    assert do(ann, "discard", draft).status_code == 200


# Signing and publishing ----------------------------------------------------------------------------------------------


def test_each_is_offered_only_the_signature_that_is_theirs(draft: Rulebook, ann: User, bob: User) -> None:
    pages = {user: page_of(user, draft) for user in (ann, bob, UserFactory(role=Role.ADMINISTRATOR))}

    shown = [("Sign for marketing" in page, "Sign for sales" in page) for page in pages.values()]
    assert shown == [(True, False), (False, True), (False, False)]


def test_signature_of_what_has_moved_on_is_refused_and_says_what_changed(
    draft: Rulebook, ann: User, bob: User
) -> None:
    response = do(bob, "sign", draft, side="sales", revision=0)

    assert response.status_code == 409
    assert "Since then: ann: Points of Germany: 20 to 10." in response.content.decode()
    assert Rulebook.objects.get(pk=draft.pk).signed_sales_by is None


@pytest.mark.parametrize("data", [{}, {"side": "x", "revision": "1"}, {"side": "sales", "revision": "-1"}])
def test_request_to_sign_that_makes_no_sense_is_refused(
    draft: Rulebook, bob: User, data: dict[str, str]
) -> None:
    assert do(bob, "sign", draft, **data).status_code == 409


def test_publishing_ends_on_the_page_of_its_rescore(
    draft: Rulebook,
    ann: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", asked.append)
    signed(draft, ann, bob)

    with django_capture_on_commit_callbacks(execute=True):
        response = do(ann, "publish", draft, revision=1, note="Germany counted twice")

    run = ScoringRun.objects.get()
    assert response.redirect_chain[-1][0] == reverse("scoring:run", args=[run.pk])
    assert asked == [run.pk]
    assert Rulebook.objects.get(state="published").note == "Germany counted twice"
    assert "Signed by ann for marketing and bob for sales" in page_of(bob, Rulebook.objects.get(pk=draft.pk))


def test_broker_that_is_down_does_not_stop_a_publication(
    draft: Rulebook,
    ann: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def down(_: int) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(work_on_run, "delay", down)
    signed(draft, ann, bob)

    with django_capture_on_commit_callbacks(execute=True):
        response = do(ann, "publish", draft, revision=1, note="Go")

    assert response.status_code == 200
    assert ScoringRun.objects.get().state == "pending"


def test_refused_publication_keeps_the_note(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)

    response = do(ann, "publish", draft, revision=0, note="My long note")

    assert response.status_code == 409
    assert "My long note" in response.content.decode()
    assert Rulebook.objects.get(number=1).state == "published"


def test_second_publisher_reads_who_was_first(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)
    do(ann, "publish", draft, revision=1, note="First")

    response = do(UserFactory(role=Role.MARKETER), "publish", draft, revision=1, note="Second")

    assert response.status_code == 409
    assert "ann has published this draft as version 2" in response.content.decode()


def test_draft_that_would_undo_a_newer_version_says_so(
    draft: Rulebook, publish_rules: Publish, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(created_at=Rulebook.objects.get(number=1).published_at)
    newer = publish_rules(german(30))
    with_time = timezone.now()
    from leads.triggers import erasing

    with erasing():
        Rulebook.objects.filter(pk=newer.pk).update(published_at=with_time)

    page = " ".join(page_of(ann, draft).split())

    assert "Version 2</a> was published after this draft was made" in page


def test_rollback_is_a_draft_that_both_sides_sign(publish_rules: Publish, ann: User, bob: User) -> None:
    first = publish_rules(german(20))
    publish_rules(german(5))

    response = do(ann, "roll_back", first)

    draft = Rulebook.objects.get(state="draft")
    assert response.redirect_chain[-1][0] == reverse("scoring:version", args=[draft.pk])
    assert (draft.name, draft.copy_of, draft.rules.get().points) == ("Rollback to version 1", first, 20)
    signed(draft, ann, bob)
    do(ann, "publish", draft, revision=0, note="Back")
    assert list(Rulebook.objects.order_by("number").values_list("number", "state")) == [
        (1, "retired"),
        (2, "retired"),
        (3, "published"),
    ]


def test_published_version_is_not_rolled_back_to(publish_rules: Publish, ann: User) -> None:
    response = do(ann, "roll_back", publish_rules(german(20)))

    assert response.status_code == 409
    assert "there is nothing to roll back to" in response.content.decode()


def test_comment_is_kept_and_shown_as_text(draft: Rulebook, ann: User, bob: User) -> None:
    do(bob, "comment", draft, text="Why <b>10</b>?")

    assert "Why &lt;b&gt;10&lt;/b&gt;?" in page_of(ann, draft)
    assert "needs some words" in do(bob, "comment", draft, text=" ").content.decode()


@pytest.mark.parametrize(
    "action", ["copy", "roll_back", "sign", "withdraw", "publish", "comment", "discard", "restore"]
)
def test_what_changes_something_is_posted(draft: Rulebook, ann: User, action: str) -> None:
    response = client_of(ann).get(reverse(f"scoring:version_{action}", args=[draft.pk]))

    assert response.status_code == 405


def test_no_rulebook_is_a_page_of_its_own(ann: User) -> None:
    assert client_of(ann).get(reverse("scoring:version", args=[999])).status_code == 404
