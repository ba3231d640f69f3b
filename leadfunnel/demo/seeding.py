"""Puts the invented company together and writes it, chunk by chunk, in flat memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import UUID

from django.conf import settings
from django.db import reset_queries, transaction

from leadfunnel.demo import calendar, marketing, properties
from leadfunnel.demo.companies import DemoCompany, draw_company
from leadfunnel.demo.judging import Judge
from leadfunnel.demo.loading import (
    ActivityRow,
    insert,
    insert_activities,
    refresh_statistics,
    settle_references,
)
from leadfunnel.demo.marketing import draw_source
from leadfunnel.demo.people import Person, draw_person, private_twin
from leadfunnel.demo.properties import typed
from leadfunnel.demo.records import History, company_row, lead_row
from leadfunnel.demo.rulebook import rulebook_in_force
from leadfunnel.demo.staff import Desk, Rep, employ
from leadfunnel.demo.story import Assignment, Character, Life, tell
from leadfunnel.demo.world import Plan, RunningCampaign, World
from leads.errors import LeadError
from leads.folding import fold, folded_digest
from leads.lifecycle import begin_lifecycles, record_history
from leads.models import (
    ActivityType,
    Asset,
    Campaign,
    CampaignCost,
    Company,
    Lead,
    Reason,
)
from leads.models.fields import day_from_number, day_number
from reports.period import DAY

CHUNK = 2000
# Chunks after which the tables have grown many times over.
_GROWN = frozenset({0, 1, 10, 100})


class SeedRefused(LeadError):
    """Demo data does not belong into this database."""


@dataclass
class Seeded:
    """How much was written."""

    leads: int = 0
    companies: int = 0
    activities: int = 0
    handoffs: int = 0
    deals: int = 0


def seed(plan: Plan, *, progress: Callable[[Seeded], None] = lambda seeded: None) -> Seeded:
    """Write the history of the plan, in one transaction. Raises SeedRefused where there are leads already."""
    with transaction.atomic():
        if Lead.objects.exists():
            raise SeedRefused(
                "This database has leads already. The demo is only for an empty one: set DATABASE_URL "
                "(or DATA_DIR) to another database."
            )
        world = _prepare(plan)
        days = plan.creation_days()
        done = Seeded()
        for start in range(0, plan.leads, CHUNK):
            numbers = range(start, min(start + CHUNK, plan.leads))
            _Chunk(world, Random(f"{plan.seed}/{start}"), days.day_of, start).write(numbers, done)
            settle_references(after_growth=start // CHUNK in _GROWN)
            # With DEBUG each statement is remembered; a million leads' would not fit.
            reset_queries()
            progress(done)
    refresh_statistics()
    return done


def _prepare(plan: Plan) -> World:
    properties.declare()
    staff = employ()
    form, version = rulebook_in_force(
        marketer=staff.marketer,
        manager=staff.manager,
        at=calendar.instant(plan.first_day, 9 * 3600),
        until=calendar.instant(plan.today_number, 0),
    )
    Asset.objects.bulk_create([_asset(name) for name in marketing.ASSETS], ignore_conflicts=True)
    assets = {asset.name: asset for asset in Asset.objects.filter(name__in=marketing.ASSETS)}
    return World(
        plan=plan,
        staff=staff,
        judge=Judge(form, version, assets),
        campaigns=_campaigns(plan),
        type_ids=dict(ActivityType.objects.values_list("code", "pk")),
        reason_cooldowns={
            reason.key: reason.cooldown_days
            for reason in Reason.objects.all()
            if reason.cooldown_days is not None
        },
    )


def _asset(name: str) -> Asset:
    folded = fold(name)
    return Asset(name=name, name_folded=folded, digest=folded_digest(folded))


def _campaigns(plan: Plan) -> list[RunningCampaign]:
    planned = marketing.plan_campaigns(
        Random(f"{plan.seed}/campaigns"), start=day_from_number(plan.first_day), end=plan.today
    )
    rows = Campaign.objects.bulk_create(
        Campaign(name=each.name, name_folded=fold(each.name), source=each.source, channel=each.channel)
        for each in planned
    )
    CampaignCost.objects.bulk_create(
        CampaignCost(
            campaign=row,
            starts_on=each.start,
            ends_on=each.end - DAY,
            amount=each.cost,
            currency=settings.CURRENCY,
        )
        for row, each in zip(rows, planned, strict=True)
    )
    return [
        RunningCampaign(row, each.source, day_number(each.start), day_number(each.end))
        for row, each in zip(rows, planned, strict=True)
    ]


# Activities of these types belong to the campaign of their source that runs at the time.
_CAMPAIGN_SOURCES = {
    "ad_click": "Paid search",
    "webinar_register": "Webinar",
    "webinar_attend": "Webinar",
    "event_attend": "Event",
    "content_download": "Content syndication",
}


@dataclass(frozen=True)
class Account:
    """A company's row, and who is offered its leads."""

    row: Company
    assignment: Assignment


