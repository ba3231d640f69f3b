"""Managers give what waits, or what is worked, to somebody else: one at a time or a selection.

A waiting handoff keeps its clocks: who is late does not become punctual by passing it on. Each change of hands is a
row of an append-only table: HandoffAssignment, or OwnerChange.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from leads.errors import LeadError
from leads.handoff.decisions import AlreadyDecided, NotYours
from leads.models import Deal, Handoff, HandoffAssignment, Lead, OwnerChange, Stage, Team, User
from leads.models.fields import day_of
from leads.notifications.handoffs import tell_assigned, tell_given
from leads.permissions import can_give_lead, can_reassign, can_receive_from

# A selection is answered one by one. All that somebody has is handed over in one act (leads.handoff.handover).
MOST_AT_ONCE = 200
GIVERS = "Work is reassigned by sales managers; your role reassigns none."
IN_WORK = (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)

# To somebody; to a team's shared queue; or (None) back to the shared queue of the team that it is offered to.
Recipient = User | Team | None
Thing = TypeVar("Thing", Handoff, Lead)


class RecipientRefused(LeadError):
    """Whoever shall have it cannot, or not from this manager."""


class AlreadyTheirs(LeadError):
    """It is there already; nothing was changed."""


class GivenMeanwhile(LeadError):
    """Somebody else gave it away since it was read; nothing was changed."""


class TooMany(LeadError):
    """More than one request answers."""


@dataclass(frozen=True)
class Answer:
    """What became of one of a selection."""

    what: Handoff | Lead | None  # None: it is no longer there
    is_done: bool
    words: str


@transaction.atomic
def reassign(*, handoff: Handoff, to: Recipient, by: User, at: datetime, why: str = "") -> None:
    """Give a waiting handoff, as it was read, to somebody or to a shared queue.

    Raises NotYours, RecipientRefused, AlreadyTheirs, AlreadyDecided, GivenMeanwhile.
    """
    check_recipient(to, by=by)
    if not can_reassign(by, handoff):
        raise NotYours(f"{handoff.lead} is offered to {handoff.team}; its managers reassign it.")
    user, team = _place(handoff, to)
    if (handoff.assignee, handoff.team) == (user, team) and handoff.is_waiting:
        raise AlreadyTheirs(f"{handoff.lead} is {_whose(user, team)} already; nothing was changed.")
    before = handoff.assignee
    because = reason_words(by=by, before=before, user=user, team=team, why=why)
    # Whoever was looking at it for somebody else need not look on.
    claim = {} if handoff.claimed_by == user else {"claimed_by": None, "claimed_until": None}
    given = (
        Handoff.objects.waiting()
        .filter(pk=handoff.pk, assignee=before, team=handoff.team)
        .update(assignee=user, team=team, assigned_because=because, **claim)
    )
    if not given:
        raise _too_late(handoff)
    handoff.assignee, handoff.team, handoff.assigned_because = user, team, because
    HandoffAssignment.objects.create(
        handoff=handoff,
        cause=HandoffAssignment.Cause.HAND,
        way=HandoffAssignment.Way.HAND,
        at=at,
        day=day_of(at),
        by=by,
        team=team,
        assignee=user,
        taken_from=before,
        because=because,
    )
    tell_assigned(handoffs=[handoff], at=at, by=by)


@transaction.atomic
def give_lead(*, lead: Lead, to: User, by: User, at: datetime, why: str = "") -> OwnerChange:
    """Make somebody else the owner of a lead that sales works, with its open deals; steps and clocks stay as they are.

    Raises NotYours, RecipientRefused, AlreadyTheirs, GivenMeanwhile.
    """
    check_recipient(to, by=by)
    before = lead.owner
    if not can_give_lead(by, lead):
        raise NotYours(f"{lead} is worked by {before}, who is in another team; its managers reassign it.")
    if lead.stage not in IN_WORK:
        raise GivenMeanwhile(
            f"{lead} is {Stage(lead.stage).label}: only leads that sales works have an owner to change."
        )
    if before == to:
        raise AlreadyTheirs(f"{lead} is {_whose(to, None)} already; nothing was changed.")
    if not Lead.objects.filter(pk=lead.pk, owner=before, stage__in=IN_WORK).update(owner=to):
        lead.refresh_from_db()
        now = f"{Stage(lead.stage).label} and {_whose(lead.owner, None)}"
        raise GivenMeanwhile(f"{lead} is {now} since; nothing was changed.")
    if before is not None:
        Deal.objects.filter(lead=lead, owner=before, state=Deal.State.OPEN).update(owner=to)
    lead.owner = to
    tell_given(lead=lead, at=at, by=by, to=to)
    return OwnerChange.objects.create(
        lead=lead, from_user=before, to_user=to, by=by, at=at, why=_one_line(why)
    )


def reassign_each(
    *, handoff_ids: Sequence[int], to: Recipient, by: User, at: datetime, why: str = ""
) -> list[Answer]:
    """A selection, each on its own: what happened to each, in their order. Raises what holds for all of them.

    Those are NotYours (no manager), RecipientRefused and TooMany.
    """
    check_recipient(to, by=by)
    found = Handoff.objects.select_related("lead", "assignee", "team", "claimed_by").in_bulk(
        _few(handoff_ids)
    )

    def give(handoff: Handoff) -> str:
        reassign(handoff=handoff, to=to, by=by, at=at, why=why)
        return f"{handoff.lead} is {_whose(handoff.assignee, handoff.team)} now."

    return [_answer(found.get(pk), give) for pk in dict.fromkeys(handoff_ids)]


def give_each(*, lead_ids: Sequence[int], to: User, by: User, at: datetime, why: str = "") -> list[Answer]:
    """The same for leads that sales works."""
    check_recipient(to, by=by)
    found = Lead.objects.select_related("owner__team").in_bulk(_few(lead_ids))

    def give(lead: Lead) -> str:
        give_lead(lead=lead, to=to, by=by, at=at, why=why)
        return f"{lead} is {_whose(to, None)} now."

    return [_answer(found.get(pk), give) for pk in dict.fromkeys(lead_ids)]


def check_recipient(to: Recipient, *, by: User) -> None:
    """Raise NotYours where `by` is no manager, RecipientRefused where `to` cannot have it from them."""
    if not by.is_manager:
        raise NotYours(GIVERS)
    if isinstance(to, User):
        if not to.is_active:
            raise RecipientRefused(f"{to} no longer works here; choose somebody else.")
        if not to.decides_handoffs:
            raise RecipientRefused(
                f"{to} is neither a sales rep nor a sales manager; choose somebody who is."
            )
    if isinstance(to, Team) and not to.is_active:
        raise RecipientRefused(f"{to} is no longer in use; choose another team.")
    if to is not None and not can_receive_from(by, to):
        raise RecipientRefused(f"{to} is not of your team, {by.team}: you give work within it.")


def absence_warning(to: Recipient, *, at: datetime) -> str:
    """What to say beside the answer where whoever has it now is away; nobody is kept from giving it. One query."""
    if not isinstance(to, User):
        return ""
    absence = to.absences.on(day_of(at)).order_by("-last_day").first()
    if absence is None:
        return ""
    return (
        f"{to} is away until {absence.last_day:%a %d %b}: what waits there waits until then, or is given on."
    )


def reason_words(*, by: User, before: User | None, user: User | None, team: Team | None, why: str) -> str:
    """Why it is where it is, as the handoff says it: `Mona gave it from Bob to Alice: on holiday`."""
    start = f" from {before}" if before else ""
    end = str(user) if user else f"the shared queue of {team or 'all teams'}"
    text = f"{by} gave it{start} to {end}: {_one_line(why)}".removesuffix(": ")
    text = text if why.strip() else f"{text}."
    return text if len(text) <= 300 else f"{text[:299]}…"


def _one_line(why: str) -> str:
    return " ".join(why.split())[:200]


def _place(handoff: Handoff, to: Recipient) -> tuple[User | None, Team | None]:
    """Whose it will be, and which team's. With somebody without a team it stays where it is."""
    if isinstance(to, User):
        return to, to.team or handoff.team
    return None, to or handoff.team


def _whose(user: User | None, team: Team | None) -> str:
    return f"with {user}" if user else f"in the shared queue of {team or 'all teams'}"


def _too_late(handoff: Handoff) -> LeadError:
    """Decided or given away since it was read: who was faster."""
    handoff.refresh_from_db()
    if not handoff.is_waiting:
        return AlreadyDecided(handoff)
    now = _whose(handoff.assignee, handoff.team)
    return GivenMeanwhile(f"{handoff.lead} is {now} since; nothing was changed.")


def _few(ids: Sequence[int]) -> list[int]:
    if len(ids) > MOST_AT_ONCE:
        raise TooMany(f"At most {MOST_AT_ONCE} are reassigned at once; you chose {len(ids):,}.")
    return list(ids)


def _answer(what: Thing | None, give: Callable[[Thing], str]) -> Answer:
    if what is None:
        return Answer(None, is_done=False, words="One of them is no longer there.")
    try:
        return Answer(what, is_done=True, words=give(what))
    except LeadError as refusal:
        return Answer(what, is_done=False, words=str(refusal))
