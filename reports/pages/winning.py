"""The part of the Velocity report that is about how long it takes to win a lead."""

from __future__ import annotations

from leads.models import Stage
from reports.charts.velocity import time_to_win_figure
from reports.document import Chart, Column, Drill, Kind, Number, Row, Section, Table
from reports.metrics.quantiles import Spread
from reports.metrics.time_to_win import DayClass, TimeToWin
from reports.numbers import few, share

START_WORDS = {Stage.LEAD: "creation"}
WIN_WORDS = (
    "Leads that first became customers in the period, by the calendar days from the day of their {start} to that "
    "day. Linear interpolation between neighbours. Negative times are bad data: they are counted and listed, "
    "never dropped. Who never entered the start stage has no time, and stands apart."
)


def win_section(wins: TimeToWin) -> Section:
    title = f"Time to win, from {start_words(wins.start)} to customer"
    drills = [of_class(wins, one) for one in wins.classes]
    return Section(
        "win",
        title,
        WIN_WORDS.format(
            start="creation" if wins.start is Stage.LEAD else f"first entry to {wins.start.label}"
        ),
        chart=Chart(
            "win-figure",
            "Customers by the days it took to win them, as bars; the same numbers stand in the table below.",
            time_to_win_figure(wins),
            drills=[drills],
        )
        if wins.spread.count
        else None,
        tables=[
            Table(
                "win",
                "In calendar days",
                "Of the customers won in the period",
                win_columns(),
                [win_row(wins)],
            ),
            Table(
                "classes",
                "Customers by days",
                "Days",
                [Column("customers", "Customers", stage="customer"), Column("share", "Share", Kind.SHARE)],
                [
                    Row(
                        one.label,
                        one.label,
                        {
                            "customers": Number(one.leads, drill=drill),
                            "share": share(one.leads, wins.spread.count, behind=drill),
                        },
                    )
                    for one, drill in zip(wins.classes, drills, strict=True)
                ]
                if wins.spread.count
                else [],
            ),
        ],
    )


def win_columns() -> list[Column]:
    return [
        Column("customers", "Customers", stage="customer"),
        Column("median", "Median", Kind.DAYS),
        Column("p75", "p75", Kind.DAYS),
        Column("p90", "p90", Kind.DAYS),
        Column("mean", "Mean", Kind.DAYS),
        Column("shortest", "Shortest", Kind.DAYS),
        Column("longest", "Longest", Kind.DAYS),
        Column("negative", "Negative", hint="Won before they began: bad data, counted all the same"),
        Column("without", "Without a time", hint="Never entered the start stage"),
    ]


def win_row(wins: TimeToWin) -> Row:
    spread: Spread = wins.spread
    mark = few(spread.count)
    days = {
        name: Number(getattr(spread, name), Kind.DAYS, drill=won(wins.start, timed="yes"), mark=mark)
        for name in ("median", "p75", "p90", "mean", "shortest", "longest")
    }
    return Row(
        "all",
        f"From {start_words(wins.start)}",
        {
            "customers": Number(spread.count, drill=won(wins.start, timed="yes")),
            **days,
            "negative": Number(wins.negative, drill=won(wins.start, days_to="-1")),
            "without": Number(wins.without, drill=won(wins.start, timed="no")),
        },
    )


def start_words(start: Stage) -> str:
    return START_WORDS.get(start, start.label)


def of_class(wins: TimeToWin, one: DayClass) -> Drill:
    bounds = {"days_from": one.first, "days_to": one.last}
    return won(wins.start, **{name: str(days) for name, days in bounds.items() if days is not None})


def won(start: Stage, **more: str) -> Drill:
    """Leads that first became customers in the period."""
    return Drill(
        "leads", {"when": "reached", "reached": Stage.CUSTOMER.value, "won_from": start.value, **more}
    )
