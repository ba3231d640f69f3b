"""What is done to a version or a draft from its page. A refusal shows the page again, with all that was typed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.htmx import HtmxRequest
from leads.models import Organisation, User
from scoring.effect.study import latest_effect
from scoring.errors import ScoringError
from scoring.models import Rulebook, Study
from scoring.permissions import can_comment, can_edit_rulebooks, can_sign
from scoring.publication import publish_signed
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rollback import draft_rollback
from scoring.rulebook.shelving import discard, restore
from scoring.rulebook.signing import Side, is_signed, needed_sides, sign, withdraw_own
from scoring.rulebook.talk import comment
from scoring.studies.ledger import request_study
from scoring.tasks import hand_out, work_on_run
from scoring.views.versions import version_page, visible

Act = Callable[[], HttpResponse]


@require_POST
def version_copy(request: HtmxRequest, pk: int) -> HttpResponse:
    """A new draft, a copy of this version or draft."""
    book = _allowed(request, pk, can_edit_rulebooks, "Marketers make drafts.")

    def act() -> HttpResponse:
        draft = create_draft(by=request.user, at=timezone.now(), copy_of=book)
        messages.success(request, "This is your draft. Nothing changes for anybody until it is published.")
        return redirect("scoring:editor", draft.pk)

    return _answer(request, book, act)


@require_POST
def version_roll_back(request: HtmxRequest, pk: int) -> HttpResponse:
    """A draft that brings an older version back."""
    book = _allowed(request, pk, can_edit_rulebooks, "Marketers prepare a rollback.")

    def act() -> HttpResponse:
        draft = draft_rollback(to=book, by=request.user, at=timezone.now())
        messages.success(request, "Once both sides have signed this draft, it can be published.")
        return redirect("scoring:version", draft.pk)

    return _answer(request, book, act)


@require_POST
def version_sign(request: HtmxRequest, pk: int) -> HttpResponse:
    """A signature under the revision that the signer saw."""
    book = _allowed(request, pk, can_sign, "Marketers and sales managers sign rulebooks.")

    def act() -> HttpResponse:
        side, revision = _side(request), _revision(request)
        signed = sign(book=book, side=side, revision=revision, by=request.user, at=timezone.now())
        messages.success(request, f"You have signed for {side.value}.")
        _count_before_publication(signed, request.user)
        return redirect("scoring:version", pk)

    return _answer(request, book, act)


def _count_before_publication(book: Rulebook, by: User) -> None:
    """Once nothing but the publication is missing, whoever publishes shall see what it does to all leads."""
    is_whole = all(is_signed(book, side) for side in needed_sides(Organisation.current()))
    if is_whole and latest_effect(book) is None:
        hand_out(request_study(kind=Study.Kind.EFFECT, book=book, asked={}, by=by, at=timezone.now()))


@require_POST
def version_withdraw(request: HtmxRequest, pk: int) -> HttpResponse:
    book = _allowed(request, pk, can_sign, "Marketers and sales managers sign rulebooks.")

    def act() -> HttpResponse:
        withdraw_own(book=book, by=request.user, at=timezone.now())
        messages.success(request, "Your sign-off is withdrawn.")
        return redirect("scoring:version", pk)

    return _answer(request, book, act)


@require_POST
def version_publish(request: HtmxRequest, pk: int) -> HttpResponse:
    """Publish, and follow the rescore. A broker that is down delays it to the next tick, and fails nothing."""
    book = _allowed(
        request, pk, can_edit_rulebooks, "Marketers publish a rulebook that both sides have signed."
    )
    note = request.POST.get("note", "")

    def act() -> HttpResponse:
        run = publish_signed(
            book=book, revision=_revision(request), note=note, by=request.user, at=timezone.now()
        )
        # Not a partial: Django names the function when it logs that the broker is down.
        transaction.on_commit(lambda: work_on_run.delay(run.pk), robust=True)
        number = run.rulebook.number
        messages.success(request, f"Version {number} is published. All leads are being rescored with it.")
        return redirect("scoring:run", run.pk)

    return _answer(request, book, act, note=note)


@require_POST
def version_comment(request: HtmxRequest, pk: int) -> HttpResponse:
    book = _allowed(request, pk, can_comment, "Marketers and sales managers comment on rulebooks.")
    text = request.POST.get("text", "")

    def act() -> HttpResponse:
        comment(book=book, text=text, by=request.user, at=timezone.now())
        messages.success(request, "Your comment is kept with this rulebook.")
        return redirect("scoring:version", pk)

    return _answer(request, book, act, comment=text)


@require_POST
def version_discard(request: HtmxRequest, pk: int) -> HttpResponse:
    book = _allowed(request, pk, can_edit_rulebooks, "Marketers discard drafts.")

    def act() -> HttpResponse:
        discard(book=book, by=request.user, at=timezone.now())
        messages.success(request, f"{book} is set aside. It can be restored here.")
        return redirect("scoring:version", pk)

    return _answer(request, book, act)


@require_POST
def version_restore(request: HtmxRequest, pk: int) -> HttpResponse:
    book = _allowed(request, pk, can_edit_rulebooks, "Marketers restore drafts.")

    def act() -> HttpResponse:
        restore(book=book, by=request.user, at=timezone.now())
        messages.success(request, f"{book} is at work again.")
        return redirect("scoring:version", pk)

    return _answer(request, book, act)


def _allowed(request: HtmxRequest, pk: int, may: Callable[[User], bool], whose: str) -> Rulebook:
    book = visible(request, pk)
    if not may(request.user):
        raise PermissionDenied(whose)
    return book


def _answer(request: HtmxRequest, book: Rulebook, act: Act, **typed: str) -> HttpResponse:
    try:
        return act()
    except RulebookError as error:
        messages.error(request, f"These rules cannot be computed: {' '.join(error.mistakes)}")
    except ScoringError as refusal:
        messages.error(request, str(refusal))
    # As it is by now, which may be why it was refused.
    return version_page(request, visible(request, book.pk), status=409, **typed)


def _side(request: HtmxRequest) -> Side:
    asked = request.POST.get("side", "")
    if asked not in Side.values:
        raise ScoringError(f"“{asked[:60]}” is no side; one signs for marketing or for sales.")
    return Side(asked)


def _revision(request: HtmxRequest) -> int:
    asked = request.POST.get("revision", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise ScoringError("The request does not say which revision you saw; use the button on this page.")
    return int(asked)
