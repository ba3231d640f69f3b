"""The Overview: this period against the one before, and what changed beyond chance, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from leads.models import Reason, Stage
from reports.catalogue import Question, Report, register
from reports.charts import percent
from reports.charts.funnel import funnel_figure
from reports.charts.overview import NAMES, trend_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Finding, Kind, Number, Row, Section, Table, Tile
from reports.metrics.changes import Driver, RateChange
from reports.metrics.conversion import immature_goals, is_too_young
from reports.metrics.funnel import Mode, cohort_funnel
from reports.metrics.overview import (
    SHOWN,
    AcceptanceChange,
    Changes,
    NumberChange,
    Standing,
    TimeChange,
    TrendPoint,
    changes,
    standing,
    trend,
    waiting,
)
from reports.numbers import count, minutes, money, share
from reports.pages.funnel_words import EMPTY, IMMATURE_WORDS
from reports.period import Period
from reports.scope import elapsed_part
from reports.wording import SPACE, days_words, relative_words, value_words

MQL = Stage.MQL.value
FUNNEL_WORDS = (
    "Leads whose creation lies in the period, and how many of them ever reached at least each stage by the as-of day. "
    "A customer counts for every stage before, also for one that it skipped." + IMMATURE_WORDS
)
TREND_WORDS = (
    "Leads created, and distinct leads that entered each stage, by week up to 120 days and by month in longer periods. "
    "A week or month of which only a part lies in the period, or is over, is hollow. A lead that enters a stage again "
    "in another week counts in both, so that weeks may add up to more than the period."
)
CHANGES_WORDS = (
    "Each number of the period against the same of the one before, or of the one that it is compared with; a period "
    "that is not over yet, against as many days. A sentence stands at the head of the page only where chance alone "
    "hardly explains a difference (95 %: Newcombe’s interval for shares, Wilson’s for counts, Mood’s test for the "
    "median). A part is named that makes at least 40 % of the change, and at least 20 points more of it than its size; "
    "a rate is split into what a part’s own rate and what its size contributes. Acceptance is of decided MQLs: of all "
    "of them, the later period would always seem worse, since more of it still waits."
)


def build(question: Question) -> Document:
    at, scope = timezone.now(), question.scope
    before = elapsed_part(question.before or scope.period.previous(), scope)
    now, earlier = standing(scope, at=at), standing(scope.during(before), at=at)
    return Document(
        report="overview",
        title="Overview",
        scope=scope,
        tiles=_tiles(now, earlier, waiting(scope)),
        findings=_findings(changes(scope, before, now=now, earlier=earlier), scope.period, before),
        sections=[
            _funnel(question),
            trend_section(trend(scope)),
            _comparison(now, earlier, scope.period, before),
        ],
        notices=now.revenue.left_out,
        empty="" if now.is_anything else EMPTY,
    )


# --- Numbers ---------------------------------------------------------------------------------------------------


def _tiles(now: Standing, earlier: Standing, waiting_now: int) -> list[Tile]:
    behind = Drill("visits", {"stage": MQL, "outcome": "waiting", "when": "ever"})
    stages = {"leads": "lead", **{stage.value: stage.value for stage in SHOWN}}
    return [
        *(
            Tile(
                key,
                label,
                number,
                note="business time" if key == "time" else "",
                more_is_better=key != "time",
                stage=stages.get(key, ""),
            )
            for key, (label, number) in _numbers(now, earlier).items()
        ),
        Tile("waiting", "Waiting now", count(waiting_now, behind), stage=MQL),
    ]


def _numbers(now: Standing, earlier: Standing | None, **days: str) -> dict[str, tuple[str, Number]]:
    """The numbers of a period by key, with their labels; `days` where they are not those of the report."""
    return {
        "leads": (NAMES[Stage.LEAD], _created(now, earlier, days)),
        **{stage.value: (NAMES[stage], _entrants(stage, now, earlier, days)) for stage in SHOWN},
        "revenue": ("Revenue", _revenue(now, earlier, days)),
        "mql_to_sql": ("MQL to SQL", _rate(now, earlier, days)),
        "time": ("Median time to decide", _time(now, earlier, days)),
        "in_time": ("Decided in time", _in_time(now, earlier, days)),
    }


Days = Mapping[str, str]


def _created(now: Standing, earlier: Standing | None, days: Days) -> Number:
    behind = reached(Stage.LEAD, **days)
    return count(now.created, behind, before=earlier.created if earlier else None)


def _entrants(stage: Stage, now: Standing, earlier: Standing | None, days: Days) -> Number:
    behind = Drill("visits", {"stage": stage.value, "entry": "first", **days})
    before = earlier.entrants[stage].leads if earlier else None
    return count(now.entrants[stage].leads, behind, before=before)


def _revenue(now: Standing, earlier: Standing | None, days: Days) -> Number:
    behind = Drill("deals", {"state": "won", **days})
    return money(now.revenue.total, behind, before=earlier.revenue.total if earlier else None)


def _rate(now: Standing, earlier: Standing | None, days: Days) -> Number:
    behind = Drill("visits", {"stage": MQL, "outcome": "accepted", **days})
    before = earlier.rate.of_visits if earlier else None
    is_immature = is_too_young(now.young, of=now.rate.visits)
    return share(now.rate.accepted, now.rate.visits, behind, before=before, is_immature=is_immature)


def _time(now: Standing, earlier: Standing | None, days: Days) -> Number:
    behind = Drill("visits", {"stage": MQL, "outcome": "decided", "timed": "yes", **days})
    return minutes(now.minutes, 50, behind, before=earlier.minutes if earlier else None)


def _in_time(now: Standing, earlier: Standing | None, days: Days) -> Number:
    found = now.deciding
    behind = Drill("visits", {"stage": MQL, "deciding": "in_time", **days})
    before = earlier.deciding.attainment if earlier else None
    return share(found.in_time, found.of, behind, before=before)


def _days(period: Period) -> dict[str, str]:
    return {"first_day": period.start.isoformat(), "last_day": period.last_day.isoformat()}


# --- Sections --------------------------------------------------------------------------------------------------


def _funnel(question: Question) -> Section:
    funnel, immature = cohort_funnel(question.scope), immature_goals(question.scope)
    rows = [
        Row(
            step.stage.value,
            step.stage.label,
            {
                "leads": count(step.leads, reached(step.stage)),
                "of_previous": Number(None, Kind.SHARE)
                if step.of_previous is None
                else share(
                    step.leads,
                    step.of_previous,
                    reached(step.stage),
                    is_immature=step.stage in immature,
                ),
                "of_first": share(
                    step.leads, step.of_first, reached(step.stage), is_immature=step.stage in immature
                ),
            },
            stage=step.stage.value,
        )
        for step in funnel.steps
    ]
    columns = (
        Column("leads", "Leads"),
        Column("of_previous", "Of the step before", Kind.SHARE),
        Column("of_first", "Of all", Kind.SHARE),
    )
    title = "Funnel of the leads created"
    figure = funnel_figure(funnel, mode=Mode.COHORT)
    return Section(
        "funnel",
        title,
        FUNNEL_WORDS,
        chart=Chart(
            "funnel",
            "How many of the leads created reached each stage",
            figure,
            drills=[[reached(step.stage) for step in funnel.steps]],
        ),
        tables=[Table("funnel", title, "Stage", columns, rows)],
    )


def reached(stage: Stage, **days: str) -> Drill:
    return Drill("leads", {"reached": stage.value, **days})


def trend_section(points: Sequence[TrendPoint]) -> Section:
    columns = [Column(stage.value, label, stage=stage.value) for stage, label in NAMES.items()]
    rows = [
        Row(
            point.slice.period.start.isoformat(),
            point.slice.label,
            _entered(point),
            filters={"period": "", **_days(point.slice.period)},
        )
        for point in points
    ]
    return Section(
        "trend",
        "Trend",
        TREND_WORDS,
        chart=Chart(
            "trend",
            "Leads created and entrants of each stage over time",
            trend_figure(points),
            drills=[[_entered(point)[stage.value].drill for point in points] for stage in NAMES],
        ),
        tables=[Table("trend", "Trend", "From", columns, rows)],
    )


def _entered(point: TrendPoint) -> dict[str, Number]:
    days = _days(point.slice.period)
    found = {Stage.LEAD.value: count(point.created, reached(Stage.LEAD, **days))}
    for stage in SHOWN:
        behind = Drill("visits", {"stage": stage.value, "entry": "first", **days})
        found[stage.value] = count(point.entrants.get(stage, 0), behind)
    return found


def _comparison(now: Standing, earlier: Standing, period: Period, before: Period) -> Section:
    """The tiles' numbers of both periods, side by side."""
    ours, theirs = _numbers(now, None), _numbers(earlier, None, **_days(before))
    rows = [
        Row(key, label, {"now": number, "before": theirs[key][1]}) for key, (label, number) in ours.items()
    ]
    columns = (Column("now", days_words(period)), Column("before", days_words(before)))
    table = Table("comparison", "Against the period before", "Number", columns, rows)
    return Section("comparison", "Against the period before", CHANGES_WORDS, tables=[table])


