"""The Flow report: what stands in each stage, what comes and goes, and from where to where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.charts.flow import balance_figure, in_out_figure
from reports.charts.sankey import Flow, sankey
from reports.document import (
    Chart,
    Column,
    Diagram,
    Document,
    DrawnRibbon,
    Drill,
    Number,
    Row,
    Section,
    Table,
    Tile,
)
from reports.metrics.flow import STAGES, Moment, balance_before, balances, transitions
from reports.numbers import count
from reports.period import Period
from reports.scope import Scope
from reports.wording import day_words

ABOUT_BALANCE = (
    "How many leads stood in each stage at the end of a day: all visits that ever began by then, less all that ever "
    "ended. Up to 120 days each day is shown, of longer periods the end of each week (Sunday). Undone changes do not "
    "exist. Filters take a lead's present facts, and of handoffs those of the visit."
)
ABOUT_IN_OUT = (
    "Visits to the stage that began, and that ended, on these days. A lead that comes back counts again, and one that "
    "passes through within a day is in and out. What stood there before, plus in, less out, is what stands there after."
)
ABOUT_MOVES = (
    "Each move from one stage to another in the period by the as-of day, as recorded: skipped stages are not filled "
    "in, and a lead counts for each of its moves. A ribbon has the colour of the stage it leaves and is as wide as the "
    "number of moves; what goes back runs below. New leads come from nowhere and are not in it."
)


def build(question: Question) -> Document:
    scope = question.scope
    moments = balances(scope)
    stage = Stage(question.options["of"])
    return Document(
        report=REPORT.key,
        title=REPORT.title,
        scope=scope,
        tiles=_tiles(question, moments),
        sections=[_moves(scope), _balance(moments), _in_out(moments, stage)],
        empty="" if moments else "All of the period lies after the as-of day.",
    )


def _tiles(question: Question, moments: Sequence[Moment]) -> list[Tile]:
    if not moments:
        return []
    last = moments[-1]
    before = _before(question)
    return [
        Tile(
            stage.value,
            f"{stage.label} now" if last.days.last_day == question.today else stage.label,
            count(last.balance[stage], _standing(stage, last.days), before=before.get(stage)),
            note=f"on {day_words(last.days.last_day)}",
            stage=stage.value,
        )
        for stage in STAGES
    ]


def _before(question: Question) -> Mapping[Stage, int]:
    """What stood there when the period to compare with was over."""
    return balance_before(question.scope, question.before.end) if question.before else {}


# --- What is behind a number -----------------------------------------------------------------------------------


def _during(days: Period) -> dict[str, str]:
    return {"first_day": days.start.isoformat(), "last_day": days.last_day.isoformat()}


def _standing(stage: Stage, days: Period) -> Drill:
    last = days.last_day.isoformat()
    return Drill("visits", {"stage": stage.value, "when": "open", "first_day": last, "last_day": last})


def _entered(stage: Stage, days: Period) -> Drill:
    return Drill("visits", {"stage": stage.value, **_during(days)})


def _left(stage: Stage, days: Period) -> Drill:
    return Drill("visits", {"stage": stage.value, "when": "left", **_during(days)})


def _moved(source: Stage, target: Stage) -> Drill:
    return Drill("visits", {"stage": source.value, "when": "left", "next": target.value})


# --- Parts of the page -----------------------------------------------------------------------------------------


def _label(days: Period) -> str:
    """The day, or of a week its last one."""
    return day_words(days.last_day)


def _range(days: Period) -> str:
    return _label(days) if days.days == 1 else f"{day_words(days.start)} to {_label(days)}"


def _balance(moments: Sequence[Moment]) -> Section:
    rows = [
        Row(
            moment.days.last_day.isoformat(),
            _label(moment.days),
            {stage.value: count(moment.balance[stage], _standing(stage, moment.days)) for stage in STAGES},
        )
        for moment in reversed(moments)
    ]
    columns = [Column(stage.value, stage.label, stage=stage.value) for stage in STAGES]
    chart = Chart(
        "balance",
        "Leads in each stage over time",
        balance_figure(
            [moment.days.last_day for moment in moments],
            {stage: [moment.balance[stage] for moment in moments] for stage in STAGES},
        ),
        drills=[[_standing(stage, moment.days) for moment in moments] for stage in STAGES],
    )
    table = Table("balance", "In each stage", "At the end of", columns, rows)
    lead = "Press the name of a stage to show or hide it." if moments else ""
    return Section(
        "balance",
        "What stands where",
        ABOUT_BALANCE,
        lead=lead,
        chart=chart if moments else None,
        tables=[table],
    )


def _in_out(moments: Sequence[Moment], stage: Stage) -> Section:
    rows = [
        Row(
            moment.days.start.isoformat(),
            _range(moment.days),
            {
                "in": count(moment.entries[stage], _entered(stage, moment.days)),
                "out": count(moment.exits[stage], _left(stage, moment.days)),
                "balance": count(moment.balance[stage], _standing(stage, moment.days)),
            },
        )
        for moment in reversed(moments)
    ]
    columns = [
        Column("in", "In", stage=stage.value),
        Column("out", "Out"),
        Column("balance", "There at the end"),
    ]
    chart = Chart(
        "in_out",
        f"{stage.label}: what came in and went out over time",
        in_out_figure(
            stage,
            [_label(moment.days) for moment in moments],
            [moment.entries[stage] for moment in moments],
            [moment.exits[stage] for moment in moments],
        ),
        drills=[
            [_entered(stage, moment.days) for moment in moments],
            [_left(stage, moment.days) for moment in moments],
        ],
    )
    table = Table("in_out", f"{stage.label}: in and out", "Days", columns, rows)
    return Section(
        "in_out", f"{stage.label}: in and out", ABOUT_IN_OUT, chart=chart if moments else None, tables=[table]
    )


def _moves(scope: Scope) -> Section:
    found = transitions(scope)
    rows = []
    for source in STAGES:
        numbers = {
            target.value: count(found[(source, target)], _moved(source, target))
            for target in STAGES
            if found.get((source, target))
        }
        if numbers:
            rows.append(
                Row(source.value, f"From {source.label}", _with_total(numbers, source), stage=source.value)
            )
    columns = [
        *(Column(target.value, f"to {target.label}", stage=target.value) for target in STAGES),
        Column("all", "Together"),
    ]
    table = Table("moves", "From where to where", "Stage", columns, rows, empty="Nobody moved in the period.")
    return Section(
        "moves", "From where to where", ABOUT_MOVES, diagram=_diagram(found) if rows else None, tables=[table]
    )


def _with_total(numbers: Mapping[str, Number], source: Stage) -> dict[str, Number]:
    together = sum(number.value for number in numbers.values() if isinstance(number.value, int))
    return {**numbers, "all": count(together, Drill("visits", {"stage": source.value, "when": "left"}))}


def _diagram(found: Mapping[tuple[Stage, Stage], int]) -> Diagram:
    drawn = sankey([Flow(source, target, times) for (source, target), times in found.items()])
    return Diagram(
        "moves",
        "Moves between stages, as ribbons as wide as their number",
        drawn,
        [
            DrawnRibbon(
                ribbon,
                _moved(ribbon.flow.source, ribbon.flow.target),
                f"{ribbon.flow.source.label} to {ribbon.flow.target.label}: {ribbon.flow.count:,}",
            )
            for ribbon in drawn.ribbons
        ],
    )


# The first is the default.
_FIRST = (Stage.MQL, *(stage for stage in STAGES if stage is not Stage.MQL))

REPORT = register(
    Report(
        key="flow",
        title="Flow",
        summary="What stands in each stage, what comes and goes, and from where to where.",
        icon="repeat",
        build=build,
        options=[Option("of", "In and out of", [(stage.value, str(stage.label)) for stage in _FIRST])],
    )
)
