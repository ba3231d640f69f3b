"""Where would these leads go? The last ones offered, by the rules in force and by the draft, as things stand now.

It is the routing itself, of which nothing is kept. Leads are placed one after another, as they would be if all of them
were offered now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import prefetch_related_objects

from leads.models import Handoff, Lead, Organisation, RoutingRules
from leads.routing.assigning import router_of
from leads.routing.document import in_force, read_rules
from leads.routing.drafting import current_draft
from leads.routing.facts import Candidate, Scored, routing_fields
from leads.routing.form import Way
from leads.routing.placing import Placement

LEADS = 20


@dataclass(frozen=True)
class Outcome:
    """One lead: where the rules in force would send it, and where the draft would."""

    lead: Lead
    now: Placement
    then: Placement

    @property
    def is_changed(self) -> bool:
        return _destination(self.now) != _destination(self.then)


@dataclass(frozen=True)
class Trial:
    outcomes: Sequence[Outcome]
    has_draft: bool

    @property
    def changed(self) -> int:
        return sum(outcome.is_changed for outcome in self.outcomes)

    @property
    def caught(self) -> Counter[str]:
        """How many leads each rule of the draft catches, by its key; what goes to nobody's rule under ''."""
        return Counter(outcome.then.rule_key for outcome in self.outcomes)


def try_rules(*, day: date, only: Lead | None = None) -> Trial:
    """The last leads offered, the latest first; or one chosen lead with its score of today."""
    draft = current_draft()
    leads, scores = _chosen(only) if only else _offered()
    prefetch_related_objects(leads, "company", "campaign")
    now = _placed(in_force(), leads, scores, day)
    then = _placed(draft, leads, scores, day) if draft else now
    found = [Outcome(lead, now[lead.pk], then[lead.pk]) for lead in leads]
    return Trial(found, has_draft=draft is not None)


def _offered() -> tuple[list[Lead], dict[int, Scored | None]]:
    latest = Handoff.objects.exclude(origin=Handoff.Origin.IMPORT).select_related("lead").order_by("-pk")
    handoffs = {handoff.lead_id: handoff for handoff in reversed(latest[: 2 * LEADS])}  # a lead once
    chosen = sorted(handoffs.values(), key=lambda handoff: -handoff.pk)[:LEADS]
    return [handoff.lead for handoff in chosen], {handoff.lead_id: handoff for handoff in chosen}


def _chosen(lead: Lead) -> tuple[list[Lead], dict[int, Scored | None]]:
    return [lead], {lead.pk: getattr(lead, "score", None)}


def _placed(
    rules: RoutingRules | None, leads: Sequence[Lead], scores: Mapping[int, Scored | None], day: date
) -> dict[int, Placement]:
    read = read_rules(rules.document, routing_fields()) if rules else []
    router = router_of(read, Organisation.current(), day=day, number=None)
    return {lead.pk: router.place(Candidate(lead, scores[lead.pk])) for lead in leads}


def _destination(placement: Placement) -> tuple[object, ...]:
    """Where it goes, whoever's turn it happens to be."""
    by_turn = placement.way in (Way.ROTATION, Way.LEAST_OPEN)
    return placement.team, placement.way, None if by_turn else placement.assignee
