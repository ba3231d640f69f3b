"""How one user wants to be told of what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from leads.models import NotificationPreference, User
from leads.notifications.kinds import KindInfo, kinds_for


@dataclass(frozen=True)
class Choice:
    info: KindInfo
    in_app: bool
    email: bool

    @property
    def is_mail_only(self) -> bool:
        return self.info.is_mail_only


def choices_of(user: User) -> Sequence[Choice]:
    """What the user can be told of, as chosen or as is usual."""
    chosen = {row.kind: row for row in NotificationPreference.objects.filter(user=user)}
    return [
        Choice(
            info,
            chosen[info.kind].in_app if info.kind in chosen else info.in_app,
            chosen[info.kind].email if info.kind in chosen else info.email,
        )
        for info in kinds_for(user)
    ]


def choose(*, user: User, in_app: Collection[str], email: Collection[str]) -> None:
    """Keep the kinds of which the user wants to be told here, and those by e-mail; of all others, nothing."""
    rows = [
        NotificationPreference(
            user=user,
            kind=info.kind,
            in_app=info.kind in in_app and not info.is_mail_only,
            email=info.kind in email,
        )
        for info in kinds_for(user)
    ]
    NotificationPreference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["in_app", "email"]
    )
