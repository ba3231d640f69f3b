"""The Forecast report: what is to be expected of those who stand in the open stages."""

from __future__ import annotations

from leads.models import Stage
from reports.catalogue import Question, Report, register
from reports.charts.forecast import forecast_figure
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.metrics.forecast import FEWEST, Forecast, StageForecast, forecast
from reports.metrics.maturity import FEWEST as FEWEST_WON
from reports.money import Amounts
from reports.numbers import share
from reports.pages.velocity import standing_at
from reports.scope import Scope

WORDS = (
    "Now: the leads that stand in each open stage at the end of the as-of day, whatever the period. History: the "
    "visits to the stage that began in the period, and at least so long before the as-of day as nine of ten "
    "customers of the last 365 days took from there; of these, the share whose lead had become a customer by the "
    "as-of day. Expected customers: now x that share. Expected amount: the amounts of the open deals of the leads"
    " at opportunity where known, and for all others the mean amount of the deals won in the period, x that "
    f"share. A stage with fewer than {FEWEST} visits of history is not judged."
)
ASSUMPTIONS = (
    "It is assumed that leads convert as those before them did, whatever their age, score and owner; that amounts"
    " are like those won in the period; that stages do not depend on each other. The interval has the number "
    "expected with 95 %, from how few cases the share is known by and from chance with those who stand there now;"
    " how amounts differ from deal to deal is not in it. New leads are not in it either, and it says nothing "
    "about when."
)


def build(question: Question) -> Document:
    found = forecast(question.scope)
    judged = [stage for stage in found.stages if stage.customers is not None]
    return Document(
        report="forecast",
        title="Forecast",
        scope=question.scope,
        tiles=tiles(question.scope, found),
        sections=[
            Section(
                "stages",
                "Expected of the open stages",
                f"{WORDS} {ASSUMPTIONS}",
                lead=ASSUMPTIONS,
                chart=Chart(
                    "forecast-figure",
                    "Expected customers of each open stage as bars; the same numbers stand in the table below.",
                    forecast_figure(judged),
                    drills=[[standing_at(question.scope, stage.stage) for stage in judged]],
                )
                if judged
                else None,
                tables=[stages_table(question.scope, found), *foreign_tables(found)],
            )
        ],
        notices=notices(found),
    )


def tiles(scope: Scope, found: Forecast) -> list[Tile]:
    customers, amount = found.customers, found.amount
    judged = sum(1 for stage in found.stages if stage.history.is_judged)
    of_stages = f"of {judged} of {len(found.stages)} stages"
    opportunity = next(stage for stage in found.stages if stage.stage is Stage.OPPORTUNITY)
    return [
        Tile(
            "customers",
            "Expected customers",
            Number(
                customers.value if customers else None,
                Kind.EXPECTED,
                interval=customers.interval if customers else None,
            ),
            note=of_stages,
            stage="customer",
        ),
        Tile(
            "amount",
            "Expected amount",
            Number(amount, Kind.MONEY, interval=found.amount_interval),
            note=of_stages,
        ),
        Tile(
            "opportunities",
            "Opportunities now",
            Number(opportunity.now, drill=standing_at(scope, Stage.OPPORTUNITY)),
            stage="opportunity",
        ),
        Tile(
            "mean",
            "Mean amount won",
            Number(found.won.mean, Kind.MONEY, drill=Drill("deals", {"state": "won", "valued": "yes"})),
            note="in the period",
        ),
    ]


def notices(found: Forecast) -> list[str]:
    unjudged = [stage for stage in found.stages if not stage.history.is_judged]
    said = [unjudged_words(stage) for stage in unjudged]
    if found.won.mean is None:
        said.append(
            "No deal with a known amount was won in the period, so there is nothing to value customers by."
        )
    return [*said, *(f"Of the deals won: {sentence}" for sentence in found.won.left_out)]


