"""The Scores report: how scores are spread, and how well they tell what sales accepts and wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone

from leads.models import Stage
from reports.catalogue import Question, Report, register
from reports.charts.scores import Point, calibration_figure, distribution_figure
from reports.dimensions import DIMENSIONS, band_label
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.drilling import scores  # noqa: F401  (conditions of these lists)
from reports.metrics.rule_lift import RuleLift, rule_lift
from reports.metrics.scores import (
    GRADES,
    LETTERS,
    NUMBERS,
    Distribution,
    Judged,
    calibration_by_band,
    calibration_by_grade,
    distribution,
    is_counted,
)
from reports.numbers import count, share
from reports.period import today
from reports.scope import Scope
from scoring.evidence.proportions import Share

MQL = Stage.MQL.value

ABOUT_SPREAD = (
    "Scores as they stood when they were last counted by the as-of day: once a day and after each run. The period does "
    "not matter here. With a filter the leads are counted one by one, with their present scores; of an earlier day "
    "nothing so fine is kept. Lists behind these numbers show present scores."
)
ABOUT_CALIBRATION = (
    "MQL visits that began in the period and that sales decided, by the score and grade with which they were offered "
    "(the frozen evidence, not the present score). Accepted is of decided. Became customers: accepted, and a customer "
    "in or after this visit by the as-of day; also of decided. The interval is Wilson's: where the true share lies "
    "with 95 % confidence. A useful score makes the dots rise from left to right. Offers without evidence, such "
    "as imported ones, are left out."
)
ABOUT_LIFT = (
    "Acceptance rate of decided handoffs to which the rule gave points, against those without, and the difference "
    "with its 95 % interval (Newcombe), in percentage points. Handoffs that were decided in the period, as the "
    "evidence page counts them; of filters, only the source is respected."
)
ABOUT_SQUARE = "Fit from A to C downwards, engagement from 1 to 3 across."


def build(question: Question) -> Document:
    scope = question.scope
    by_band, by_grade = calibration_by_band(scope), calibration_by_grade(scope)
    may_wait = question.may_defer and not is_counted(scope)
    spread = None if may_wait else distribution(scope)
    return Document(
        report=REPORT.key,
        title=REPORT.title,
        scope=scope,
        tiles=_tiles(by_band, spread, scope),
        sections=[
            Section("spread", "How scores are spread", ABOUT_SPREAD, is_deferred=True)
            if may_wait
            else _spread(spread, scope),
            _by_band(by_band),
            Section("grid_now", "Grades now", ABOUT_SPREAD, is_deferred=True)
            if spread is None
            else _grid_now(spread, scope),
            _grid(by_grade),
            _by_grade(by_grade),
            Section("lift", "What rules tell", ABOUT_LIFT, is_deferred=True)
            if question.may_defer
            else _lift(rule_lift(scope), scope),
        ],
    )


def _tiles(by_band: Mapping[int, Judged], spread: Distribution | None, scope: Scope) -> list[Tile]:
    judged = sum(by_band.values(), Judged())
    tiles = [
        Tile(
            "accepted",
            "Accepted",
            share(judged.accepted, judged.decided, _visits(scored="yes", outcome="accepted")),
        ),
        Tile("won", "Became customers", share(judged.won, judged.decided, _won(scored="yes"))),
    ]
    if spread is not None:
        drill = _leads(scored="yes") if scope.as_of >= today() else None
        tiles.insert(0, Tile("leads", "Leads with a score", count(spread.leads, drill)))
    return tiles


def _leads(**where: str) -> Drill:
    return Drill("leads", {"when": "ever", **where})


def _visits(**where: str) -> Drill:
    return Drill("visits", {"stage": MQL, **where})


def _won(**where: str) -> Drill:
    return _visits(outcome="accepted", won="yes", **where)


# --- How they are spread ----------------------------------------------------------------------------------------


def _spread(found: Distribution | None, scope: Scope) -> Section:
    if found is None:
        why = (
            "What scores leads had on that day, by a filter, is not known."
            if scope.chosen
            else "Not counted by then."
        )
        table = Table("bands", "Score bands", "Score", [Column("leads", "Leads")], [], empty=why)
        return Section("spread", "How scores are spread", ABOUT_SPREAD, tables=[table])
    bands = sorted(found.bands)
    # The list behind a number knows present scores only.
    drills = [_leads(score_band=str(band)) if scope.as_of >= today() else None for band in bands]
    rows = [
        Row(
            str(band),
            band_label(str(band)),
            {"leads": count(found.bands[band], drill), "share": _part(found.bands[band], found.leads, drill)},
        )
        for band, drill in zip(bands, drills, strict=True)
    ]
    columns = [Column("leads", "Leads"), Column("share", "Share", Kind.SHARE)]
    table = Table("bands", "Score bands", "Score", columns, rows, empty="No lead has a score yet.")
    chart = Chart(
        "spread",
        "Number of leads by score, in bands of ten points",
        distribution_figure([band_label(str(band)) for band in bands], [found.bands[band] for band in bands]),
        drills=[drills],
    )
    return Section(
        "spread",
        "How scores are spread",
        ABOUT_SPREAD,
        lead=_when(found),
        chart=chart if rows else None,
        tables=[table],
    )


def _part(leads: int, of: int, drill: Drill | None) -> Number:
    return share(leads, of, drill, marked=False)


def _when(found: Distribution) -> str:
    if found.counted_at is None:
        return "Present scores, counted one by one."
    at = timezone.localtime(found.counted_at)
    return f"As counted on {at:%-d %b %Y} at {at:%H:%M}."


# --- How well they tell ----------------------------------------------------------------------------------------


def _by_band(found: Mapping[int, Judged]) -> Section:
    lines = [(str(band), band_label(str(band)), found[band]) for band in sorted(found) if found[band].decided]
    return _calibration("band", "By score", lines)


def _by_grade(found: Mapping[str, Judged]) -> Section:
    # From the weakest to the best, as scores are.
    lines = [
        (grade, grade, found[grade]) for grade in reversed(GRADES) if grade in found and found[grade].decided
    ]
    return _calibration("grade", "By grade", lines)


def _calibration(by: str, title: str, lines: Sequence[tuple[str, str, Judged]]) -> Section:
    columns = [
        Column("decided", "Decided", stage=MQL),
        Column("accepted", "Accepted", Kind.SHARE, stage=Stage.SQL.value),
        Column("won", "Became customers", Kind.SHARE, stage=Stage.CUSTOMER.value),
    ]
    rows = [
        Row(value, label, _numbers(judged, by, value), filters={by: value}) for value, label, judged in lines
    ]
    table = Table(
        f"calibration_by_{by}",
        title,
        DIMENSIONS[by].label,
        columns,
        rows,
        empty="Nothing was decided in the period.",
    )
    chart = Chart(
        f"calibration_{by}",
        f"Acceptance and win rate of MQLs {title.lower()}, with 95 % intervals",
        calibration_figure(
            [_point(label, judged.accepted, judged.decided) for _, label, judged in lines],
            [_point(label, judged.won, judged.decided) for _, label, judged in lines],
        ),
        drills=[
            [_visits(outcome="accepted", **{by: value}) for value, _, _ in lines],
            [_won(**{by: value}) for value, _, _ in lines],
        ],
    )
    heading = "Do higher scores mean more?" if by == "band" else "Do better grades mean more?"
    return Section(f"by_{by}", heading, ABOUT_CALIBRATION, chart=chart if rows else None, tables=[table])


def _numbers(judged: Judged, by: str, value: str) -> dict[str, Number]:
    where = {by: value}
    return {
        "decided": count(judged.decided, _visits(outcome="decided", **where)),
        "accepted": share(
            judged.accepted, judged.decided, _visits(outcome="accepted", **where), interval=True
        ),
        "won": share(judged.won, judged.decided, _won(**where), interval=True),
    }


def _point(label: str, part: int, whole: int) -> Point:
    found = Share(part, whole)
    return Point(label, found.share, found.interval.low, found.interval.high, part, whole)


def _grid_now(spread: Distribution, scope: Scope) -> Section:
    """Fit by letter downwards, engagement by number across: leads now."""
    leads = _square("grid_leads", "Leads", Kind.COUNT, lambda grade: _now(spread, grade, scope))
    return Section("grid_now", "Grades now", ABOUT_SPREAD, lead=ABOUT_SQUARE, tables=[leads])


def _grid(judged: Mapping[str, Judged]) -> Section:
    """The same square: what sales made of the MQLs."""
    tables = [
        _square("grid_accepted", "Accepted of decided", Kind.SHARE, lambda grade: _accepted(judged, grade)),
        _square("grid_won", "Became customers of decided", Kind.SHARE, lambda grade: _became(judged, grade)),
    ]
    return Section("grid", "Grades", ABOUT_CALIBRATION, lead=ABOUT_SQUARE, tables=tables)


def _square(key: str, title: str, kind: Kind, number: Callable[[str], Number]) -> Table:
    columns = [Column(column, f"Engagement {column}", kind) for column in NUMBERS]
    rows = [
        Row(letter, f"Fit {letter}", {column: number(f"{letter}{column}") for column in NUMBERS})
        for letter in LETTERS
    ]
    return Table(key, title, title, columns, rows, heat=True)


def _accepted(judged: Mapping[str, Judged], grade: str) -> Number:
    found = judged.get(grade, Judged())
    return share(found.accepted, found.decided, _visits(outcome="accepted", grade=grade), interval=True)


def _became(judged: Mapping[str, Judged], grade: str) -> Number:
    found = judged.get(grade, Judged())
    return share(found.won, found.decided, _won(grade=grade), interval=True)


def _now(spread: Distribution, grade: str, scope: Scope) -> Number:
    drill = _leads(score_grade=grade) if scope.as_of >= today() else None
    return count(spread.grades.get(grade, 0), drill)


# --- What rules tell ---------------------------------------------------------------------------------------------


def _lift(found: Sequence[RuleLift], scope: Scope) -> Section:
    columns = [
        Column("with", "Accepted with it", Kind.SHARE),
        Column("without", "Accepted without it", Kind.SHARE),
        Column("difference", "Difference", Kind.POINTS, hint="With its 95 % interval."),
    ]
    rows = [
        Row(
            lift.key,
            lift.name,
            {
                "with": share(lift.with_.count, lift.with_.of),
                "without": share(lift.without.count, lift.without.of),
                "difference": Number(lift.points, Kind.POINTS, interval=lift.interval),
            },
        )
        for lift in found
    ]
    table = Table(
        "rule_lift",
        "Rules",
        "Rule",
        columns,
        rows,
        empty="No decided handoff has evidence for the published rulebook.",
    )
    return Section("lift", "What rules tell", ABOUT_LIFT, lead=_left_out(scope), tables=[table])


def _left_out(scope: Scope) -> str:
    others = [DIMENSIONS[key].label.lower() for key in scope.chosen if key != "source"]
    return f"Not filtered by {', '.join(others)}." if others else ""


REPORT = register(
    Report(
        key="scores",
        title="Scores",
        summary="How scores are spread, and how well they tell what sales accepts and wins.",
        icon="target-arrow",
        build=build,
        compares=False,
    )
)