@dataclass
class _Chunk:
    """Some leads with their companies and stories, decided by one generator of random numbers."""

    world: World
    random: Random
    day_of: Callable[[int], int]
    first_number: int
    pool: list[DemoCompany] = field(default_factory=list)
    accounts: dict[int, Account] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    people: list[Person] = field(default_factory=list)

    def write(self, numbers: range, done: Seeded) -> None:
        told = [self._tell(number) for number in numbers]
        leads = [who.lead for who, _ in told]
        history = History(
            reasons={reason.key: reason for reason in Reason.objects.all()},
            marketer=self.world.staff.marketer,
            currency=settings.CURRENCY,
        )
        for who, life in told:
            history.add(who.lead, life)
        companies = [account.row for account in self.accounts.values()]
        insert(companies)
        insert(leads)
        insert_activities(self._activities(told))
        self._write_history(leads, history)
        done.leads += len(leads)
        done.companies += len(companies)
        done.activities += sum(len(life.acts) for _, life in told)
        done.handoffs += len(history.handoffs)
        done.deals += len(history.deals)

    def _write_history(self, leads: list[Lead], history: History) -> None:
        begin_lifecycles(
            ids_sql="SELECT id FROM leads_lead WHERE id BETWEEN %s AND %s", params=[leads[0].pk, leads[-1].pk]
        )
        record_history(changes=history.changes)
        insert(history.handoffs)
        for decision, change in history.decisions:
            decision.stage_change = change.pk
        insert([decision for decision, _ in history.decisions])
        insert(history.deals)
        insert(history.touches)

    def _tell(self, number: int) -> tuple[Character, Life]:
        who = self._character(number)
        life = tell(self.world, self.random, who)
        # A lead is created by the first thing that it does.
        first = life.acts[0]
        who.lead.created_at = who.lead.stage_entered_at = calendar.instant(first.day, first.second)
        return who, life

    def _character(self, number: int) -> Character:
        random, is_ready = self.random, self.world.plan.is_ready(number)
        day, source = self.day_of(number), draw_source(random)
        is_twin = not is_ready and bool(self.people) and random.random() < 0.014
        if is_twin:
            person = private_twin(random, random.choice(self.people), taken=self.taken, number=number)
        else:
            person = self._person(number, is_ready=is_ready)
            self.people.append(person)
        created_at = calendar.instant(day, 0)
        account = self._account(person, created_at, is_ready=is_ready)
        lead = lead_row(
            random,
            person=person,
            source=source,
            campaign=self.world.campaign_on(source.name, day),
            company=account.row if account else None,
            created_at=created_at,
        )
        assignment = account.assignment if account else self._assignment(None)
        return Character(lead, person, source, day, assignment, is_twin, is_ready)

    def _person(self, number: int, *, is_ready: bool) -> Person:
        """Somebody new; where the lead shall be ready for sales, somebody whom the product suits."""
        while True:
            person = draw_person(
                self.random, company=self._company(fresh=is_ready), taken=self.taken, number=number
            )
            if not is_ready or (person.appeal > 0.8 and person.mail == "business"):
                return person

    def _company(self, *, fresh: bool) -> DemoCompany:
        known = self.random.random() < 0.55 and not fresh
        if self.pool and (known or len(self.pool) >= CHUNK):
            return self.random.choice(self.pool)
        # Numbers of companies lie in the range of the chunk's leads, so that no two chunks share one.
        company = draw_company(self.random, number=self.first_number + len(self.pool))
        self.pool.append(company)
        return company

    def _account(self, person: Person, created_at: datetime, *, is_ready: bool) -> Account | None:
        """The account of a person's company; nobody who writes from a free address has one."""
        firm = person.company
        if firm is None or person.mail != "business":
            return None
        if firm.number not in self.accounts:
            # Today's queue shall have leads that are somebody's own.
            owner = self._owner(firm, share=0.5 if is_ready else 0.22)
            row = company_row(
                self.random, firm, owner=owner[1].user if owner else None, created_at=created_at
            )
            self.accounts[firm.number] = Account(row, self._assignment(owner))
        return self.accounts[firm.number]

    def _owner(self, firm: DemoCompany, *, share: float) -> tuple[Desk, Rep] | None:
        staff = self.world.staff
        if firm.employees >= 1000 and self.random.random() < 0.6:
            return staff.enterprise, self.random.choice(staff.enterprise.reps)
        if self.random.random() < share:
            # The first of them has the most accounts.
            return staff.field, self.random.choices(staff.field.reps, (40, 15, 15, 15, 15))[0]
        return None

    def _assignment(self, owner: tuple[Desk, Rep] | None) -> Assignment:
        if owner is None:
            desk = self.world.staff.field
            return Assignment(desk, None, f"No rule applies: shared queue of {desk.team}.")
        desk, rep = owner
        return Assignment(desk, rep, f"{rep.user} owns the company.")

    def _activities(self, told: list[tuple[Character, Life]]) -> Iterator[ActivityRow]:
        world = self.world
        for who, life in told:
            for act in life.acts:
                source = _CAMPAIGN_SOURCES.get(act.type)
                campaign = world.campaign_on(source, act.day) if source else None
                yield ActivityRow(
                    lead_id=who.lead.pk,
                    type_id=world.type_ids[act.type],
                    occurred_at=calendar.instant(act.day, act.second),
                    day=act.day,
                    asset_id=world.judge.assets[act.asset].pk if act.asset else None,
                    campaign_id=campaign.pk if campaign else None,
                    key=UUID(int=self.random.getrandbits(128)),
                    properties=json.dumps(dict(act.properties)) if act.properties else None,
                    properties_typed=json.dumps(typed(act.properties)) if act.properties else None,
                )
