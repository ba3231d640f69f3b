"""The Velocity report: how long leads stay in each stage, how long winning takes, and what that comes to a day."""

from __future__ import annotations

from collections.abc import Sequence

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.charts.velocity import lead_velocity_figure, survival_figure
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.metrics.stage_time import StageTime, time_in_stage
from reports.metrics.time_to_win import STARTS, TimeToWin, time_to_win
from reports.metrics.velocity import MonthOfMqls, SalesVelocity, lead_velocity, sales_velocity
from reports.numbers import FEW_BELOW, few, share
from reports.pages.winning import start_words, win_section, won
from reports.period import Period
from reports.scope import Scope

STAGE_WORDS = (
    "Visits that began in the period, in whole hours (rounded down), shown in days of 24 hours. Median, 75th and "
    "90th percentile of those that were over by the as-of day, with linear interpolation; of the others how long "
    "they have lasted so far. Those that are over are the shorter ones as long as others are running: the "
    "estimate of Kaplan and Meier takes the running ones in, and has no median while more than half of all would "
    f"outlast what is known. Numbers of fewer than {FEW_BELOW} visits are marked “few”."
)
SALES_WORDS = (
    "Open opportunities x win rate x mean deal amount / mean cycle length in days: what the present pipeline "
    "brings a day. Open: leads at opportunity at the end of the as-of day, whatever the period. Win rate: of the "
    "opportunity visits that ended in the period as customer, recycled or disqualified, those that ended as "
    "customer. Deal amount: mean of the deals won in the period whose amount is known. Cycle: mean length of the "
    "opportunity visits that were won in the period. Without one of the four there is no number."
)
GROWTH_WORDS = (
    "Lead velocity rate: (leads that became MQLs this month - last month) / last month. Each lead counts once a "
    "month. Whole months of the period only, that were over by the as-of day."
)


def build(question: Question) -> Document:
    scope, start = question.scope, Stage(question.options["start_stage"])
    sales, wins = sales_velocity(scope), time_to_win(scope, start=start)
    months = lead_velocity(scope)
    earlier = scope.during(question.before) if question.before else None
    return Document(
        report="velocity",
        title="Velocity",
        scope=scope,
        tiles=tiles(scope, sales, wins, months, earlier),
        sections=[
            stages_section(time_in_stage(scope)),
            win_section(wins),
            sales_section(scope, sales),
            growth_section(months),
        ],
        notices=[f"Of the deals won: {sentence}" for sentence in sales.amounts.left_out],
    )


def tiles(
    scope: Scope, sales: SalesVelocity, wins: TimeToWin, months: Sequence[MonthOfMqls], earlier: Scope | None
) -> list[Tile]:
    before = sales_velocity(earlier) if earlier else None
    wins_before = time_to_win(earlier, start=wins.start) if earlier else None
    numbers = sales_numbers(scope, sales, before)
    last = months[-1] if months else None
    return [
        Tile(
            "a_day",
            "Sales velocity",
            numbers["a_day"],
            note="a day",
            more_is_better=True,
            stage="opportunity",
        ),
        Tile("win_rate", "Win rate", numbers["win_rate"], note="of opportunities", more_is_better=True),
        Tile("cycle", "Mean cycle", numbers["cycle"], note="opportunity to customer", more_is_better=False),
        Tile(
            "time_to_win",
            "Median time to win",
            Number(
                wins.spread.median,
                Kind.DAYS,
                drill=won(wins.start, timed="yes"),
                mark=few(wins.spread.count),
                before=wins_before.spread.median if wins_before else None,
            ),
            note=f"from {start_words(wins.start)}",
            more_is_better=False,
            stage="customer",
        ),
        Tile(
            "growth",
            "Lead velocity rate",
            growth_number(last) if last else Number(None, Kind.SHARE),
            note=f"in {last.month.start:%B %Y}" if last else "no whole month in the period",
            more_is_better=True,
            stage="mql",
        ),
    ]


# --- Time in stage --------------------------------------------------------------------------------------------


def stages_section(times: Sequence[StageTime]) -> Section:
    has_curves = any(time.survival.steps for time in times)
    return Section(
        "stages",
        "Time in stage",
        STAGE_WORDS,
        chart=Chart(
            "stages-figure",
            "Which share of the visits to each stage lasts longer than so many days, as falling lines; their medians "
            "stand in the table below.",
            survival_figure(times),
        )
        if has_curves
        else None,
        tables=[
            Table(
                "stages",
                "Time in stage",
                "Stage",
                [
                    Column("finished", "Over"),
                    Column("median", "Median", Kind.HOURS),
                    Column("p75", "p75", Kind.HOURS),
                    Column("p90", "p90", Kind.HOURS),
                    Column("running", "Still there"),
                    Column(
                        "age", "Median age", Kind.HOURS, hint="How long those still there have been so far"
                    ),
                    Column("oldest", "Oldest", Kind.HOURS),
                    Column(
                        "all_median",
                        "Median of all",
                        Kind.HOURS,
                        hint="Estimate of Kaplan and Meier, with those still there",
                    ),
                ],
                [stage_row(time) for time in times],
            )
        ],
    )


