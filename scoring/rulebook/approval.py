"""What stands between a draft and its publication, as its page shows it to one user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Organisation, User
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.signing import SIGNING_ROLE, Side, needed_sides, sides_of, signed_sides, signer


@dataclass(frozen=True)
class SideState:
    """One sign-off. `may_sign`, `may_withdraw`: whether the user who looks at it may."""

    side: Side
    role: str
    by: User | None
    at: datetime | None
    may_sign: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Approval:
    """`overtaken`: the version that was published after the draft was copied, and would be undone by it."""

    sides: Sequence[SideState]
    is_signed: bool
    may_publish: bool
    overtaken: Rulebook | None = None

    @property
    def missing(self) -> str:
        return " and ".join(state.side.value for state in self.sides if state.at is None)


def approval_of(book: Rulebook, *, user: User) -> Approval:
    """Two queries at most."""
    needed = needed_sides(Organisation.current())
    mine, signed = sides_of(user), signed_sides(book)
    has_signed = any(signer(book, side) == user for side in signed)
    states = [
        SideState(
            side=side,
            role=SIGNING_ROLE[side].value,
            by=signer(book, side),
            at=getattr(book, f"signed_{side.value}_at"),
            may_sign=side in mine and side not in signed and not has_signed,
            may_withdraw=side in signed and signer(book, side) == user,
        )
        for side in Side
        if side in needed or side in signed
    ]
    return Approval(
        sides=states,
        is_signed=all(side in signed for side in needed),
        may_publish=can_edit_rulebooks(user),
        overtaken=_overtaken(book),
    )


def _overtaken(book: Rulebook) -> Rulebook | None:
    published = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if published is None or published.published_at is None:
        return None
    is_newer = published.published_at > book.created_at and published.pk != book.copy_of_id
    return published if is_newer else None