# --- Sentences -------------------------------------------------------------------------------------------------


def _findings(found: Changes, period: Period, before: Period) -> list[Finding]:
    sentences = [_acceptance(found.acceptance)] if found.acceptance else []
    sentences += [_number(change, period, before) for change in found.numbers]
    if found.in_time:
        sentences.append(Finding(f"Decisions in time {_rates(found.in_time, 'with a deadline')}.", "sales"))
    if found.time:
        sentences.append(_median(found.time))
    return sentences


def _acceptance(found: AcceptanceChange) -> Finding:
    driver, change = found.driver, found.change
    text = f"Acceptance {_rates(change, 'decided MQLs')}{_because(driver, change.direction.noun)}"
    if found.reason:
        label = Reason.objects.filter(pk=found.reason.reason).values_list("label", flat=True).first()
        text += f"; {found.reason.count} of its {found.reason.rejections} rejections say “{label}”"
    parameters = {"by": driver.dimension, driver.dimension: driver.value} if driver else {}
    return Finding(f"{text}.", "conversion", parameters)


def _number(found: NumberChange, period: Period, before: Period) -> Finding:
    change, direction, driver = found.change, found.change.direction, found.driver
    is_same = period.days == before.days
    was = f"{change.before:,}" if is_same else f"{change.before:,} in {before.days} days"
    now = f"{change.now:,}" if is_same else f"{change.now:,} in {period.days}"
    is_relative = is_same and change.before
    relative = f" ({relative_words(change.now - change.before, change.before)})" if is_relative else ""
    text = f"{NAMES[found.stage]} {direction.value} from {was} to {now}{relative}"
    parameters = {driver.dimension: driver.value} if driver else {}
    return Finding(f"{text}{_because(driver, direction.noun)}.", "funnel", parameters)


def _median(found: TimeChange) -> Finding:
    was, now = (value_words(value, Kind.MINUTES) for value in (found.before, found.now))
    return Finding(
        f"The median time to decide {found.direction.value} from {was} to {now} of business time.", "sales"
    )


def _rates(change: RateChange, of_what: str) -> str:
    before, now = change.before, change.now
    return (
        f"{change.direction.value} from {percent(before.share)} ({before.count:,} of {before.of:,} {of_what}) "
        f"to {percent(now.share)} ({now.count:,} of {now.of:,})"
    )


def _because(driver: Driver | None, noun: str) -> str:
    if driver is None:
        return ""
    dimension = DIMENSIONS[driver.dimension]
    part = f"{driver.of_change * 100:.0f}{SPACE}%" if driver.of_change < 1 else "all"
    name = dimension.words().get(driver.value, driver.value)
    return f"; {part} of the {noun} comes from {name} ({dimension.label.lower()})"


REPORT = register(
    Report(
        key="overview",
        title="Overview",
        summary="This period against the one before, and what changed beyond chance.",
        icon="layout-dashboard",
        build=build,
        compares_with="previous",
    )
)
