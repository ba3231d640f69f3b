from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from leads.models import Notification, Organisation, Role, User
from scoring.errors import ScoringError
from scoring.models import Rulebook, RulebookEvent, ScoringRun
from scoring.publication import publish_signed
from scoring.rulebook.events import Kind, record
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.shelving import discard, restore
from scoring.rulebook.signing import MovedOn, Side, sign, signed_sides, withdraw_own, withdraw_signatures
from scoring.rulebook.talk import comment
from scoring.rulebook.versions import NotSigned
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, draft_of, german

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann", role=Role.MARKETER)


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(username="bob", role=Role.MANAGER)


@pytest.fixture
def draft(db: None) -> Rulebook:
    return draft_of(german(20))


def signed(draft: Rulebook, ann: User, bob: User) -> Rulebook:
    for side, by in ((Side.MARKETING, ann), (Side.SALES, bob)):
        draft = sign(book=draft, side=side, revision=draft.revision, by=by, at=NOW)
    return draft


def edit(draft: Rulebook, by: User) -> None:
    """What every edit does: count the revision, say what changed, take off the signatures."""
    draft.rules.update(points=9)
    draft.revision += 1
    draft.save(update_fields=["revision"])
    record(book=draft, kind=Kind.EDITED, what="Points of Rule 0: 20 to 9", at=NOW, by=by)
    withdraw_signatures(book=draft, because="the draft was edited", by=by, at=NOW)


def kinds(book: Rulebook) -> list[str]:
    return list(RulebookEvent.objects.filter(rulebook=book).order_by("pk").values_list("kind", flat=True))


def test_both_sides_sign_each_for_itself(draft: Rulebook, ann: User, bob: User) -> None:
    draft = signed(draft, ann, bob)

    assert (draft.signed_marketing_by, draft.signed_sales_by) == (ann, bob)
    events = RulebookEvent.objects.filter(rulebook=draft).order_by("pk")
    assert [(event.by, event.what) for event in events] == [
        (ann, "Signed for marketing, revision 0"),
        (bob, "Signed for sales, revision 0"),
    ]


@pytest.mark.parametrize(
    ("role", "side", "said"),
    [
        (Role.MARKETER, Side.SALES, "Signing for sales is for the role Sales manager"),
        (Role.MANAGER, Side.MARKETING, "Signing for marketing is for the role Marketer"),
        (Role.REP, Side.SALES, "Signing for sales is for the role Sales manager"),
        (Role.ADMINISTRATOR, Side.MARKETING, "Signing for marketing is for the role Marketer"),
    ],
)
def test_nobody_signs_for_another_role(draft: Rulebook, role: Role, side: Side, said: str) -> None:
    with pytest.raises(ScoringError, match=said):
        sign(book=draft, side=side, revision=0, by=UserFactory(role=role), at=NOW)

    assert signed_sides(Rulebook.objects.get()) == ()


def test_nobody_signs_twice_nor_for_both_sides(draft: Rulebook, ann: User) -> None:
    ann.groups.add(*ann.groups.model.objects.filter(name=Role.MANAGER.value))
    both = User.objects.get(pk=ann.pk)
    sign(book=draft, side=Side.MARKETING, revision=0, by=both, at=NOW)

    for side in Side:
        with pytest.raises(ScoringError, match="You have signed for marketing already; nobody signs twice"):
            sign(book=draft, side=side, revision=0, by=both, at=NOW)
    with pytest.raises(ScoringError, match="ann has signed for marketing already"):
        sign(book=draft, side=Side.MARKETING, revision=0, by=UserFactory(role=Role.MARKETER), at=NOW)


def test_signing_is_of_what_was_seen(draft: Rulebook, ann: User, bob: User) -> None:
    edit(draft, ann)

    with pytest.raises(MovedOn) as refusal:
        sign(book=draft, side=Side.SALES, revision=0, by=bob, at=NOW)

    assert str(refusal.value) == (
        "The draft has moved on: you saw revision 0, it is now revision 1."
        " Since then: ann: Points of Rule 0: 20 to 9. Look at it again."
    )


def test_edit_withdraws_both_signatures(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)

    edit(draft, ann)  # with an object that knows of no signature

    assert signed_sides(Rulebook.objects.get()) == signed_sides(draft) == ()
    assert kinds(draft) == ["signed", "signed", "edited", "withdrawn"]
    said = RulebookEvent.objects.order_by("-pk")[0].what
    assert said == "Sign-off of ann for marketing and bob for sales withdrawn: the draft was edited"


def test_signer_withdraws_and_nobody_else_does(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)

    withdraw_own(book=draft, by=bob, at=NOW)

    assert signed_sides(Rulebook.objects.get()) == (Side.MARKETING,)
    with pytest.raises(ScoringError, match="You have not signed this draft"):
        withdraw_own(book=draft, by=bob, at=NOW)


def test_broken_draft_is_not_signed(draft: Rulebook, ann: User) -> None:
    draft.rules.get().conditions.update(field="attributes.gone")

    with pytest.raises(RulebookError):
        sign(book=draft, side=Side.MARKETING, revision=0, by=ann, at=NOW)