def unjudged_words(stage: StageForecast) -> str:
    history = stage.history
    if history.maturity.days is None:
        why = (
            f"fewer than {FEWEST_WON} customers of the last 365 days say how long it takes from there "
            f"({history.maturity.of})"
        )
    else:
        why = (
            f"{history.visits} visits of the period are at least {history.maturity.days:,.0f} days old, and fewer than "
            f"{FEWEST} say nothing. A longer period may have more"
        )
    return f"{stage.stage.label} is not judged: {why}."


def stages_table(scope: Scope, found: Forecast) -> Table:
    rows = [
        Row(stage.stage.value, stage.stage.label, numbers(scope, stage), stage=stage.stage.value)
        for stage in found.stages
    ]
    return Table(
        "stages",
        "By stage",
        "Stage",
        [
            Column("now", "Now"),
            Column("history", "Visits of history"),
            Column("won", "Won of them"),
            Column("rate", "Became customers", Kind.SHARE),
            Column("customers", "Expected customers", Kind.EXPECTED),
            Column("amount", "Expected amount", Kind.MONEY),
        ],
        [*rows, total(found)],
    )


def numbers(scope: Scope, stage: StageForecast) -> dict[str, Number]:
    history, customers = stage.history, stage.customers
    drill = standing_at(scope, stage.stage)
    rate = share(history.won, history.visits, behind=of_history(stage, won="yes"))
    return {
        "now": Number(stage.now, drill=drill),
        "history": Number(history.visits, drill=of_history(stage)),
        "won": Number(history.won, drill=of_history(stage, won="yes")),
        "rate": rate,
        "customers": Number(
            customers.value if customers else None,
            Kind.EXPECTED,
            drill=drill,
            interval=customers.interval if customers else None,
        ),
        "amount": Number(stage.amount, Kind.MONEY, drill=drill, interval=stage.amount_interval),
    }


def total(found: Forecast) -> Row:
    customers = found.customers
    return Row(
        "all",
        "All that are judged",
        {
            "now": Number(sum(stage.now for stage in found.stages if stage.history.is_judged)),
            "customers": Number(
                customers.value if customers else None,
                Kind.EXPECTED,
                interval=customers.interval if customers else None,
            ),
            "amount": Number(found.amount, Kind.MONEY, interval=found.amount_interval),
        },
        is_total=True,
    )


def of_history(stage: StageForecast, **more: str) -> Drill | None:
    days = stage.history.days
    if days is None:
        return None
    bounds = {"first_day": days.start.isoformat(), "last_day": days.last_day.isoformat()}
    return Drill("visits", {"stage": stage.stage.value, **bounds, **more})


def foreign_tables(found: Forecast) -> list[Table]:
    """What open deals of leads at opportunity are worth, as far as it is not in the sum."""
    amounts: Amounts = found.open
    if not amounts.foreign and not amounts.unknown:
        return []
    rows = [
        Row(
            currency,
            currency,
            {
                "deals": Number(each.count, drill=open_deals(currency=currency, amount="known", valued="no")),
                "amount": Number(each.total, Kind.NUMBER),
            },
        )
        for currency, each in amounts.foreign.items()
    ]
    if amounts.unknown:
        rows.append(
            Row(
                "unknown",
                "No amount",
                {
                    "deals": Number(amounts.unknown, drill=open_deals(amount="unknown")),
                    "amount": Number(None),
                },
            )
        )
    return [
        Table(
            "left_out",
            "Open deals that are not summed",
            "Currency",
            [Column("deals", "Deals"), Column("amount", "Amount in that currency", Kind.NUMBER)],
            rows,
            note="No exchange rate is known for the day on which they were opened, or the amount is not known: their "
            "leads are valued by the mean amount won.",
        )
    ]


def open_deals(**more: str) -> Drill:
    return Drill("deals", {"state": "open", "lead_at": Stage.OPPORTUNITY.value, **more})


register(
    Report(
        "forecast",
        "Forecast",
        "What to expect of the leads that are on their way, by what became of those before them",
        "trending-up",
        build,
        compares=False,
    )
)
