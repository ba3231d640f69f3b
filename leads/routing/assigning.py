"""Many leads find their people at once: a router is loaded under a lock, places each, and is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import prefetch_related_objects

from leads.models import (
    Handoff,
    HandoffAssignment,
    Lead,
    Organisation,
    RotationDay,
    RotationShare,
    Team,
    User,
)
from leads.models.fields import day_of
from leads.routing.document import in_force, read_rules
from leads.routing.facts import Candidate, Scored, routing_fields
from leads.routing.form import Rule, Way
from leads.routing.placing import Placement, Router
from leads.routing.seats import Seat, count_waiting, count_working, seats

Cause = HandoffAssignment.Cause


@dataclass(frozen=True)
class Assigned:
    """Where each lead goes, by lead id, and by which list of rules."""

    placements: Mapping[int, Placement]
    number: int | None = None


def assign(*, leads: Sequence[Lead], scores: Mapping[int, Scored | None], at: datetime) -> Assigned:
    """In the caller's transaction; a constant number of queries.

    Whoever assigns holds the lock of the organisation's row until the end of the transaction, so that turns and caps
    are right however many assign at once. It is taken after all locks of leads and handoffs: who holds it waits for
    nobody.
    """
    if not leads:
        return Assigned({})
    router = router_in_force(day=day_of(at), is_locked=True)
    placements = place_all(router, leads, scores)
    keep_turns(router, day=day_of(at))
    return Assigned(placements, router.number)


def place_all(
    router: Router, leads: Sequence[Lead], scores: Mapping[int, Scored | None]
) -> dict[int, Placement]:
    """In the order of the leads. Three queries for what rules may ask about them."""
    prefetch_related_objects(leads, "company", "campaign")
    return {lead.pk: router.place(Candidate(lead, scores.get(lead.pk))) for lead in leads}


def router_in_force(*, day: date, is_locked: bool = False) -> Router:
    """The router by the rules in force, as things stand on the day."""
    organisation = _organisation(is_locked=is_locked)
    found = in_force()
    rules = read_rules(found.document, routing_fields()) if found else []
    return router_of(rules, organisation, day=day, number=found.number if found else None)


def router_of(rules: Sequence[Rule], organisation: Organisation, *, day: date, number: int | None) -> Router:
    people = seats(day=day)
    count_waiting(people, _watched(people, rules))
    count_working(people, _members(people, rules, Way.LEAST_OPEN))
    default = organisation.default_team
    return Router(
        rules=rules,
        seats=people,
        teams=Team.objects.in_bulk(),
        default_team=default if default and default.is_active else None,
        owed={(share.team_id, share.user_id): share.owed for share in RotationShare.objects.all()},
        number=number,
    )


def _organisation(*, is_locked: bool) -> Organisation:
    """Locked so that nobody else assigns until our transaction ends; that other rows refer to it disturbs nobody."""
    found = Organisation.objects.select_related("default_team")
    if is_locked:
        found = found.select_for_update(of=("self",), no_key=True)
    return found.get(pk=1)


def _watched(people: Mapping[int, Seat], rules: Sequence[Rule]) -> set[int]:
    """Whose waiting handoffs have to be counted: those with a cap, and those who are given by least open work."""
    capped = {pk for pk, seat in people.items() if seat.user.open_cap is not None}
    return capped | _members(people, rules, Way.LEAST_OPEN)


def _members(people: Mapping[int, Seat], rules: Sequence[Rule], way: Way) -> set[int]:
    teams = {rule.target.team for rule in rules if rule.is_applied and rule.target.way == way}
    return {pk for pk, seat in people.items() if seat.user.team_id in teams and seat.user.team_id is not None}


# What is kept ------------------------------------------------------------------------------------------------


def keep_turns(router: Router, *, day: date) -> None:
    """Write down whose turn is next, and what the day has added for each. Three queries, none where nobody took turns.

    Under the lock of `assign`: absolute values are written.
    """
    if not router.tally:
        return
    RotationShare.objects.bulk_create(
        [
            RotationShare(team_id=team, user_id=user, owed=router.owed[team, user])
            for team, user in sorted(router.tally)
            if (team, user) in router.owed
        ],
        update_conflicts=True,
        unique_fields=["team", "user"],
        update_fields=["owed"],
    )
    users = {user for _team, user in router.tally}
    known = {(row.team_id, row.user_id): row for row in RotationDay.objects.filter(day=day, user__in=users)}
    rows = []
    for (team, user), added in sorted(router.tally.items()):
        row = known.get((team, user)) or RotationDay(team_id=team, user_id=user, day=day)
        row.expected += added.expected
        row.given += added.given
        row.passed_away += added.passed_away
        row.passed_full += added.passed_full
        row.pk = None  # told by team, user and day
        rows.append(row)
    RotationDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["day", "team", "user"],
        update_fields=["expected", "given", "passed_away", "passed_full"],
    )


def record(
    *,
    handoffs: Sequence[Handoff],
    assigned: Assigned,
    cause: Cause,
    at: datetime,
    taken_from: Mapping[int, User | None] | None = None,
) -> None:
    """A row of history for each handoff, by the placement of its lead. One query."""
    HandoffAssignment.objects.bulk_create(
        [
            HandoffAssignment(
                handoff=handoff,
                cause=cause,
                way=placement.way,
                at=at,
                day=day_of(at),
                team=placement.team,
                assignee=placement.assignee,
                taken_from=(taken_from or {}).get(handoff.pk),
                rules_number=assigned.number if placement.rule_key else None,
                rule_key=placement.rule_key,
                rule_name=placement.rule_name,
                because=placement.because,
            )
            for handoff in handoffs
            for placement in [assigned.placements[handoff.lead_id]]
        ],
        batch_size=500,
    )
