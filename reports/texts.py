"""Reports without a browser: as JSON, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reports.charts import percent
from reports.metrics.funnel import Funnel, FunnelReport, Mode, MqlRate

NOT_RECORDED_LABEL = "not recorded"


def funnel_as_json(report: FunnelReport, *, by_source: bool) -> dict[str, Any]:
    """Counts and shares (0..1, null for no data) as JSON values; `end` is exclusive."""
    scope = report.scope
    document: dict[str, Any] = {
        "report": "funnel",
        "mode": report.mode.value,
        "start": scope.period.start.isoformat(),
        "end": scope.period.end.isoformat(),
        "as_of": scope.as_of.isoformat(),
        "filters": asdict(scope.leads),
        "steps": _steps(report.funnel),
        "overall": report.funnel.overall,
        "mql_to_sql": _rate(report.rate),
    }
    if by_source:
        document["by_source"] = [
            {
                "source": line.source,
                "steps": _steps(line.funnel),
                "overall": line.funnel.overall,
                "mql_to_sql": _rate(line.rate),
            }
            for line in report.by_source
        ]
    return document


def _steps(funnel: Funnel) -> list[dict[str, Any]]:
    return [
        {
            "stage": step.stage.value,
            "leads": step.leads,
            "of_previous": step.conversion,
            "of_first": step.overall,
        }
        for step in funnel.steps
    ]


def _rate(rate: MqlRate) -> dict[str, Any]:
    return asdict(rate) | {
        "visits": rate.visits,
        "decided": rate.decided,
        "accepted_of_visits": rate.of_visits,
        "accepted_of_decided": rate.of_decided,
    }


def funnel_as_text(report: FunnelReport, *, by_source: bool) -> str:
    scope = report.scope
    word = "Conversion" if report.mode is Mode.COHORT else "Ratio"
    kind = (
        "leads created in the period"
        if report.mode is Mode.COHORT
        else "entrants of each stage in the period"
    )
    rows = [
        [step.stage.label, f"{step.leads:,}", percent(step.conversion), percent(step.overall)]
        for step in report.funnel.steps
    ]
    rate = report.rate
    lines = [
        f"Funnel of {scope.period} ({kind}), as of {scope.as_of}",
        "",
        *_table(["Stage", "Leads", word, "Overall"], rows),
        "",
        f"MQL to SQL: {rate.accepted:,} of {rate.visits:,} visits accepted ({percent(rate.of_visits)}), "
        f"{percent(rate.of_decided)} of {rate.decided:,} decided; "
        f"{rate.rejected:,} rejected, {rate.withdrawn:,} withdrawn, {rate.waiting:,} waiting.",
    ]
    if by_source:
        lines += ["", *_by_source(report)]
    return "\n".join(lines)


def _by_source(report: FunnelReport) -> list[str]:
    headings = ["Source", *(step.stage.label for step in report.funnel.steps), "Overall", "MQL to SQL"]
    return _table(
        headings,
        [
            [
                line.source or NOT_RECORDED_LABEL,
                *(f"{step.leads:,}" for step in line.funnel.steps),
                percent(line.funnel.overall),
                f"{percent(line.rate.of_visits)} ({line.rate.accepted:,} of {line.rate.visits:,})",
            ]
            for line in report.by_source
        ],
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (headings, *rows)
    ]
