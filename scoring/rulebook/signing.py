"""Sign-offs: marketing and sales each put a name under one revision of a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.urls import reverse

from leads.models import Notification, Organisation, Role, User
from leads.notifications.telling import Message, line, notify
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.rulebook.events import Kind, edits_since, record
from scoring.rulebook.rows import form_of

# More changes than these are counted, not listed.
_LISTED = 5


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"


SIGNING_ROLE = {Side.MARKETING: Role.MARKETER, Side.SALES: Role.MANAGER}


class MovedOn(ScoringError):
    """The draft is not what the person saw: somebody has edited it since. Says what has changed."""

    def __init__(self, book: Rulebook, seen: int) -> None:
        changes = [f"{edit.by or edit.origin}: {edit.what}" for edit in edits_since(book, seen)]
        listed = "; ".join(changes[:_LISTED])
        more = f"; and {len(changes) - _LISTED} more" if len(changes) > _LISTED else ""
        super().__init__(
            f"The draft has moved on: you saw revision {seen}, it is now revision {book.revision}."
            f"{f' Since then: {listed}{more}.' if changes else ''} Look at it again."
        )


def sides_of(user: User) -> tuple[Side, ...]:
    """For whom this user may sign."""
    return tuple(side for side, role in SIGNING_ROLE.items() if role in user.roles)


def needed_sides(organisation: Organisation) -> tuple[Side, ...]:
    """Whose signatures publishing needs."""
    return tuple(Side) if organisation.needs_sales_signature else (Side.MARKETING,)


def signer(book: Rulebook, side: Side) -> User | None:
    user: User | None = getattr(book, f"signed_{side.value}_by")
    return user


def signed_sides(book: Rulebook) -> tuple[Side, ...]:
    return tuple(side for side in Side if getattr(book, f"signed_{side.value}_at") is not None)


def is_signed(book: Rulebook, side: Side) -> bool:
    """Whether a name stands there of somebody who may still sign for that side."""
    who = signer(book, side)
    return who is not None and side in sides_of(who)


@transaction.atomic
def sign(*, book: Rulebook, side: Side, revision: int, by: User, at: datetime) -> Rulebook:
    """Put the user's name under this revision of a draft. Raises ScoringError and RulebookError, and signs nothing."""
    book = locked_draft(book)
    if side not in sides_of(by):
        raise ScoringError(f"Signing for {side.value} is for the role {SIGNING_ROLE[side]}.")
    if book.revision != revision:
        raise MovedOn(book, revision)
    for other in signed_sides(book):
        _refuse_second(book, side, other, by)
    # A draft that cannot be computed, or asks nothing, is nothing to put a name under.
    if not form_of(book).enabled_rules:
        raise ScoringError("No rule of this draft is switched on: nobody would ever qualify by it.")
    setattr(book, f"signed_{side.value}_by", by)
    setattr(book, f"signed_{side.value}_at", at)
    book.save(update_fields=[f"signed_{side.value}_by", f"signed_{side.value}_at"])
    record(book=book, kind=Kind.SIGNED, what=f"Signed for {side.value}, revision {revision}", at=at, by=by)
    _ask_the_others(book, by, at)
    return book


def _ask_the_others(book: Rulebook, by: User, at: datetime) -> None:
    """Tell whoever may sign for a side whose signature is missing. Once a revision, also when it is signed again."""
    for side in needed_sides(Organisation.current()):
        if side in signed_sides(book):
            continue
        message = Message(
            Notification.Kind.SIGNATURE,
            f"{by} has signed {book}: your signature for {side.value} is wanted",
            lines=[line("Look at its effect and sign it, or say on its page what is in the way.")],
            link=reverse("scoring:version", args=[book.pk]),
            key=f"signature:{book.pk}:{side.value}:{book.revision}",
        )
        notify(users=User.objects.with_role(SIGNING_ROLE[side]).exclude(pk=by.pk), message=message, at=at)


def _refuse_second(book: Rulebook, side: Side, signed: Side, by: User) -> None:
    who = signer(book, signed)
    if who == by:
        raise ScoringError(f"You have signed for {signed.value} already; nobody signs twice.")
    if signed == side:
        raise ScoringError(f"{who} has signed for {side.value} already.")


@transaction.atomic
def withdraw_own(*, book: Rulebook, by: User, at: datetime) -> Rulebook:
    """A signer takes the signature back. Raises ScoringError where there is none of theirs."""
    book = locked_draft(book)
    own = [side for side in signed_sides(book) if signer(book, side) == by]
    if not own:
        raise ScoringError("You have not signed this draft: there is nothing to withdraw.")
    _clear(book, own)
    record(book=book, kind=Kind.WITHDRAWN, what=f"Sign-off for {own[0].value} withdrawn", at=at, by=by)
    return book


def withdraw_signatures(
    *, book: Rulebook, because: str, at: datetime, by: User | None = None, origin: str = ""
) -> bool:
    """Take all signatures off a draft that is being changed, `because` of what; True where there were any.

    To be called in the transaction of the change, after the revision was counted up.
    """
    # Read again, locked: the signature may be newer than the object in hand.
    signed = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    sides = signed_sides(signed)
    if not sides:
        return False
    names = " and ".join(f"{signer(signed, side)} for {side.value}" for side in sides)
    _clear(signed, sides)
    record(
        book=signed,
        kind=Kind.WITHDRAWN,
        what=f"Sign-off of {names} withdrawn: {because}",
        at=at,
        by=by,
        origin=origin,
    )
    book.refresh_from_db(fields=_columns(sides))
    return True


def _clear(book: Rulebook, sides: Sequence[Side]) -> None:
    for column in _columns(sides):
        setattr(book, column, None)
    book.save(update_fields=_columns(sides))


def _columns(sides: Sequence[Side]) -> list[str]:
    return [f"signed_{side.value}_{what}" for side in sides for what in ("by", "at")]


def locked_draft(book: Rulebook) -> Rulebook:
    """The draft as it is now, locked until the transaction ends. Raises ScoringError unless it is at work."""
    book = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    refuse_unless_at_work(book)
    return book


def refuse_unless_at_work(book: Rulebook) -> None:
    if not book.is_draft:
        who = book.published_by or book.published_from
        raise ScoringError(
            f"{who} has published this draft as version {book.number}; a version is never changed again."
        )
    if book.discarded_at is not None:
        raise ScoringError(f"{book} was discarded by {book.discarded_by}; restore it first.")
