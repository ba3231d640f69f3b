"""Minimal valid rows. A test states every value that it asserts on."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from leads.handoff.evidence import Contribution
from leads.models import (
    Activity,
    ActivityType,
    Asset,
    Campaign,
    Company,
    Handoff,
    Lead,
    Role,
    Stage,
    StageChange,
    Team,
    Touch,
    User,
)
from leads.models.fields import day_of

CREATED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(DjangoModelFactory):
    """`role=Role.REP` and so on; none by default."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")

    @factory.post_generation
    def role(self: User, create: bool, role: Role | None, **_: Any) -> None:
        if role is not None:
            self.groups.add(Group.objects.get(name=role.value))


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Company {n}")
    domain = factory.Sequence(lambda n: f"company{n}.example")


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign

    name = factory.Sequence(lambda n: f"Campaign {n}")


class LeadFactory(DjangoModelFactory):
    """A lead with its first row of history; `stage=` adds a second row, an imported one."""

    class Meta:
        model = Lead
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@company.example")
    created_at = CREATED_AT
    stage_entered_at = factory.SelfAttribute("created_at")

    @factory.post_generation
    def history(self: Lead, create: bool, extracted: Any, **_: Any) -> None:
        if not create:
            return
        change_of(self, Stage.LEAD, at=self.created_at)
        if self.stage != Stage.LEAD:
            change_of(self, Stage(self.stage), at=self.stage_entered_at, imported=True)


def change_of(lead: Lead, to: Stage, *, at: datetime, **fields: Any) -> StageChange:
    """A row of history, without moving the lead."""
    return StageChange.objects.create(
        lead=lead, to_stage=to, to_position=to.position, occurred_at=at, day=day_of(at), **fields
    )


class AssetFactory(DjangoModelFactory):
    class Meta:
        model = Asset

    name = factory.Sequence(lambda n: f"/page/{n}")


class ActivityFactory(DjangoModelFactory):
    """`code="page_view"` chooses the type."""

    class Meta:
        model = Activity

    class Params:
        code = "page_view"

    lead = factory.SubFactory(LeadFactory)
    type = factory.LazyAttribute(lambda o: ActivityType.objects.get(code=o.code))
    occurred_at = CREATED_AT
    known_at = factory.SelfAttribute("occurred_at")
    key = factory.LazyFunction(uuid.uuid4)


class TouchFactory(DjangoModelFactory):
    class Meta:
        model = Touch

    lead = factory.SubFactory(LeadFactory)
    kind = Touch.Kind.CALL


def contribution(**fields: Any) -> Contribution:
    base: Contribution = {
        "rule": "pricing",
        "name": "Pricing page",
        "kind": "engagement",
        "group": "intent",
        "dimension": "engagement",
        "points": 20,
        "matches": 1,
        "latest": "2026-01-05",
        "asset": None,
    }
    return {**base, **fields}  # type: ignore[typeddict-item]


class HandoffFactory(DjangoModelFactory):
    """A waiting handoff made by scoring, of a lead that is an MQL."""

    class Meta:
        model = Handoff

    lead = factory.SubFactory(LeadFactory, stage=Stage.MQL)
    origin = Handoff.Origin.SCORING
    offered_at = CREATED_AT
    offered_day = factory.LazyAttribute(lambda o: day_of(o.offered_at))
    fit = 40
    engagement = 30
    total = factory.LazyAttribute(lambda o: o.fit + o.engagement)
    grade = "A2"
    rulebook_version = 1
    known_facts = 3
    asked_facts = 4
    contributions = factory.LazyFunction(lambda: [contribution()])
