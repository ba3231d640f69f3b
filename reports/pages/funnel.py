"""The Funnel report: how many leads come how far, and what part of the MQLs sales accepts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.charts import percent
from reports.charts.funnel import OUTCOME_STAGES, funnel_figure, outcome_figure, windowed_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.metrics.conversion import immature_goals, is_too_young, young_visits
from reports.metrics.funnel import (
    Funnel,
    FunnelStep,
    Mode,
    MqlRate,
    Outcome,
    WindowedRate,
    all_rates_together,
    all_together,
    cohort_by,
    entrants_by,
    outcomes_by,
    windowed_by,
)
from reports.metrics.maturity import maturity_of_mqls
from reports.numbers import share
from reports.pages.funnel_drills import at_stage, mql_visits, ripe_visits
from reports.pages.funnel_words import BY_WORDS, COHORT_WORDS, EMPTY, PERIOD_WORDS, RATE_WORDS, WINDOWED_WORDS
from reports.scope import Scope


@dataclass(frozen=True)
class Numbers:
    """Of a value of a dimension, or in all."""

    funnel: Funnel
    rate: MqlRate
    windowed: WindowedRate
    young: int = 0  # of the MQL visits

    @property
    def is_immature(self) -> bool:
        return is_too_young(self.young, of=self.rate.visits)


def build(question: Question) -> Document:
    mode, within = Mode(question.options["mode"]), int(question.options["within"])
    whole = together(read(question, by=None, mode=mode, within=within))
    before = None
    if question.before is not None:
        before = together(read(question, by=None, mode=mode, within=within, is_before=True))
    return Document(
        report="funnel",
        title="Funnel",
        scope=question.scope,
        tiles=tiles(whole, before, mode),
        sections=[
            steps_section(question.scope, whole, mode, within),
            rate_section(whole, within),
            by_section(question, mode, within),
        ],
        empty=EMPTY if whole.funnel.is_empty and not whole.rate.visits else "",
    )


def read(
    question: Question, *, by: str | None, mode: Mode, within: int, is_before: bool = False
) -> dict[str, Numbers]:
    """By the values of a dimension."""
    scope = question.scope
    if is_before and question.before:
        scope = scope.during(question.before)
    funnels = (entrants_by if mode is Mode.PERIOD else cohort_by)(scope, by=by)
    rates = outcomes_by(scope, by=by)
    windowed = windowed_by(scope, by=by, within=within)
    young = young_visits(scope, by=by, maturity=maturity_of_mqls(scope.as_of))
    return {
        value: Numbers(
            funnels.get(value, Funnel.of({})),
            rates.get(value, MqlRate()),
            windowed.get(value, WindowedRate()),
            young[value],
        )
        for value in funnels.keys() | rates.keys()
    }


def together(numbers: Mapping[str, Numbers]) -> Numbers:
    found = list(numbers.values())
    return Numbers(
        all_together(one.funnel for one in found),
        all_rates_together(one.rate for one in found),
        WindowedRate(sum(one.windowed.accepted for one in found), sum(one.windowed.visits for one in found)),
        sum(one.young for one in found),
    )


# --- What is behind a number -----------------------------------------------------------------------------------


def leads_at(
    step: FunnelStep, mode: Mode, where: Mapping[str, str], before: FunnelStep | None = None
) -> Number:
    return Number(
        step.leads, drill=at_stage(step.stage, mode, where), before=before.leads if before else None
    )


# --- Parts of the page -----------------------------------------------------------------------------------------


def tiles(whole: Numbers, before: Numbers | None, mode: Mode) -> list[Tile]:
    counted = "cohort" if mode is not Mode.PERIOD else "period"
    return [
        Tile(
            step.stage.value,
            step.stage.label,
            leads_at(step, mode, {}, before.funnel[step.stage] if before else None),
            note="" if step.of_previous is None else f"{percent(step.overall)} of the {counted}’s leads",
            more_is_better=True,
            stage=step.stage.value,
        )
        for step in whole.funnel.steps
    ]


def steps_section(scope: Scope, whole: Numbers, mode: Mode, within: int) -> Section:
    if mode is Mode.WINDOWED:
        return windowed_section(whole.windowed, within)
    is_cohort = mode is Mode.COHORT
    immature = immature_in(scope, mode)
    word = "Conversion" if is_cohort else "Ratio"
    title = (
        "Leads created in the period, by the furthest stage they ever reached"
        if is_cohort
        else "Entrants of each stage in the period"
    )
    return Section(
        "steps",
        title,
        COHORT_WORDS if is_cohort else PERIOD_WORDS,
        chart=Chart(
            "steps-figure",
            "The funnel as bars; the same numbers stand in the table below.",
            funnel_figure(whole.funnel, mode=mode),
            drills=[[at_stage(step.stage, mode, {}) for step in whole.funnel.steps]],
        ),
        tables=[
            Table(
                "steps",
                title,
                "Stage",
                [
                    Column("leads", "Leads"),
                    Column("of_previous", f"{word} from the step before", Kind.SHARE),
                    Column("of_first", "Overall", Kind.SHARE),
                ],
                [_step_row(step, mode, step.stage in immature) for step in whole.funnel.steps],
            )
        ],
        is_wide=False,
    )


def immature_in(scope: Scope, mode: Mode) -> Collection[Stage]:
    """Stages that more of a cohort may still reach; who entered a stage in a period has entered it."""
    return immature_goals(scope) if mode is Mode.COHORT else ()


def _step_row(step: FunnelStep, mode: Mode, is_immature: bool) -> Row:
    numbers = {"leads": leads_at(step, mode, {})}
    if step.of_previous is not None:
        behind = at_stage(step.stage, mode, {})
        numbers["of_previous"] = _of(step.leads, step.of_previous, behind, is_immature)
        numbers["of_first"] = _of(step.leads, step.of_first, behind, is_immature)
    return Row(step.stage.value, step.stage.label, numbers, stage=step.stage.value)


def _of(part: int, whole: int, behind: Drill, is_immature: bool = False) -> Number:
    """A share beside its counts, which say themselves where they are few."""
    return share(part, whole, behind, marked=is_immature, is_immature=is_immature)


def windowed_section(rate: WindowedRate, within: int) -> Section:
    drills = [ripe_visits({}, within, accepted=accepted) for accepted in (False, True)]
    return Section(
        "steps",
        f"MQL visits accepted within {within} days",
        WINDOWED_WORDS.format(within=within),
        chart=Chart(
            "steps-figure",
            "MQL visits and those accepted in time as bars; the same numbers stand in the table below.",
            windowed_figure(rate, within=within),
            drills=[drills],
        ),
        tables=[
            Table(
                "steps",
                f"MQL visits accepted within {within} days",
                "Step",
                [Column("visits", "Visits"), Column("of_first", "Share", Kind.SHARE)],
                [
                    Row("mql", "MQL visits", {"visits": Number(rate.visits, drill=drills[0])}, stage="mql"),
                    Row(
                        "accepted",
                        f"Accepted within {within} days",
                        {
                            "visits": Number(rate.accepted, drill=drills[1]),
                            "of_first": _of(rate.accepted, rate.visits, drills[1]),
                        },
                        stage="sql",
                    ),
                ],
            )
        ],
        is_wide=False,
    )


def rate_section(whole: Numbers, within: int) -> Section:
    rate = whole.rate
    return Section(
        "rate",
        "MQL to SQL",
        RATE_WORDS,
        lead=(
            f"{percent(rate.of_visits)} of the {rate.visits:,} MQL visits that began in the period were accepted: "
            f"{percent(rate.of_decided)} of the {rate.decided:,} decided."
        ),
        chart=Chart(
            "rate-figure",
            "What became of the MQL visits as one bar; the same numbers stand in the table below.",
            outcome_figure(rate),
            drills=[[_with(outcome)] for outcome in Outcome],
        ),
        tables=[_outcomes_table(rate), _rates_table(whole, within)],
        is_wide=False,
    )


def _with(outcome: Outcome) -> Drill:
    return mql_visits({}, outcome=outcome.value)


def _outcomes_table(rate: MqlRate) -> Table:
    rows = [
        Row(
            outcome.value,
            outcome.value.title(),
            {
                "visits": Number(visits := getattr(rate, outcome.value), drill=_with(outcome)),
                "share": _of(visits, rate.visits, _with(outcome)),
            },
            stage=OUTCOME_STAGES[outcome],
        )
        for outcome in Outcome
    ]
    total = Row("all", "All", {"visits": Number(rate.visits, drill=mql_visits({}))}, is_total=True)
    columns = [Column("visits", "Visits"), Column("share", "Share of all", Kind.SHARE)]
    return Table("outcomes", "What became of the MQL visits", "Outcome", columns, [*rows, total])


def _rates_table(whole: Numbers, within: int) -> Table:
    rate, windowed, accepted = whole.rate, whole.windowed, _with(Outcome.ACCEPTED)
    in_time = ripe_visits({}, within, accepted=True)
    shares = {
        "of_visits": (
            "Accepted of all visits",
            _of(rate.accepted, rate.visits, accepted, whole.is_immature),
        ),
        "of_decided": (
            "Accepted of the decided",
            _of(rate.accepted, rate.decided, accepted, whole.is_immature),
        ),
        "within": (
            f"Accepted within {within} days, of those that had them",
            _of(windowed.accepted, windowed.visits, in_time),
        ),
    }
    rows = [Row(key, label, {"share": share}) for key, (label, share) in shares.items()]
    return Table("rates", "Rates", "Rate", [Column("share", "Share", Kind.SHARE)], rows)


def by_section(question: Question, mode: Mode, within: int) -> Section:
    by = question.options["by"]
    title = f"By {DIMENSIONS[by].label.lower()}"
    if question.defers(by=by):
        return Section("by", title, BY_WORDS, is_deferred=True)
    found = read(question, by=by, mode=mode, within=within)
    words, immature = DIMENSIONS[by].words(), immature_in(question.scope, mode)
    rows = [
        Row(
            value,
            words.get(value, value),
            _by_numbers(numbers, mode, within, {by: value}, immature),
            filters={by: value},
        )
        for value, numbers in sorted(found.items(), key=_largest_first)
    ]
    if rows:
        all_numbers = _by_numbers(together(found), mode, within, {}, immature)
        rows.append(Row("all", "All", all_numbers, is_total=True))
    return Section(
        "by",
        title,
        BY_WORDS,
        tables=[Table("by", title, DIMENSIONS[by].label, by_columns(mode, within), rows)],
    )


def by_columns(mode: Mode, within: int) -> list[Column]:
    rates = [Column("rate", "MQL to SQL", Kind.SHARE), Column("rate_decided", "Of decided", Kind.SHARE)]
    if mode is Mode.WINDOWED:
        return [
            Column("visits", "MQL visits"),
            Column("accepted", f"Accepted in {within} days"),
            Column("windowed", "Share", Kind.SHARE),
            *rates,
        ]
    stages = [Column(stage.value, stage.label, stage=stage.value) for stage in _path()]
    return [*stages, Column("overall", "Overall", Kind.SHARE), *rates]


def _path() -> list[Stage]:
    return [step.stage for step in Funnel.of({}).steps]


def _by_numbers(
    numbers: Numbers, mode: Mode, within: int, where: Mapping[str, str], immature: Collection[Stage]
) -> dict[str, Number]:
    rate, funnel, windowed = numbers.rate, numbers.funnel, numbers.windowed
    accepted = mql_visits(where, outcome=Outcome.ACCEPTED.value)
    found = {
        "rate": share(rate.accepted, rate.visits, accepted, is_immature=numbers.is_immature),
        "rate_decided": share(rate.accepted, rate.decided, accepted, is_immature=numbers.is_immature),
    }
    if mode is Mode.WINDOWED:
        return found | {
            "visits": Number(windowed.visits, drill=ripe_visits(where, within, accepted=False)),
            "accepted": Number(windowed.accepted, drill=ripe_visits(where, within, accepted=True)),
            "windowed": share(windowed.accepted, windowed.visits, ripe_visits(where, within, accepted=True)),
        }
    first, last = funnel.steps[0], funnel.steps[-1]
    behind, is_immature = at_stage(last.stage, mode, where), last.stage in immature
    return (
        found
        | {step.stage.value: leads_at(step, mode, where) for step in funnel.steps}
        | {"overall": share(last.leads, first.leads, behind, is_immature=is_immature)}
    )


def _largest_first(item: tuple[str, Numbers]) -> tuple[bool, int, int, str]:
    """By leads, then by MQL visits, then by value; what is not recorded stands last, as it is no value."""
    value, numbers = item
    return (value == "", -numbers.funnel.steps[0].leads, -numbers.rate.visits, value)


register(
    Report(
        "funnel",
        "Funnel",
        "How many leads come how far, and what part of the MQLs sales accepts",
        "chart-funnel",
        build,
        options=(
            Option(
                "mode",
                "Counted as",
                [
                    (Mode.COHORT.value, "Cohort"),
                    (Mode.PERIOD.value, "Period"),
                    (Mode.WINDOWED.value, "Windowed"),
                ],
            ),
            Option("within", "Window", [(str(days), f"{days} days") for days in (14, 7, 30, 60, 90)]),
            Option("by", "Broken down by", [(one.key, one.label) for one in DIMENSIONS.values()]),
        ),
    )
)
