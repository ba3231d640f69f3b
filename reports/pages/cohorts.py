"""The Cohorts report: of the leads created in each month, how many had come how far after how many months."""

from __future__ import annotations

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.document import Column, Document, Drill, Kind, Number, Row, Section, Table
from reports.metrics.cohorts import GOALS, MOST_MONTHS, Cohort, Cohorts, cohorts
from reports.metrics.maturity import FEWEST
from reports.numbers import mark_of
from reports.period import Period

SHARE, COUNT = "share", "count"
WORDS = (
    "Leads by the calendar month of their creation, and how many of them had first reached at least {goal} by the"
    " end of that month (0) and of each month after it. Numbers add up from left to right, and a lead that "
    "skipped {goal} on its way further counts. Only whole months of the period that were over by the as-of day. A"
    " cohort is immature while its last day is younger than the time in which nine of ten leads that reached "
    "{goal} in the last 365 days did so; so is the month in which the as-of day lies, unless that is its last."
)


def build(question: Question) -> Document:
    goal, shows = Stage(question.options["goal"]), question.options["show"]
    found = cohorts(question.scope, goal=goal)
    title = f"{'Share' if shows == SHARE else 'Leads'} that reached {goal.label}, by months since creation"
    return Document(
        report="cohorts",
        title="Cohorts",
        scope=question.scope,
        sections=[
            Section(
                "cohorts",
                title,
                WORDS.format(goal=goal.label),
                tables=[table(found, title, shows)],
            )
        ],
        notices=notices(found),
    )


def notices(found: Cohorts) -> list[str]:
    said = []
    if found.left_out:
        days = "1 day" if found.left_out == 1 else f"{found.left_out} days"
        said.append(
            f"Whole months only: {days} of the period {'is' if found.left_out == 1 else 'are'} left out, as the month "
            "lies in it in part or is not over."
        )
    if found.maturity.days is None:
        said.append(
            f"Nothing is judged immature: fewer than {FEWEST} leads that reached {found.goal.label} in the last 365 "
            "days say how long it takes."
        )
    else:
        said.append(
            f"Nine of ten leads that reached {found.goal.label} did so within {found.maturity.days:,.0f} days: younger "
            "cohorts are marked immature."
        )
    return said


def table(found: Cohorts, title: str, shows: str) -> Table:
    shown = max((len(cohort.months) for cohort in found.cohorts), default=0)
    kind = Kind.SHARE if shows == SHARE else Kind.COUNT
    columns = [Column("leads", "Leads", stage=Stage.LEAD.value)]
    columns += [Column(f"month_{since}", str(since), kind, hint=month_words(since)) for since in range(shown)]
    columns.append(
        Column("reached", "So far", kind, hint="By the end of the as-of day", stage=found.goal.value)
    )
    return Table(
        "cohorts",
        title,
        "Created in",
        columns,
        [row(cohort, found.goal, shows) for cohort in found.cohorts],
        note=f"Months {MOST_MONTHS} and later stand together in “So far”." if shown > MOST_MONTHS else "",
        empty="No whole month that is over lies in the period. Choose a longer one.",
        heat=True,
    )


def month_words(since: int) -> str:
    if since == 0:
        return "By the end of the month of creation"
    return "By the end of the month after" if since == 1 else f"By the end of the month {since} months after"


def row(cohort: Cohort, goal: Stage, shows: str) -> Row:
    days = days_of(cohort.month)
    numbers = {"leads": Number(cohort.leads, drill=Drill("leads", {"reached": Stage.LEAD.value, **days}))}
    for month in cohort.months:
        drill = Drill("leads", {"reached": goal.value, "reached_until": month_key(month.last_month), **days})
        numbers[f"month_{month.since}"] = number(cohort, month.reached, drill, shows, is_over=month.is_over)
    numbers["reached"] = number(
        cohort, cohort.reached, Drill("leads", {"reached": goal.value, **days}), shows, is_over=True
    )
    return Row(
        month_key(cohort.month),
        f"{cohort.month.start:%b %Y}",
        numbers,
        filters=days,
        mark="immature" if cohort.is_immature and cohort.leads else "",
    )


def number(cohort: Cohort, reached: int, drill: Drill, shows: str, *, is_over: bool) -> Number:
    is_immature = (cohort.is_immature or not is_over) and bool(cohort.leads)
    if shows == COUNT:
        return Number(reached, drill=drill, mark="immature" if is_immature else "")
    # Without its counts, which would fill the page: they are shown on their own.
    part = reached / cohort.leads if cohort.leads else None
    return Number(part, Kind.SHARE, drill=drill, mark=mark_of(cohort.leads, is_immature=is_immature))


def days_of(month: Period) -> dict[str, str]:
    return {"first_day": month.start.isoformat(), "last_day": month.last_day.isoformat()}


def month_key(month: Period) -> str:
    return f"{month.start:%Y-%m}"


register(
    Report(
        "cohorts",
        "Cohorts",
        "How far the leads of each month had come after how many months",
        "calendar",
        build,
        options=(
            Option("goal", "Reached", [(stage.value, stage.label) for stage in GOALS]),
            Option("show", "Shown as", [(SHARE, "Share"), (COUNT, "Leads")]),
        ),
        compares=False,
    )
)
