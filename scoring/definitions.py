"""What the words mean today: each stage, from the published rulebook, the reasons and the teams' promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.handoff.sla import BusinessClock
from leads.models import Reason, Stage, Team
from leads.models.organisation import WorkingHours
from scoring.rulebook.form import Form
from scoring.rulebook.wording import days, mql_wording

_NO_RULEBOOK = "No rulebook is published: until one is, nobody becomes an MQL by scoring."


@dataclass(frozen=True)
class Term:
    """A word, what it says in one sentence, and the rules that make it so today."""

    stage: Stage
    meaning: str
    rules: Sequence[str] = ()


@dataclass(frozen=True)
class ReasonLine:
    label: str
    cooldown: str
    needs_note: bool


@dataclass(frozen=True)
class Promise:
    """What a team has promised, in its own business time."""

    team: str
    decide: str
    decide_fast: str
    first_touch: str
    hours: str


@dataclass(frozen=True)
class Definitions:
    terms: Sequence[Term]
    recycling: Sequence[ReasonLine]
    disqualifying: Sequence[ReasonLine]
    promises: Sequence[Promise]


def definitions(form: Form | None) -> Definitions:
    """`form`: the published rulebook, None where there is none. Three queries."""
    reasons = list(Reason.objects.filter(is_active=True))
    teams = Team.objects.filter(is_active=True).prefetch_related("working_hours")
    return Definitions(
        terms=list(_terms(form)),
        recycling=[_line(one) for one in reasons if one.leads_to == Reason.LeadsTo.RECYCLED],
        disqualifying=[_line(one) for one in reasons if one.leads_to == Reason.LeadsTo.DISQUALIFIED],
        promises=[_promise(team) for team in teams] or [_promise(None)],
    )


def _terms(form: Form | None) -> Iterator[Term]:
    yield Term(
        Stage.LEAD,
        "Somebody whom marketing knows and nurtures, and who does not qualify for sales, or not any more.",
        ["Every lead is scored each night, and soon after each new fact or activity."],
    )
    yield Term(
        Stage.MQL,
        "Marketing qualified: meets the published rulebook, is offered to sales and waits for a decision.",
        mql_wording(form) if form else [_NO_RULEBOOK],
    )
    yield Term(
        Stage.SQL,
        "Sales qualified: a sales rep has accepted the handoff, and owns the follow-up from then on.",
        ["Accepting is the decision of one person, recorded with name and time."],
    )
    yield Term(Stage.OPPORTUNITY, "A deal with the lead is open.")
    yield Term(Stage.CUSTOMER, "A deal was won. Who has bought once may buy again.")
    yield Term(
        Stage.RECYCLED,
        "Sales gave it back: a good fit, but not now. Marketing nurtures it until it qualifies again.",
        [
            "It is not offered again before the cool-down of the reason is over"
            + (
                f", and not before it has earned {form.mql.reentry_points} new points of engagement since."
                if form
                else "."
            ),
            "A hand raised anew, by an activity on the fast track, ends the wait at once.",
        ],
    )
    yield Term(
        Stage.DISQUALIFIED,
        "Out for good: scoring never offers it again.",
        ["A sales manager can reopen it; it is a lead again then."],
    )


def _line(reason: Reason) -> ReasonLine:
    cooldown = "" if reason.cooldown_days is None else days(reason.cooldown_days)
    return ReasonLine(reason.label, cooldown, reason.note_required)


def _promise(team: Team | None) -> Promise:
    clock = BusinessClock.of_team(team)
    return Promise(
        team=team.name if team else "Everybody in sales",
        decide=business_time(clock.decide_minutes),
        decide_fast=business_time(clock.decide_fast_minutes),
        first_touch=business_time(clock.first_touch_minutes),
        hours=f"{', '.join(_hours(clock))} ({clock.zone})",
    )


def business_time(minutes: int) -> str:
    """For example: 4 hours, 45 minutes, 1 hour 30 minutes."""
    hours, rest = divmod(minutes, 60)
    said = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours else []
    if rest:
        said.append(f"{rest} minute{'' if rest == 1 else 's'}")
    return " ".join(said)


def _hours(clock: BusinessClock) -> Iterator[str]:
    """For example: Monday to Friday 9:00–17:30. Days in a row with the same hours are told together."""
    run: list[int] = []
    for day in range(8):  # an eighth day, without hours, ends the last run
        if run and (day > 6 or clock.hours.get(day) != clock.hours[run[0]]):
            first, last = (WorkingHours.Weekday(one).label for one in (run[0], run[-1]))
            spans = " and ".join(
                f"{opens.hour}:{opens:%M}–{closes.hour}:{closes:%M}" for opens, closes in clock.hours[run[0]]
            )
            yield f"{first if first == last else f'{first} to {last}'} {spans}"
            run = []
        if day in clock.hours:
            run.append(day)
