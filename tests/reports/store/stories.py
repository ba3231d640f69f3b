"""Things that happen to leads, handoffs and teams, each chosen by two numbers: for tests of whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from leads.models import (
    Activity,
    Deal,
    Handoff,
    HandoffAssignment,
    HandoffDecision,
    Lead,
    Reason,
    Stage,
    StageChange,
    Team,
    Touch,
    User,
    WorkingHours,
)
from leads.models.fields import day_of
from leads.triggers import erasing
from tests.factories import CampaignFactory, HandoffFactory, LeadFactory, TeamFactory, UserFactory, change_of

START = datetime(2026, 1, 30, 22, tzinfo=UTC)
Happening = Callable[[int, int], None]


def instant_of(number: int) -> datetime:
    """Within four days about a month's end; instants come up again, so that some are the same."""
    return START + timedelta(hours=number % 97, microseconds=number % 3)


def people_and_leads() -> None:
    """Two teams, a rep in each and one in none; three leads."""
    for team in (TeamFactory(), TeamFactory(time_zone="Asia/Tokyo")):
        UserFactory(team=team)
    UserFactory()
    CampaignFactory()
    for _ in range(3):
        LeadFactory(source="Web")


def lead_moves(which: int, number: int) -> None:
    if lead := _one(Lead, which):
        reason = _one(Reason, number) if number % 2 else None
        change_of(lead, list(Stage)[number % 7], at=instant_of(number), reason=reason)


def change_is_undone(which: int, number: int) -> None:
    if change := _one(StageChange, which):
        StageChange.objects.filter(pk=change.pk).update(undone=number % 3 > 0)


def lead_is_added(which: int, number: int) -> None:
    LeadFactory(source=["", "Web", "web", "Fair"][number % 4], created_at=instant_of(number))


def lead_is_edited(which: int, number: int) -> None:
    if not (lead := _one(Lead, which)):
        return
    match number % 6:
        case 0:
            lead.source = ["", "Web", "Fair"][number % 3]
        case 1:
            lead.channel, lead.industry = ["", "SEO"][number % 2], ["Retail", ""][number % 2]
        case 2:
            lead.campaign = _one(User, number) and CampaignFactory._meta.model.objects.first()
        case 3:
            lead.country = ["DE", ""][number % 2]
        case 4:
            lead.employees = [None, 0, 10, 5000][number % 4]
        case 5:
            lead.created_at = instant_of(number)
    lead.save()


def leads_are_edited_at_once(which: int, number: int) -> None:
    Lead.objects.update(country=["DE", "FR", ""][number % 3])


def handoff_is_offered(which: int, number: int) -> None:
    lead = _one(Lead, which)
    if lead and not Handoff.objects.filter(lead=lead, state=Handoff.State.WAITING).exists():
        at = instant_of(number)
        HandoffFactory(
            lead=lead,
            offered_at=at,
            fit=number % 200 - 20,
            team=_one(Team, number) if number % 3 else None,
            assignee=_one(User, number) if number % 2 else None,
            decide_due_at=at + timedelta(hours=20) if number % 4 else None,
            grade=["A1", "B2"][number % 2],
        )


def handoff_is_decided(which: int, number: int) -> None:
    if not (handoff := _one(Handoff, which)):
        return
    handoff.state = list(Handoff.State)[1 + number % 3]
    handoff.decided_at = instant_of(number)
    handoff.decided_by = _one(User, number) if number % 4 else None
    handoff.decided_by_actor = "" if number % 4 else "Eve"
    handoff.reason = _one(Reason, number) if handoff.state == Handoff.State.REJECTED else None
    accepted = handoff.state == Handoff.State.ACCEPTED
    handoff.first_touch_due_at = handoff.decided_at + timedelta(hours=9) if accepted else None
    handoff.save()


def handoff_is_reassigned(which: int, number: int) -> None:
    Handoff.objects.filter(state=Handoff.State.WAITING).update(
        assignee=_one(User, number), team=_one(Team, number) if number % 2 else None
    )


def handoff_is_deleted(which: int, number: int) -> None:
    if handoff := _one(Handoff, which):
        handoff.delete()


def lead_is_touched(which: int, number: int) -> None:
    if lead := _one(Lead, which):
        Touch.objects.create(lead=lead, kind=Touch.Kind.CALL, at=instant_of(number))


def hours_change(which: int, number: int) -> None:
    team = _one(Team, which)
    assert team is not None
    if number % 3:
        WorkingHours.objects.filter(team=team).delete()
    else:
        hours = {"opens_at": time(8 + number % 5), "closes_at": time(18)}
        WorkingHours.objects.create(team=team, weekday=number % 7, **hours) if not team.working_hours.filter(
            weekday=number % 7
        ).exists() else team.working_hours.update(closes_at=time(20))
    Team.objects.filter(pk=team.pk).update(time_zone=["UTC", "Asia/Tokyo"][number % 2], holiday_country="DE")


def rep_changes_team(which: int, number: int) -> None:
    user = _one(User, which)
    assert user is not None
    User.objects.filter(pk=user.pk).update(team=_one(Team, number) if number % 3 else None)


def lead_is_erased(which: int, number: int) -> None:
    if not (lead := _one(Lead, which)):
        return
    with erasing():
        for model in (HandoffDecision, HandoffAssignment):
            model.objects.filter(handoff__lead=lead).delete()
        for model in (Activity, Deal, Handoff, StageChange, Touch):
            model.objects.filter(lead=lead).delete()
        lead.delete()


def day_is_corrected(which: int, number: int) -> None:
    """As a change of the time zone does."""
    if change := _one(StageChange, which):
        with erasing():
            StageChange.objects.filter(pk=change.pk).update(
                day=day_of(change.occurred_at + timedelta(hours=9))
            )


HAPPENINGS: tuple[Happening, ...] = (
    lead_moves,
    # Most of the time this is what happens.
    lead_moves,
    lead_moves,
    change_is_undone,
    lead_is_added,
    lead_is_edited,
    leads_are_edited_at_once,
    handoff_is_offered,
    handoff_is_offered,
    handoff_is_decided,
    handoff_is_reassigned,
    handoff_is_deleted,
    lead_is_touched,
    hours_change,
    rep_changes_team,
    lead_is_erased,
    day_is_corrected,
)


def _one(model, number: int):
    """One of the rows, always the same of the same; None where there is none."""
    rows = list(model.objects.order_by("pk"))
    return rows[number % len(rows)] if rows else None