def test_publishing_needs_both_signatures_a_note_and_the_revision_seen(
    draft: Rulebook, ann: User, bob: User
) -> None:
    sign(book=draft, side=Side.MARKETING, revision=0, by=ann, at=NOW)
    with pytest.raises(NotSigned, match="the sign-off for sales is missing"):
        publish_signed(book=draft, revision=0, note="Better", by=ann, at=NOW)
    sign(book=draft, side=Side.SALES, revision=0, by=bob, at=NOW)
    with pytest.raises(ScoringError, match="note"):
        publish_signed(book=draft, revision=0, note=" ", by=ann, at=NOW)
    with pytest.raises(MovedOn):
        publish_signed(book=draft, revision=1, note="Better", by=ann, at=NOW)
    with pytest.raises(ScoringError, match="Marketers publish"):
        publish_signed(book=draft, revision=0, note="Better", by=bob, at=NOW)

    run = publish_signed(book=draft, revision=0, note="Better", by=ann, at=NOW)

    draft.refresh_from_db()
    assert (draft.state, draft.number, draft.published_by, draft.published_from) == ("published", 1, ann, "")
    assert (run.kind, run.full, run.rulebook, run.requested_by) == ("publish", True, draft, ann)
    assert RulebookEvent.objects.order_by("-pk")[0].what == "Published as version 1: Better"


def test_sales_need_not_sign_where_the_organisation_says_so(draft: Rulebook, ann: User) -> None:
    Organisation.objects.update(needs_sales_signature=False)
    sign(book=draft, side=Side.MARKETING, revision=0, by=ann, at=NOW)

    publish_signed(book=draft, revision=0, note="Better", by=ann, at=NOW)

    assert Rulebook.objects.get().number == 1


def test_second_publisher_reads_who_was_first(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)
    publish_signed(book=draft, revision=0, note="Better", by=ann, at=NOW)

    with pytest.raises(ScoringError, match="ann has published this draft as version 1"):
        publish_signed(book=draft, revision=0, note="Mine", by=UserFactory(role=Role.MARKETER), at=NOW)

    assert ScoringRun.objects.count() == 1


def test_version_takes_no_signature_and_loses_none(publish_rules: Publish, ann: User, bob: User) -> None:
    book = publish_rules(german(20), signers=(ann, bob))

    with pytest.raises(ScoringError, match="never changed again"):
        withdraw_own(book=book, by=ann, at=NOW)
    with pytest.raises(ScoringError, match="never changed again"):
        discard(book=book, by=ann, at=NOW)


def test_discarded_draft_is_kept_unsigned_and_restored(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)

    discard(book=draft, by=ann, at=NOW)

    with pytest.raises(ScoringError, match="was discarded by ann; restore it first"):
        sign(book=draft, side=Side.MARKETING, revision=0, by=ann, at=NOW)
    restore(book=draft, by=ann, at=NOW)
    with pytest.raises(ScoringError, match="not discarded"):
        restore(book=draft, by=ann, at=NOW)
    assert signed_sides(Rulebook.objects.get()) == ()
    assert kinds(draft) == ["signed", "signed", "withdrawn", "discarded", "restored"]


def test_only_marketers_discard_and_restore(draft: Rulebook, bob: User) -> None:
    for act in (discard, restore):
        with pytest.raises(ScoringError, match="Marketers discard and restore"):
            act(book=draft, by=bob, at=NOW)


def test_marketers_and_managers_comment(draft: Rulebook, ann: User, bob: User) -> None:
    comment(book=draft, text=" Why 20? ", by=bob, at=NOW)

    assert RulebookEvent.objects.get().what == "Why 20?"
    for text, by, said in (
        (" ", ann, "needs some words"),
        ("x" * 2001, ann, "at most 2,000"),
        ("Hm", UserFactory(role=Role.ADMINISTRATOR), "Marketers and sales managers"),
    ):
        with pytest.raises(ScoringError, match=said):
            comment(book=draft, text=text, by=by, at=NOW)


# Races: real transactions of several connections ---------------------------------------------------------------------


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment, each on a connection of its own; what each was refused with, or “done”."""
    said: list[str] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
            said.append("done")
        except ScoringError as refusal:
            said.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_publishers_at_once_one_wins(draft: Rulebook, ann: User, bob: User) -> None:
    signed(draft, ann, bob)

    said = at_once(*[lambda: publish_signed(book=draft, revision=0, note="Go", by=ann, at=NOW)] * 4)

    assert said == ["ScoringError", "ScoringError", "ScoringError", "done"]
    assert list(Rulebook.objects.values_list("number", "state")) == [(1, "published")]
    assert ScoringRun.objects.count() == 1
    assert kinds(draft).count("published") == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_signature_and_edit_at_once_never_leave_a_signed_edit(draft: Rulebook, ann: User, bob: User) -> None:
    from django.db import transaction

    @transaction.atomic
    def an_edit() -> None:
        edit(Rulebook.objects.select_for_update().get(pk=draft.pk), ann)

    for _ in range(5):
        seen = Rulebook.objects.get().revision

        at_once(an_edit, lambda seen=seen: sign(book=draft, side=Side.SALES, revision=seen, by=bob, at=NOW))

        now = Rulebook.objects.get()
        assert (now.revision, now.signed_sales_by) == (seen + 1, None)


def test_the_other_side_is_asked_to_sign_once_a_revision(draft: Rulebook, ann: User, bob: User) -> None:
    for _ in range(2):
        sign(book=draft, side=Side.MARKETING, revision=draft.revision, by=ann, at=NOW)
        withdraw_own(book=draft, by=ann, at=NOW)

    note = Notification.objects.get()
    assert (note.user, note.kind, note.link) == (bob, "signature", f"/rulebook/{draft.pk}/")
    assert "ann has signed" in note.title
