"""The Conversion report: what part of the MQLs sales accepts, over time and by any fact, and the other steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.charts.conversion import breakdown_figure, trend_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.metrics.conversion import WINDOWS, Conversion, Point, conversion_by, immature_goals, mql_trend
from reports.metrics.funnel import Outcome
from reports.metrics.maturity import FEWEST, Maturity, maturity_of_mqls
from reports.numbers import FEW_BELOW, mark_of, share
from reports.pages.funnel_words import EMPTY

# More values than these make no readable figure; the table has them all.
MOST_DRAWN = 15
# From each of these to the next one.
STEPS = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY)
RATE_WORDS = (
    "MQL visits that began in the period, by the next other stage that followed by the as-of day: accepted (SQL, "
    "opportunity or customer), rejected (recycled or disqualified), withdrawn (lead again), waiting (none yet). "
    "The MQL to SQL rate is accepted of all, waiting and withdrawn ones included; accepted of those that sales "
    "decided stands beside it. A lead that came back as an MQL counts again. The rate within a window is of the "
    "visits that began at least so many days before the as-of day, so that each of them had the same time."
)
TREND_WORDS = (
    " By week up to 120 days, by month in longer periods. A week or month is immature, and hollow in the chart, "
    "while it is younger than the time in which nine of ten acceptances of the last 365 days were made."
)
BY_WORDS = (
    " Facts of a lead are its present ones, those of a handoff are of the visit’s. What is not recorded has a "
    f"line of its own. The interval is Wilson’s: where the true rate lies with 95 %. A rate of fewer than {FEW_BELOW} "
    "visits is marked “few”; one of which more than a tenth of the visits are too young, “immature”."
)
STEPS_WORDS = (
    "Leads created in the period that ever reached at least each stage by the as-of day, and what part of those "
    "at one stage reached the next. A lead at customer counts for every stage before, also for one that it "
    "skipped. A fact of a handoff is that of the lead’s latest one; leads without one stand under “none”. A share"
    " is immature where more than a tenth of the leads are younger than the time in which nine of ten others "
    "reached that stage."
)


def build(question: Question) -> Document:
    scope, within = question.scope, int(question.options["within"])
    maturity = maturity_of_mqls(scope.as_of)
    whole = conversion_by(scope, by=None, within=within, maturity=maturity).get("", Conversion())
    before = None
    if question.before is not None:
        earlier = scope.during(question.before)
        before = conversion_by(earlier, by=None, within=within, maturity=maturity).get("", Conversion())
    return Document(
        report="conversion",
        title="Conversion",
        scope=scope,
        tiles=tiles(whole, before, within),
        empty="" if whole.rate.visits or not whole.cohort.is_empty else EMPTY,
        sections=[trend_section(question, within, maturity), *by_sections(question, whole, within, maturity)],
        notices=notices(whole, maturity),
    )


def tiles(whole: Conversion, before: Conversion | None, within: int) -> list[Tile]:
    numbers = rate_numbers(whole, {}, within, before)
    return [
        Tile("rate", "MQL to SQL", numbers["rate"], more_is_better=True, stage="sql"),
        Tile("of_decided", "Accepted of the decided", numbers["of_decided"], more_is_better=True),
        Tile("within", f"Accepted within {within} days", numbers["within"], more_is_better=True),
        Tile("waiting", "Waiting", numbers["waiting"], note="of the MQL visits of the period", stage="mql"),
        Tile("withdrawn", "Withdrawn", numbers["withdrawn"], more_is_better=False, stage="lead"),
    ]


def notices(whole: Conversion, maturity: Maturity) -> list[str]:
    first = maturity.young_from
    if first is None:
        return [
            f"Nothing is judged immature: fewer than {FEWEST} acceptances of the last 365 days say how long they take."
        ]
    if not whole.young:
        return []
    return [
        f"{whole.young:,} of the {whole.rate.visits:,} MQL visits began on {first:%-d %b %Y} or later and had less "
        f"time than nine of ten acceptances took ({maturity.days:.1f} days): more of them may yet be accepted."
    ]


# --- Over time ------------------------------------------------------------------------------------------------


def trend_section(question: Question, within: int, maturity: Maturity) -> Section:
    points = mql_trend(question.scope, within=within, maturity=maturity)
    return Section(
        "trend",
        "MQL to SQL over time",
        RATE_WORDS + TREND_WORDS,
        chart=Chart(
            "trend-figure",
            "The MQL to SQL rate over time as lines; the same numbers stand in the table below.",
            trend_figure(points, within=within),
            drills=[
                [accepted_of(days_of(point)) for point in points],
                [in_time(days_of(point), within) if point.windowed else None for point in points],
            ],
        )
        if points
        else None,
        tables=[
            Table(
                "trend",
                "MQL visits over time",
                "Begun in the week of" if points and points[0].slice.is_week else "Begun in",
                rate_columns(within),
                [trend_row(point, within) for point in points],
            )
        ],
    )


def trend_row(point: Point, within: int) -> Row:
    line = Conversion(rate=point.rate, young=point.rate.visits if point.is_immature else 0)
    days = days_of(point)
    numbers = rate_numbers(line, days, within)
    # Of a week that is not all of it long enough ago there is no such rate.
    numbers["within"] = (
        share(point.windowed.accepted, point.windowed.visits, behind=in_time(days, within))
        if point.windowed
        else Number(None, Kind.SHARE)
    )
    label = point.slice.label if point.slice.is_whole else f"{point.slice.label} (in part)"
    return Row(
        point.slice.period.start.isoformat(),
        label,
        numbers,
        filters=days,
        mark="immature" if point.is_immature else "",
    )


def days_of(point: Point) -> dict[str, str]:
    period = point.slice.period
    return {"first_day": period.start.isoformat(), "last_day": period.last_day.isoformat()}


# --- By a fact ------------------------------------------------------------------------------------------------


def by_sections(question: Question, whole: Conversion, within: int, maturity: Maturity) -> list[Section]:
    by = question.options["by"]
    name = DIMENSIONS[by].label.lower()
    titles = {"by": f"MQL to SQL by {name}", "steps": f"From step to step by {name}"}
    words = {"by": RATE_WORDS + BY_WORDS, "steps": STEPS_WORDS}
    if question.defers(by=by):
        return [Section(key, titles[key], words[key], is_deferred=True) for key in titles]
    lines = labelled(conversion_by(question.scope, by=by, within=within, maturity=maturity), by)
    drawn = [(label, line) for _, label, line in lines if line.rate.visits][:MOST_DRAWN]
    chart = Chart(
        "by-figure",
        "The MQL to SQL rate of each value with its interval; the same numbers stand in the table below.",
        breakdown_figure(drawn),
        drills=[[accepted_of({by: value}) for value, _, line in lines if line.rate.visits][:MOST_DRAWN]],
    )
    table = Table(
        "by",
        titles["by"],
        DIMENSIONS[by].label,
        rate_columns(within),
        with_total(
            [
                Row(value, label, rate_numbers(line, {by: value}, within), filters={by: value})
                for value, label, line in lines
                if line.rate.visits
            ],
            rate_numbers(whole, {}, within),
        ),
    )
    return [
        Section("by", titles["by"], words["by"], chart=chart if drawn else None, tables=[table]),
        Section(
            "steps",
            titles["steps"],
            words["steps"],
            tables=[steps_table(titles["steps"], by, lines, whole, immature_goals(question.scope))],
        ),
    ]


def labelled(found: Mapping[str, Conversion], by: str) -> list[tuple[str, str, Conversion]]:
    """Value, words and numbers: most MQL visits first; what is not recorded last, as it is no value."""
    words = DIMENSIONS[by].words()
    lines = [(value, words.get(value, value), line) for value, line in found.items()]
    return sorted(
        lines,
        key=lambda line: (line[0] == "", -line[2].rate.visits, -line[2].cohort.steps[0].leads, line[0]),
    )


def steps_table(
    title: str,
    by: str,
    lines: Sequence[tuple[str, str, Conversion]],
    whole: Conversion,
    immature: Collection[Stage],
) -> Table:
    columns = [Column("lead", "Leads", stage="lead")]
    for stage in STEPS:
        following = after(stage)
        columns += [
            Column(following.value, following.label, stage=following.value),
            Column(f"{stage.value}_to_{following.value}", f"{stage.label} to {following.label}", Kind.SHARE),
        ]
    rows = [
        Row(value, label, step_numbers(line, {by: value}, immature), filters={by: value})
        for value, label, line in lines
        if line.cohort.steps[0].leads
    ]
    return Table(
        "steps", title, DIMENSIONS[by].label, columns, with_total(rows, step_numbers(whole, {}, immature))
    )


def with_total(rows: list[Row], numbers: Mapping[str, Number]) -> list[Row]:
    return [*rows, Row("all", "All", numbers, is_total=True)] if rows else []


# --- The numbers, with what is behind them --------------------------------------------------------------------


def rate_columns(within: int) -> list[Column]:
    return [
        Column("visits", "MQL visits", stage="mql"),
        *(Column(outcome.value, outcome.value.title()) for outcome in Outcome),
        Column("rate", "MQL to SQL", Kind.SHARE),
        Column("of_decided", "Of the decided", Kind.SHARE),
        Column("within", f"Within {within} days", Kind.SHARE),
    ]


def rate_numbers(
    line: Conversion, where: Mapping[str, str], within: int, before: Conversion | None = None
) -> dict[str, Number]:
    rate, windowed = line.rate, line.windowed
    earlier = before.rate if before else None
    found = {
        outcome.value: Number(
            getattr(rate, outcome.value),
            drill=visits(where, outcome=outcome.value),
            before=getattr(earlier, outcome.value) if earlier else None,
        )
        for outcome in Outcome
    }
    return found | {
        "visits": Number(rate.visits, drill=visits(where), before=earlier.visits if earlier else None),
        "rate": share(
            rate.accepted,
            rate.visits,
            behind=accepted_of(where),
            before=earlier.of_visits if earlier else None,
            is_immature=line.is_immature,
            interval=True,
        ),
        "of_decided": share(
            rate.accepted,
            rate.decided,
            behind=accepted_of(where),
            before=earlier.of_decided if earlier else None,
            is_immature=line.is_immature,
        ),
        "within": share(
            windowed.accepted,
            windowed.visits,
            behind=in_time(where, within),
            before=before.windowed.share if before else None,
        ),
    }


def step_numbers(
    line: Conversion, where: Mapping[str, str], immature: Collection[Stage]
) -> dict[str, Number]:
    found = {"lead": Number(line.cohort.steps[0].leads, drill=reached(Stage.LEAD, where))}
    for stage in STEPS:
        following = after(stage)
        part, whole = line.step(stage)
        drill = reached(following, where)
        found[following.value] = Number(part, drill=drill)
        # Its counts stand on both sides of it.
        found[f"{stage.value}_to_{following.value}"] = Number(
            part / whole if whole else None,
            Kind.SHARE,
            drill=drill,
            mark=mark_of(whole, is_immature=following in immature),
        )
    return found


def after(stage: Stage) -> Stage:
    return [*STEPS, Stage.CUSTOMER][stage.position + 1]


def visits(where: Mapping[str, str], **more: str) -> Drill:
    return Drill("visits", {"stage": Stage.MQL.value, **more, **where})


def accepted_of(where: Mapping[str, str]) -> Drill:
    return visits(where, outcome=Outcome.ACCEPTED.value)


def in_time(where: Mapping[str, str], within: int) -> Drill:
    return visits(where, ripe=str(within), accepted_within=str(within))


def reached(stage: Stage, where: Mapping[str, str]) -> Drill:
    return Drill("leads", {"reached": stage.value, **where})


register(
    Report(
        "conversion",
        "Conversion",
        "What part of the MQLs sales accepts, by any fact and over time",
        "filter",
        build,
        options=(
            Option("by", "Broken down by", [(one.key, one.label) for one in DIMENSIONS.values()]),
            Option("within", "Window", [(str(days), f"{days} days") for days in WINDOWS]),
        ),
    )
)
