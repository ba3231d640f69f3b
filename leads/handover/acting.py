"""All that somebody has goes to others in one act: of a leaver, or the queue of somebody who is away.

One transaction: all of it or nothing, and a second press finds nothing left. Locks: the person, handoffs, leads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from django.db import transaction

from leads.errors import LeadError
from leads.handoff.decisions import NotYours
from leads.handoff.reassigning import reason_words
from leads.handoff.recipients import waiting_by_assignee
from leads.handover.allotting import Allotment
from leads.handover.holdings import IN_WORK
from leads.models import Company, Deal, Handoff, HandoffAssignment, HandOver, Lead, OwnerChange, Role, User
from leads.models.fields import day_of
from leads.permissions import can_hand_over, can_receive_hand_over

BATCH = 1000
Thing = TypeVar("Thing")


class HandOverRefused(LeadError):
    """The work cannot go where it was meant to; nothing was changed."""


class Way(StrEnum):
    LEAVE = "leave"
    SPREAD = "spread"
    QUEUE = "queue"  # of handoffs: back to the shared queue of their team
    NOBODY = "nobody"  # of companies: their leads go by the rules again
    PERSON = "person"


@dataclass(frozen=True)
class Choice:
    way: Way
    person: User | None = None


@dataclass(frozen=True)
class Plan:
    handoffs: Choice
    leads: Choice
    companies: Choice
    deactivate: bool = False
    why: str = ""

    @property
    def choices(self) -> tuple[Choice, Choice, Choice]:
        return self.handoffs, self.leads, self.companies


@transaction.atomic
def hand_over(*, of: User, plan: Plan, by: User, at: datetime) -> HandOver:
    """Raises NotYours, HandOverRefused."""
    of = User.objects.select_for_update(of=("self",), no_key=True).get(pk=of.pk)
    check_plan(of, plan, by)
    people = takers_for(of, at=at)
    if not people and any(choice.way is Way.SPREAD for choice in plan.choices):
        raise HandOverRefused(
            f"Nobody else of {of.team or 'no team'} is there to take turns; choose somebody."
        )
    allotment = Allotment(people, dict(waiting_by_assignee([user.pk for user in people])))
    act = _Act(of, by, at, " ".join(plan.why.split())[:200], allotment)
    done = HandOver(of=of, by=by, at=at, why=act.why, deactivated=plan.deactivate)
    waiting = _locked_handoffs(of) if plan.handoffs.way is not Way.LEAVE else []
    if plan.leads.way is not Way.LEAVE:
        done.leads, done.deals = act.give_leads(plan.leads)
    if plan.companies.way is not Way.LEAVE:
        done.companies = act.give_companies(plan.companies)
    done.handoffs = act.give_handoffs(waiting, plan.handoffs)
    if plan.deactivate:
        User.objects.filter(pk=of.pk).update(is_active=False)
    done.save()
    return done


def check_plan(of: User, plan: Plan, by: User) -> None:
    if not can_hand_over(by, of):
        raise NotYours(f"What {of} has is handed over by the managers of {of.team or 'all teams'}.")
    for choice in plan.choices:
        person = choice.person
        if choice.way is not Way.PERSON:
            continue
        if person is None or person.pk == of.pk or not person.is_active or not person.decides_handoffs:
            raise HandOverRefused("Choose somebody else of sales who works here.")
        if not can_receive_hand_over(by, person):
            raise HandOverRefused(f"{person} is not of your team, {by.team}: you give work within it.")
    if plan.deactivate:
        _check_deactivation(of, plan, by)


def takers_for(of: User, *, at: datetime) -> list[User]:
    """Who takes turns for somebody: reps of the same team who are there today and have a share."""
    people = User.objects.with_role(Role.REP).available(on=day_of(at)).filter(routing_weight__gt=0)
    found: list[User] = list(
        people.filter(team=of.team).exclude(pk=of.pk).select_related("team").order_by("pk")
    )
    return found


def _check_deactivation(of: User, plan: Plan, by: User) -> None:
    if of.pk == by.pk:
        raise HandOverRefused("You cannot end your own access.")
    if of.is_administrator and not by.is_administrator:
        raise HandOverRefused(f"{of} is an administrator, whose access only an administrator ends.")
    if any(choice.way is Way.LEAVE for choice in plan.choices):
        raise HandOverRefused(
            f"Say who takes over everything that {of} has: nothing may stay with somebody who has left."
        )


@dataclass
class _Act:
    of: User
    by: User
    at: datetime
    why: str
    allotment: Allotment

    def give_handoffs(self, waiting: Sequence[Handoff], choice: Choice) -> int:
        groups: dict[tuple[User | None, int | None], list[Handoff]] = defaultdict(list)
        for handoff in waiting:
            taker = None
            if choice.way is Way.PERSON:
                taker = choice.person
            elif choice.way is Way.SPREAD:
                taker = self.allotment.taker(_account(handoff.lead))
            team = taker.team_id if taker and taker.team_id else handoff.team_id
            groups[taker, team].append(handoff)
        for (taker, team_id), handoffs in groups.items():
            self._give_handoffs(handoffs, taker, team_id)
        return len(waiting)

    def _give_handoffs(self, handoffs: Sequence[Handoff], taker: User | None, team_id: int | None) -> None:
        team = handoffs[0].team if taker is None or taker.team is None else taker.team
        because = reason_words(by=self.by, before=self.of, user=taker, team=team, why=self.why)
        for pks in _batches([handoff.pk for handoff in handoffs]):
            Handoff.objects.waiting().filter(pk__in=pks).update(
                assignee=taker, team=team_id, assigned_because=because, claimed_by=None, claimed_until=None
            )
        HandoffAssignment.objects.bulk_create(
            [
                HandoffAssignment(
                    handoff=handoff,
                    cause=HandoffAssignment.Cause.HAND,
                    way=HandoffAssignment.Way.HAND,
                    at=self.at,
                    day=day_of(self.at),
                    by=self.by,
                    team_id=team_id,
                    assignee=taker,
                    taken_from=self.of,
                    because=because,
                )
                for handoff in handoffs
            ],
            batch_size=BATCH,
        )

    def give_leads(self, choice: Choice) -> tuple[int, int]:
        """Leads with their open deals, and open deals on leads of others: how many of each."""
        leads = list(
            Lead.objects.select_for_update(of=("self",), no_key=True)
            .filter(owner=self.of, stage__in=IN_WORK)
            .only("pk", "company_id")
            .order_by("pk")
        )
        groups = self._by_owner(leads, choice, _account)
        deals = 0
        for owner, some in groups.items():
            for pks in _batches([lead.pk for lead in some]):
                Lead.objects.filter(pk__in=pks).update(owner=owner)
                deals += Deal.objects.filter(lead__in=pks, owner=self.of, state=Deal.State.OPEN).update(
                    owner=owner
                )
            self._record([OwnerChange(lead=lead, to_user=owner) for lead in some])
        others = list(Deal.objects.filter(owner=self.of, state=Deal.State.OPEN).select_related("lead"))
        for owner, some_deals in self._by_owner(others, choice, lambda deal: _account(deal.lead)).items():
            deals += Deal.objects.filter(pk__in=[deal.pk for deal in some_deals]).update(owner=owner)
        return len(leads), deals

    def give_companies(self, choice: Choice) -> int:
        companies = list(Company.objects.filter(owner=self.of).only("pk").order_by("pk"))
        groups: dict[User | None, list[Company]] = {None: companies}
        if choice.way is not Way.NOBODY:
            owners = self._by_owner(companies, choice, lambda company: ("company", company.pk))
            groups = dict(owners.items())
        for owner, some in groups.items():
            for pks in _batches([company.pk for company in some]):
                Company.objects.filter(pk__in=pks).update(owner=owner)
            self._record([OwnerChange(company=company, to_user=owner) for company in some])
        return len(companies)

    def _by_owner(
        self, things: Iterable[Thing], choice: Choice, account: Callable[[Thing], Hashable]
    ) -> dict[User, list[Thing]]:
        groups: dict[User, list[Thing]] = defaultdict(list)
        for thing in things:
            groups[choice.person or self.allotment.owner(account(thing))].append(thing)
        return groups

    def _record(self, changes: Sequence[OwnerChange]) -> None:
        for change in changes:
            change.from_user, change.by, change.at, change.why = self.of, self.by, self.at, self.why
        OwnerChange.objects.bulk_create(changes, batch_size=BATCH)


def _locked_handoffs(of: User) -> list[Handoff]:
    return list(
        Handoff.objects.waiting()
        .select_for_update(of=("self",))
        .filter(assignee=of)
        .select_related("lead", "team")
        .defer("contributions")
        .order_by("pk")
    )


def _account(lead: Lead) -> Hashable:
    return ("company", lead.company_id) if lead.company_id else ("lead", lead.pk)


def _batches(pks: Sequence[int]) -> Iterable[Sequence[int]]:
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))