def stage_row(time: StageTime) -> Row:
    over, running, survival = time.finished, time.running, time.survival
    mark = few(over.count)
    # Without running visits it says nothing that the median does not.
    estimate = survival.median if running.count else None
    over_visits, running_visits = visits(time.stage, over="yes"), visits(time.stage, over="no")
    return Row(
        time.stage.value,
        time.stage.label,
        {
            "finished": Number(over.count, drill=over_visits),
            "median": Number(over.median, Kind.HOURS, drill=over_visits, mark=mark),
            "p75": Number(over.p75, Kind.HOURS, drill=over_visits, mark=mark),
            "p90": Number(over.p90, Kind.HOURS, drill=over_visits, mark=mark),
            "running": Number(running.count, drill=running_visits),
            "age": Number(running.median, Kind.HOURS, drill=running_visits, mark=few(running.count)),
            "oldest": Number(running.longest, Kind.HOURS, drill=running_visits),
            "all_median": Number(
                estimate,
                Kind.HOURS,
                drill=visits(time.stage),
                mark=few(over.count + running.count) if estimate else "",
            ),
        },
        stage=time.stage.value,
    )


def visits(stage: Stage, **more: str) -> Drill:
    return Drill("visits", {"stage": stage.value, **more})


# --- Sales velocity, and growth -------------------------------------------------------------------------------


def sales_section(scope: Scope, sales: SalesVelocity) -> Section:
    return Section(
        "sales",
        "Sales velocity",
        SALES_WORDS,
        tables=[
            Table(
                "sales",
                "Sales velocity and its four factors",
                "Of the opportunities",
                [
                    Column("open", "Open now", stage="opportunity"),
                    Column("won", "Won", stage="customer"),
                    Column("lost", "Lost"),
                    Column("win_rate", "Win rate", Kind.SHARE),
                    Column("deals", "Deals with an amount"),
                    Column("amount", "Mean amount", Kind.MONEY),
                    Column("median_amount", "Median amount", Kind.MONEY),
                    Column("cycle", "Mean cycle", Kind.HOURS),
                    Column("a_day", "Velocity a day", Kind.MONEY),
                ],
                [Row("all", "All", sales_numbers(scope, sales))],
            )
        ],
    )


def sales_numbers(
    scope: Scope, sales: SalesVelocity, before: SalesVelocity | None = None
) -> dict[str, Number]:
    won_visits = Drill("visits", {"when": "left", "stage": "opportunity", "next": "customer"})
    lost_visits = Drill("visits", {"when": "left", "stage": "opportunity", "outcome": "rejected"})
    deals = Drill("deals", {"state": "won", "valued": "yes"})
    mark = few(sales.won)
    return {
        "open": Number(sales.open_now, drill=standing_at(scope, Stage.OPPORTUNITY)),
        "won": Number(sales.won, drill=won_visits),
        "lost": Number(sales.lost, drill=lost_visits),
        "win_rate": share(
            sales.won, sales.won + sales.lost, behind=won_visits, before=before.win_rate if before else None
        ),
        "deals": Number(sales.amounts.known, drill=deals),
        "amount": Number(sales.amounts.mean, Kind.MONEY, drill=deals, mark=few(sales.amounts.known)),
        "median_amount": Number(sales.amounts.median, Kind.MONEY, drill=deals, mark=few(sales.amounts.known)),
        "cycle": Number(
            sales.cycle, Kind.HOURS, drill=won_visits, mark=mark, before=before.cycle if before else None
        ),
        "a_day": Number(
            sales.a_day,
            Kind.MONEY,
            mark=mark if sales.a_day is not None else "",
            before=before.a_day if before else None,
        ),
    }


def standing_at(scope: Scope, stage: Stage) -> Drill:
    """Who stands in a stage at the end of the as-of day, whatever the period."""
    day = scope.as_of.isoformat()
    return Drill("visits", {"when": "open", "stage": stage.value, "first_day": day, "last_day": day})


def growth_section(months: Sequence[MonthOfMqls]) -> Section:
    return Section(
        "growth",
        "Lead velocity rate",
        GROWTH_WORDS,
        chart=Chart(
            "growth-figure",
            "Leads that became MQLs in each month as bars; the same numbers stand in the table below.",
            lead_velocity_figure(months),
            drills=[[entrants(month.month) for month in months]],
        )
        if months
        else None,
        tables=[
            Table(
                "growth",
                "Leads that became MQLs",
                "Month",
                [
                    Column("entrants", "Leads", stage="mql"),
                    Column("before", "Month before"),
                    Column("growth", "Lead velocity rate", Kind.SHARE),
                ],
                [
                    Row(
                        f"{month.month.start:%Y-%m}",
                        f"{month.month.start:%B %Y}",
                        {
                            "entrants": Number(month.entrants, drill=entrants(month.month)),
                            "before": Number(month.before, drill=entrants(month.month.previous())),
                            "growth": growth_number(month),
                        },
                    )
                    for month in months
                ],
                empty="No whole month lies in the period.",
            )
        ],
    )


def growth_number(month: MonthOfMqls) -> Number:
    """It may be negative, and is no share of anything, so that it has no counts and no interval."""
    return Number(
        month.growth, Kind.SHARE, mark=few(month.before) if month.before else "", drill=entrants(month.month)
    )


def entrants(month: Period) -> Drill:
    days = {"first_day": month.start.isoformat(), "last_day": month.last_day.isoformat()}
    return Drill("visits", {"stage": Stage.MQL.value, "entry": "first", **days})


register(
    Report(
        "velocity",
        "Velocity",
        "How long leads stay in each stage, and how long winning takes",
        "clock",
        build,
        options=(
            Option(
                "start_stage",
                "Time to win from",
                [
                    (stage.value, start_words(stage).capitalize() if stage is Stage.LEAD else stage.label)
                    for stage in STARTS
                ],
            ),
        ),
    )
)
