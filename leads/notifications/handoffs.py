"""Telling those concerned that a handoff came to them, or went from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from leads.models import Handoff, Lead, Notification, User
from leads.notifications.telling import Message, notify, notify_each
from leads.notifications.wording import about, lead_link, message_about, time_words

Kind = Notification.Kind


def tell_assigned(*, handoffs: Sequence[Handoff], at: datetime, by: User | None = None) -> None:
    """Tell the assignees, each once for all that they got at once; not those who gave it to themselves.

    For whoever assigns: offering, reassigning, routing anew.
    """
    got: dict[User, list[Handoff]] = {}
    for handoff in handoffs:
        if handoff.assignee is not None and handoff.assignee != by:
            got.setdefault(handoff.assignee, []).append(handoff)
    if got:
        notify_each(messages=[(user, _assigned(theirs, by)) for user, theirs in got.items()], at=at)


def _assigned(handoffs: Sequence[Handoff], by: User | None) -> Message:
    giver = f" by {by}" if by else ""

    def detail(handoff: Handoff) -> str:
        due = handoff.decide_due_at
        by = f"decide by {time_words(due, handoff.team)}" if due else ""
        return ", ".join(filter(None, (about(handoff), by)))

    return message_about(
        Kind.ASSIGNED,
        handoffs,
        one=lambda handoff: f"{handoff.lead} is assigned to you{giver}",
        many=f"{{}} handoffs are assigned to you{giver}",
        detail=detail,
        link="leads:queue",
    )


def tell_given(*, lead: Lead, to: User, by: User, at: datetime) -> None:
    """Tell the new owner of a lead that is worked, unless they took it themselves."""
    if to != by:
        message = Message(Kind.ASSIGNED, f"{by} gave you {lead} to work on", link=lead_link(lead))
        notify(users=[to], message=message, at=at)


def concerned_with(handoff: Handoff, *, at: datetime) -> set[int]:
    """Ids of whoever is assigned or has claimed it. As it was read: a claim of the last instant is told to nobody."""
    is_claimed = handoff.claimed_until is not None and handoff.claimed_until > at
    return {pk for pk in (handoff.assignee_id, handoff.claimed_by_id if is_claimed else None) if pk}


def tell_gone(*, handoff: Handoff, concerned: Collection[int], at: datetime) -> None:
    """Tell those who were concerned that somebody else has decided or withdrawn it."""
    others = set(concerned) - {handoff.decided_by_id}
    if not others:
        return
    who = handoff.decided_by or handoff.decided_by_actor or "scoring"
    reason = f" ({handoff.reason})" if handoff.reason else ""
    title = f"{handoff.lead} was {handoff.get_state_display().lower()} by {who}{reason}"
    notify(
        users=User.objects.filter(pk__in=others),
        message=Message(Kind.GONE, title, link=lead_link(handoff.lead)),
        at=at,
    )


def tell_demoted(*, handoffs: Sequence[Handoff], at: datetime) -> None:
    """Tell the assignees that scoring has withdrawn what waited for them."""
    lost: dict[User, list[Handoff]] = {}
    for handoff in handoffs:
        if handoff.assignee is not None:
            lost.setdefault(handoff.assignee, []).append(handoff)
    messages = [
        (
            user,
            message_about(
                Kind.GONE,
                theirs,
                one=lambda handoff: f"{handoff.lead} was withdrawn: it does not qualify any more",
                many="{} handoffs were withdrawn: they do not qualify any more",
                detail=about,
                link="leads:queue",
            ),
        )
        for user, theirs in lost.items()
    ]
    if messages:
        notify_each(messages=messages, at=at)
