"""MQLs become handoffs: many leads at once, with their evidence frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from leads.handoff.evidence import Evidence
from leads.handoff.sla import BusinessClock, Deadline
from leads.lifecycle import Mover, change_stages
from leads.models import OFFERED, Handoff, Lead, Stage, User
from leads.models.fields import day_of
from leads.notifications.handoffs import tell_assigned
from leads.routing.assigning import Cause, assign, record
from leads.routing.placing import Placement


@dataclass(frozen=True)
class Occasion:
    """By whom or what leads are offered, and when."""

    origin: Handoff.Origin
    at: datetime
    by: User | None = None
    run: int | None = None
    note: str = ""


@transaction.atomic
def offer_leads(*, evidence: Mapping[int, Evidence | None], occasion: Occasion) -> list[Handoff]:
    """Offer the leads (ids, with their evidence) to sales; each becomes an MQL with one waiting handoff.

    Leads that are in another stage than `lead` or `recycled` by now, or wait for a decision already, are left out:
    asking twice, or twice at once, offers once. The order of `evidence` is the order of the handoffs.
    """
    locked = {
        lead.pk: lead
        # NO KEY: with an import that adds activities to the leads, and with a run that records changes of their
        # scores, nobody waits for the other, nor do they end in a deadlock.
        for lead in Lead.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(evidence), stage__in=OFFERED)
        .order_by("pk")
    }
    waiting = set(Handoff.objects.waiting().of_leads(list(locked)).values_list("lead_id", flat=True))
    leads = [locked[pk] for pk in evidence if pk in locked and pk not in waiting]
    assigned = assign(leads=leads, scores=evidence, at=occasion.at)
    clocks = _Clocks(at=occasion.at)
    handoffs = Handoff.objects.bulk_create(
        [_handoff(lead, evidence[lead.pk], assigned.placements[lead.pk], clocks, occasion) for lead in leads],
        batch_size=500,
    )
    record(handoffs=handoffs, assigned=assigned, cause=Cause.OFFERED, at=occasion.at)
    change_stages(
        leads=leads,
        to=Stage.MQL,
        mover=Mover.MARKETER if occasion.origin == Handoff.Origin.HAND else Mover.SCORING,
        at=occasion.at,
        by=occasion.by,
        run=occasion.run,
        note=occasion.note,
        totals={pk: (frozen.rulebook_version, frozen.total) for pk, frozen in evidence.items() if frozen},
    )
    tell_assigned(handoffs=handoffs, at=occasion.at, by=occasion.by)
    return handoffs


class _Clocks:
    """Deadlines for one instant: there are two for a team, however many leads are offered."""

    def __init__(self, *, at: datetime) -> None:
        self.at = at
        self.known: dict[tuple[int | None, bool], Deadline | None] = {}

    def of(self, placement: Placement, *, fast_tracked: bool) -> Deadline | None:
        key = (placement.team.pk if placement.team else None, fast_tracked)
        if key not in self.known:
            clock = BusinessClock.of_team(placement.team)
            self.known[key] = clock.to_decide(start=self.at, fast_tracked=fast_tracked)
        return self.known[key]


def _handoff(
    lead: Lead, frozen: Evidence | None, placement: Placement, clocks: _Clocks, occasion: Occasion
) -> Handoff:
    deadline = clocks.of(placement, fast_tracked=bool(frozen and frozen.fast_tracked))
    handoff = Handoff(
        lead=lead,
        origin=occasion.origin,
        offered_at=occasion.at,
        offered_day=day_of(occasion.at),
        offered_by=occasion.by,
        run=occasion.run,
        offer_note=occasion.note,
        team=placement.team,
        assignee=placement.assignee,
        assigned_because=placement.because,
        decide_due_at=deadline.due_at if deadline else None,
        escalate_at=deadline.due_at if deadline else None,
        remind_at=deadline.remind_at if deadline else None,
        source_folded=lead.source_folded,
        country=lead.country,
        campaign_id=lead.campaign_id,
    )
    if frozen:
        handoff.fit, handoff.engagement, handoff.total = frozen.fit, frozen.engagement, frozen.total
        handoff.grade, handoff.fast_tracked = frozen.grade, frozen.fast_tracked
        handoff.rulebook_version = frozen.rulebook_version
        handoff.known_facts, handoff.asked_facts = frozen.known_facts, frozen.asked_facts
        handoff.contributions = list(frozen.contributions)
    return handoff
