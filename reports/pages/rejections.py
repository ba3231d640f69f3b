"""The Rejections report: why sales says no, to which sources, and against which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from leads.models import Stage
from reports.catalogue import Question, Report, register
from reports.charts.rejections import OTHERS, pareto_figure, trend_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.drilling import decisions  # noqa: F401  (conditions of these lists)
from reports.metrics.rejections import (
    Pareto,
    Reasons,
    notes,
    pareto,
    reasons_by,
    reasons_by_rule,
    reasons_over_time,
)
from reports.numbers import count, share
from reports.pages.sales import reason_key, reason_labels
from reports.scope import Scope

MOST_SOURCES, MOST_IN_TREND = 30, 6
REJECTED = {"stage": Stage.MQL.value, "outcome": "rejected"}
GONE = "A reason that is gone"

ABOUT = (
    "MQL visits that began in the period and ended in a rejection (recycled or disqualified) by the as-of day, by the "
    "reason that sales gave. The line is the share of all rejections that a reason makes with those before it. The "
    "rejection rate is rejected of decided."
)
ABOUT_RULES = (
    "Rules of the published rulebook that gave points to the offer, from the evidence that was frozen when the lead "
    "was offered; the same rule in an earlier version counts. A rejected lead counts for each of its rules, so the "
    "lines do not add up. Rejections without evidence, such as imported ones, are left out. The notes that sales "
    "wrote stand on the page Feedback, where marketing answers them."
)


def build(question: Question) -> Document:
    scope = question.scope
    found = pareto(scope)
    before = pareto(scope.during(question.before)) if question.before else None
    labels = reason_labels()
    sections = [
        _pareto_section(found, labels),
        _trend_section(scope, found, labels),
        _source_section(scope, found, labels),
        _rule_section(question, labels),
    ]
    return Document(
        report=REPORT.key,
        title=REPORT.title,
        scope=scope,
        tiles=_tiles(found, before),
        sections=sections,
    )


def _rejected(**where: str) -> Drill:
    return Drill("visits", {**REJECTED, **where})


def _for(reason: int, **where: str) -> Drill:
    return _rejected(reason=reason_key(reason), **where)


def _tiles(found: Pareto, before: Pareto | None) -> list[Tile]:
    rejected = count(found.rejected, _rejected(), before=None if before is None else before.rejected)
    rate = share(found.rejected, found.decided, _rejected(), before=None if before is None else before.rate)
    return [
        Tile("rejected", "Rejected MQLs", rejected),
        Tile("rate", "Rejection rate", rate, note="of decided", more_is_better=False),
    ]


def _pareto_section(found: Pareto, labels: Mapping[int, str]) -> Section:
    rows = [
        Row(
            reason_key(line.reason),
            labels.get(line.reason, GONE),
            {
                "rejected": count(line.count, _for(line.reason)),
                "share": share(line.count, found.rejected, _for(line.reason)),
                "cumulative": Number(line.cumulative, Kind.SHARE),
            },
        )
        for line in found.lines
    ]
    columns = [
        Column("rejected", "Rejected"),
        Column("share", "Share", Kind.SHARE),
        Column("cumulative", "Together", Kind.SHARE, hint="With the reasons above it."),
    ]
    chart = Chart(
        "pareto",
        "Rejected MQLs by reason, from the most frequent one on, and what they make together",
        pareto_figure(
            [labels.get(line.reason, GONE) for line in found.lines],
            [line.count for line in found.lines],
            [line.cumulative for line in found.lines],
        ),
        drills=[[_for(line.reason) for line in found.lines], [None for _ in found.lines]],
    )
    table = Table("reasons", "Reasons", "Reason", columns, rows, empty="Nothing was rejected.")
    return Section("reasons", "Reasons", ABOUT, chart=chart if rows else None, tables=[table])


def _trend_section(scope: Scope, found: Pareto, labels: Mapping[int, str]) -> Section:
    parts = reasons_over_time(scope)
    order = [line.reason for line in found.lines]
    drawn = order[:MOST_IN_TREND]
    series = {labels.get(reason, GONE): [reasons.get(reason, 0) for _, reasons in parts] for reason in drawn}
    if len(order) > len(drawn):
        series[OTHERS] = [
            sum(times for reason, times in reasons.items() if reason not in drawn) for _, reasons in parts
        ]
    rows = [
        Row(
            part.period.start.isoformat(),
            part.label,
            _line(
                reasons,
                order,
                first_day=part.period.start.isoformat(),
                last_day=part.period.last_day.isoformat(),
            ),
        )
        for part, reasons in parts
    ]
    chart = Chart(
        "trend",
        "Rejected MQLs by reason over time",
        trend_figure([part.label for part, _ in parts], series),
        # The reasons drawn together have no list of their own.
        drills=[[row.numbers[f"reason_{reason}"].drill for row in rows] for reason in drawn],
    )
    table = Table(
        "over_time", "Over time", "Began in", _columns(order, labels), rows, empty="Nothing was rejected."
    )
    return Section("over_time", "Over time", ABOUT, chart=chart if order else None, tables=[table])


def _source_section(scope: Scope, found: Pareto, labels: Mapping[int, str]) -> Section:
    by_source = reasons_by(scope, by="source")
    words = DIMENSIONS["source"].words()
    order = [line.reason for line in found.lines]
    sources = sorted(by_source, key=lambda value: (-sum(by_source[value].values()), words.get(value, value)))
    rows = [
        Row(
            value,
            words.get(value, value),
            _line(by_source[value], order, source=value),
            filters={"source": value},
        )
        for value in sources[:MOST_SOURCES]
    ]
    note = (
        f"The {MOST_SOURCES} sources with most rejections of {len(sources)}."
        if sources[MOST_SOURCES:]
        else ""
    )
    table = Table(
        "by_source",
        "Reason by source",
        "Source",
        _columns(order, labels),
        rows,
        note=note,
        empty="Nothing was rejected.",
        heat=True,
    )
    return Section("by_source", "Reason by source", ABOUT, tables=[table])


def _rule_section(question: Question, labels: Mapping[int, str]) -> Section:
    """Read handoff by handoff, so that it may come later than the page."""
    title = "Reason by rule, and notes"
    if question.may_defer:
        return Section("by_rule", title, ABOUT_RULES, is_deferred=True)
    found = reasons_by_rule(question.scope)
    totals: dict[int, int] = {}
    for line in found.rules:
        for reason, times in line.reasons.items():
            totals[reason] = max(totals.get(reason, 0), times)
    order = sorted(totals, key=lambda reason: (-totals[reason], reason))
    rows = [Row(line.key, line.name, _line(line.reasons, order, rule=line.key)) for line in found.rules]
    note = (
        f"Evidence is known of {found.with_evidence:,} of {found.rejected:,} rejections."
        if found.version is not None
        else "No rulebook is published."
    )
    table = Table(
        "by_rule",
        "Reason by rule",
        "Rule",
        _columns(order, labels),
        rows,
        note=note,
        empty="No rejected offer has evidence.",
        heat=True,
    )
    noted = share(notes(question.scope), found.rejected, _rejected(note="yes"), marked=False)
    columns = [Column("noted", "With a note", Kind.SHARE)]
    rows = [Row("rejected", "Rejected MQLs", {"noted": noted})] if found.rejected else []
    period = question.scope.period
    # The last year of it: no more is shown there at once.
    since = max(period.start, period.last_day - timedelta(days=365))
    days = urlencode({"since": since, "until": period.last_day, "kind": "rejected"})
    feedback = ("The notes themselves, and marketing’s answers", f"{reverse('scoring:feedback')}?{days}")
    with_notes = Table("notes", "Notes", "What", columns, rows, empty="Nothing was rejected.", more=feedback)
    return Section("by_rule", title, ABOUT_RULES, tables=[table, with_notes])


def _columns(reasons: Sequence[int], labels: Mapping[int, str]) -> list[Column]:
    return [
        Column("rejected", "Rejected", is_sum=True),
        *(Column(f"reason_{reason}", labels.get(reason, GONE)) for reason in reasons),
    ]


def _line(found: Reasons, reasons: Sequence[int], **where: str) -> dict[str, Number]:
    numbers = {"rejected": count(sum(found.values()), _rejected(**where))}
    for reason in reasons:
        numbers[f"reason_{reason}"] = count(found.get(reason, 0), _for(reason, **where))
    return numbers


REPORT = register(
    Report(
        key="rejections",
        title="Rejections",
        summary="Why sales says no, to which sources and against which rules.",
        icon="x",
        build=build,
    )
)
