"""The Sources report: what came of each source, channel or campaign, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.conf import settings

from leads.models import Stage
from reports.catalogue import Option, Question, Report, register
from reports.charts.sources import Bubble, money_figure, quality_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.drilling import touches  # noqa: F401  (conditions of these lists)
from reports.metrics.costs import KNOWN_BY
from reports.metrics.sources import Economics, Line, economics
from reports.numbers import FEW_BELOW, count, money, share

FIRST, LAST = "first", "last"
MOST_DRAWN = 12

ABOUT = (
    "What happened in the period, whenever the leads were created: leads created, leads that entered MQL, SQL and "
    "customer (each counted once), and deals won. First touch is the lead's own source, channel and campaign, as they "
    "are now. Last touch is the campaign of the latest activity with one, up to the beginning of the MQL visit, and "
    "that campaign's source and channel; leads and acceptance are always by first touch. Revenue is the sum of the "
    "known amounts of deals won, in the organisation's currency at the rate of the day on which they were won. An "
    "unknown amount is not 0; the median stands beside the mean, which one large deal moves."
)
ABOUT_COSTS = (
    "A cost is spread evenly over its days, and what falls on the days of the period up to the as-of day counts, each "
    "day's part at the rate of that day. A campaign's cost is also its source's and its channel's; that of a source as "
    "a whole has no campaign. Cost per lead, MQL, SQL and customer is the cost divided by those of the same period. "
    "Return is (revenue - cost) / cost: 0 % where it has just paid for itself. Without a cost it is not known: not 0. "
    "What has no known cost is not in the last line."
)
ABOUT_QUALITY = (
    "Across: leads created in the period. Upwards: the acceptance rate of MQLs that began in it. The area of a circle "
    f"is the revenue. Grey where fewer than {FEW_BELOW} were decided. By first touch."
)

OUTCOMES = (
    Column("leads", "Leads", stage=Stage.LEAD.value),
    Column("mqls", "MQLs", stage=Stage.MQL.value),
    Column("sqls", "SQLs", stage=Stage.SQL.value),
    Column("customers", "Customers", stage=Stage.CUSTOMER.value),
    Column("acceptance", "Acceptance rate", Kind.SHARE, hint="Accepted of decided MQLs, by first touch."),
    Column("won", "Deals won"),
    Column("revenue", "Revenue", Kind.MONEY),
    Column("mean", "Mean deal", Kind.MONEY),
    Column("median", "Median deal", Kind.MONEY),
)
COSTS = (
    Column("cost", "Cost", Kind.MONEY),
    Column("per_lead", "per lead", Kind.MONEY),
    Column("per_mql", "per MQL", Kind.MONEY),
    Column("per_sql", "per SQL", Kind.MONEY),
    Column("per_customer", "per customer", Kind.MONEY),
    Column("revenue", "Revenue", Kind.MONEY),
    Column("return", "Return on cost", Kind.SHARE, hint="(Revenue - cost) / cost."),
)


def build(question: Question) -> Document:
    by, is_last = question.options["by"], question.options["attribution"] == LAST
    found = economics(question.scope, by=by, last_touch=is_last)
    before = _before(question, by, is_last)
    words = DIMENSIONS[by].words()
    order = sorted(
        found.lines, key=lambda value: (value == "", -found.lines[value].leads, words.get(value, value))
    )
    lines = {value: found.lines[value] for value in order}
    return Document(
        report=REPORT.key,
        title=REPORT.title,
        scope=question.scope,
        tiles=_tiles(found, before),
        sections=[
            _quality(lines, words, by),
            _outcomes(lines, words, found.total, by, is_last),
            _costs(lines, words, found.with_cost, by, is_last),
        ],
        notices=_notices(found, is_last),
    )


def _before(question: Question, by: str, is_last: bool) -> Economics | None:
    if question.before is None:
        return None
    return economics(question.scope.during(question.before), by=by, last_touch=is_last)


def _notices(found: Economics, is_last: bool) -> list[str]:
    said = list(found.total.deals.left_out)
    said += [
        f"Costs of {amount:,.2f} {currency} are not summed: there is no exchange rate for their days."
        for currency, amount in found.costs.foreign.items()
    ]
    if found.costs.unknown_by:
        names = " and ".join(DIMENSIONS[key].label.lower() for key in found.costs.unknown_by)
        said.append(f"What was spent is not known by {names}, so no cost is shown.")
    if is_last:
        said.append("Last touches are found row by row, which takes a moment.")
    return said


def _tiles(found: Economics, before: Economics | None) -> list[Tile]:
    total, spent = found.total, found.with_cost
    was = was_spent = None
    if before is not None:
        was, was_spent = before.total, before.with_cost
    return [
        Tile(
            "customers",
            "Customers",
            count(total.customers, _entered(Stage.CUSTOMER, {}), before=was.customers if was else None),
            more_is_better=True,
            stage="customer",
        ),
        Tile(
            "revenue",
            "Revenue",
            money(total.revenue, Drill("deals", {"state": "won"}), before=was.revenue if was else None),
            more_is_better=True,
        ),
        Tile("cost", "Cost", money(total.cost, before=was.cost if was else None)),
        Tile(
            "per_customer",
            "Cost per customer",
            money(
                spent.cost_per(spent.customers),
                before=was_spent.cost_per(was_spent.customers) if was_spent else None,
            ),
            note="where a cost is known",
            more_is_better=False,
        ),
        Tile(
            "return",
            "Return on cost",
            Number(
                spent.return_on_cost,
                Kind.SHARE,
                before=was_spent.return_on_cost if was_spent else None,
            ),
            note="where a cost is known",
            more_is_better=True,
        ),
    ]


# --- What is behind a number -----------------------------------------------------------------------------------


def _leads(where: Mapping[str, str]) -> Drill:
    return Drill("leads", where)


def _entered(stage: Stage, where: Mapping[str, str]) -> Drill:
    return Drill("visits", {"stage": stage.value, "entry": "first", **where})


def _touched(by: str, value: str, is_last: bool) -> dict[str, str]:
    """A value of what a line is of, as a condition on what is told apart by first or by last touch."""
    return {"touch_by": by, "touch": value} if is_last else {by: value}


# --- Parts of the page -----------------------------------------------------------------------------------------


def _quality(lines: Mapping[str, Line], words: Mapping[str, str], by: str) -> Section:
    drawn = [value for value, line in lines.items() if line.decided and line.leads][:MOST_DRAWN]
    bubbles = [_bubble(words.get(value, value), lines[value]) for value in drawn]
    chart = Chart(
        "quality",
        f"Each {DIMENSIONS[by].label.lower()} by its number of leads, acceptance rate and revenue",
        quality_figure(bubbles, currency=settings.CURRENCY),
        drills=[[_leads({by: value}) for value in drawn]],
    )
    lead = f"The {MOST_DRAWN} with most leads." if len(drawn) == MOST_DRAWN else ""
    return Section(
        "quality", "Quality against quantity", ABOUT_QUALITY, lead=lead, chart=chart if drawn else None
    )


def _bubble(label: str, line: Line) -> Bubble:
    return Bubble(
        label,
        line.leads,
        line.accepted / line.decided,
        line.accepted,
        line.decided,
        None if line.revenue is None else float(line.revenue),
        is_few=line.decided < FEW_BELOW,
    )


def _outcomes(
    lines: Mapping[str, Line], words: Mapping[str, str], total: Line, by: str, is_last: bool
) -> Section:
    rows = [
        Row(
            value,
            words.get(value, value),
            _came(line, {by: value}, _touched(by, value, is_last)),
            filters={by: value},
        )
        for value, line in lines.items()
    ]
    if rows:
        rows.append(Row("all", "Together", _came(total, {}, {}), is_total=True))
    table = Table("outcomes", "What came of it", DIMENSIONS[by].label, OUTCOMES, rows)
    return Section("outcomes", "What came of it", ABOUT, tables=[table])


def _came(line: Line, own: Mapping[str, str], touched: Mapping[str, str]) -> dict[str, Number]:
    won = Drill("deals", {"state": "won", **touched})
    accepted = Drill("visits", {"stage": Stage.MQL.value, "outcome": "accepted", **own})
    return {
        "leads": count(line.leads, _leads(own)),
        "mqls": count(line.mqls, _entered(Stage.MQL, touched)),
        "sqls": count(line.sqls, _entered(Stage.SQL, touched)),
        "customers": count(line.customers, _entered(Stage.CUSTOMER, touched)),
        "acceptance": share(line.accepted, line.decided, accepted),
        "won": count(line.deals.count, won),
        "revenue": money(line.revenue, won),
        "mean": money(line.deals.mean, won),
        "median": money(line.deals.median, won),
    }


def _costs(
    lines: Mapping[str, Line], words: Mapping[str, str], total: Line, by: str, is_last: bool
) -> Section:
    spent = [value for value, line in lines.items() if line.cost is not None]
    rows = [
        Row(
            value,
            words.get(value, value),
            _spent(lines[value], _touched(by, value, is_last)),
            filters={by: value},
        )
        for value in spent
    ]
    if rows:
        rows.append(Row("all", "Together", _together(total), is_total=True))
    drawn = spent[:MOST_DRAWN]
    chart = Chart(
        "cost_and_revenue",
        f"Cost and revenue by {DIMENSIONS[by].label.lower()}",
        money_figure(
            [words.get(value, value) for value in drawn],
            [_plain(lines[value].cost) for value in drawn],
            [_plain(lines[value].revenue) for value in drawn],
            currency=settings.CURRENCY,
        ),
        drills=[
            [None for _ in drawn],
            [Drill("deals", {"state": "won", **_touched(by, value, is_last)}) for value in drawn],
        ],
    )
    table = Table(
        "costs", "What it cost", DIMENSIONS[by].label, COSTS, rows, empty="No cost is known for the period."
    )
    return Section("costs", "What it cost", ABOUT_COSTS, chart=chart if rows else None, tables=[table])


def _spent(line: Line, touched: Mapping[str, str]) -> dict[str, Number]:
    return {
        "cost": money(line.cost),
        "per_lead": money(line.cost_per(line.leads)),
        "per_mql": money(line.cost_per(line.mqls)),
        "per_sql": money(line.cost_per(line.sqls)),
        "per_customer": money(line.cost_per(line.customers)),
        "revenue": money(line.revenue, Drill("deals", {"state": "won", **touched})),
        "return": Number(line.return_on_cost, Kind.SHARE),
    }


def _together(total: Line) -> dict[str, Number]:
    """Of what has a cost, so that no list is behind its revenue."""
    return {**_spent(total, {}), "revenue": money(total.revenue)}


def _plain(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _choices() -> Sequence[tuple[str, str]]:
    return [(key, DIMENSIONS[key].label) for key in KNOWN_BY]


REPORT = register(
    Report(
        key="sources",
        title="Sources",
        summary="What came of each source, channel or campaign, and what it cost.",
        icon="world",
        build=build,
        options=[
            Option("by", "By", _choices()),
            Option("attribution", "Attributed to", [(FIRST, "First touch"), (LAST, "Last touch")]),
        ],
    )
)
