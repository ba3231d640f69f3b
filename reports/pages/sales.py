"""The Sales report: what each rep and team made of the MQLs they were offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from leads.models import Reason, Stage
from reports.catalogue import Question, Report, register
from reports.charts.sales import ShareDot, acceptance_figure
from reports.dimensions import DIMENSIONS
from reports.document import Chart, Column, Document, Drill, Kind, Number, Row, Section, Table, Tile
from reports.drilling import decisions  # noqa: F401  (conditions of these lists)
from reports.measures import NOTHING
from reports.metrics.sales import Record, Speed, sales_record, sales_records, speed
from reports.numbers import FEW_BELOW, count, minutes, share
from scoring.evidence.proportions import Share

MOST_DRAWN = 20
WHY = "Why they reject"
MQL = Stage.MQL.value

COLUMNS = (
    Column("offered", "MQLs offered", stage=MQL),
    Column("decided", "Decided"),
    Column("accepted", "Accepted", stage=Stage.SQL.value),
    Column("acceptance", "Acceptance rate", Kind.SHARE, hint="Accepted of decided."),
    Column("deciding", "Decided in time", Kind.SHARE, hint="Of those decided or overdue, with a deadline."),
    Column("touching", "Touched in time", Kind.SHARE, hint="First touch by its deadline, of those accepted."),
    Column("closed", "Deals closed"),
    Column("win_rate", "Deals won", Kind.SHARE, stage=Stage.CUSTOMER.value, hint="Won of the deals closed."),
)
SPEED = (
    Column("median", "Median to decide", Kind.MINUTES, hint="Business time from the offer to the decision."),
    Column("p90", "9 of 10 within", Kind.MINUTES, hint="Business time within which nine of ten are decided."),
    Column("touch_median", "Median to first touch", Kind.MINUTES, hint="Business time from acceptance."),
    Column("touch_p90", "9 of 10 touched within", Kind.MINUTES, hint="Business time from acceptance."),
)

ABOUT_PEOPLE = (
    "MQLs offered are the MQL visits that began in the period: each time a lead became an MQL. They belong to whoever "
    "decided, and while they wait to whom they are assigned. Acceptance rate is accepted of decided; withdrawn and "
    "waiting ones are in neither. Decided in time is of those that had a deadline and were decided, or still wait and "
    "are overdue. Touched in time is the same for the first touch after acceptance; notes are no touch. Deals belong "
    f"to their owner: won of those won or lost in the period. Shares of fewer than {FEW_BELOW} are grey: they may be "
    "chance. The whiskers show where a share truly lies with 95 % confidence (Wilson)."
)
ABOUT_SPEED = (
    "Of MQL visits that began in the period: business time, in the hours and holidays of the team, from the offer to "
    "the decision, and from acceptance to the first touch; notes are no touch. Half take the median or less, nine of "
    "ten the other number. Those without a deadline, such as imported ones, have no clock."
)
ABOUT_REASONS = (
    "MQL visits that began in the period and that sales rejected, by who decided and the reason they gave. Only the "
    "latest decision on a visit counts; what was undone does not exist."
)


def build(question: Question) -> Document:
    now = timezone.now()
    scope = question.scope
    everybody = sales_record(scope, at=now)
    before = sales_record(scope.during(question.before), at=now) if question.before else None
    return Document(
        report=REPORT.key,
        title=REPORT.title,
        scope=scope,
        tiles=_tiles(everybody, before),
        sections=[*_breakdowns(question, everybody, now), _fast(question)],
    )


def _breakdowns(question: Question, everybody: Record, now: datetime) -> list[Section]:
    if question.defers(by="rep"):
        return [
            Section("reps", "Reps", ABOUT_PEOPLE, is_deferred=True),
            Section("teams", "Teams", ABOUT_PEOPLE, is_deferred=True),
            Section("rejection_mix", WHY, ABOUT_REASONS, is_deferred=True),
        ]
    reps = sales_records(question.scope, by="rep", at=now)
    teams = sales_records(question.scope, by="team", at=now)
    return [
        _people("rep", "Reps", reps, everybody),
        _people("team", "Teams", teams, everybody),
        _rejecting(reps, everybody),
    ]


def _tiles(now: Record, before: Record | None) -> list[Tile]:
    def was(name: str) -> float | None:
        return None if before is None else getattr(before, name)

    def was_in_time(name: str) -> float | None:
        return None if before is None else getattr(before, name).attainment

    offered = count(now.offered, _visits(), before=None if before is None else before.offered)
    acceptance = share(now.accepted, now.decided, _visits(outcome="accepted"), before=was("acceptance"))
    return [
        Tile("offered", "MQLs offered", offered, stage=MQL),
        Tile("acceptance", "Acceptance rate", acceptance, more_is_better=True),
        Tile(
            "deciding",
            "Decided in time",
            _in_time(now, "deciding", {}, before=was_in_time("deciding")),
            more_is_better=True,
        ),
        Tile(
            "touching",
            "Touched in time",
            _in_time(now, "touching", {}, before=was_in_time("touching")),
            more_is_better=True,
        ),
        Tile(
            "win_rate",
            "Deals won",
            share(now.won, now.closed, Drill("deals", {"state": "won"}), before=was("win_rate")),
            more_is_better=True,
        ),
    ]


def _visits(of: Mapping[str, str] | None = None, **where: str) -> Drill:
    return Drill("visits", {"stage": MQL, **where, **(of or {})})


def _in_time(record: Record, clock: str, of: Mapping[str, str], *, before: float | None = None) -> Number:
    found = getattr(record, clock)
    return share(found.in_time, found.of, _visits(of, **{clock: "in_time"}), before=before)


def _people(by: str, title: str, records: Mapping[str, Record], everybody: Record) -> Section:
    words = DIMENSIONS[by].words()
    order = sorted(records, key=lambda value: (value == "", -records[value].offered, words.get(value, value)))
    rows = [
        Row(value, words.get(value, value), _numbers(records[value], {by: value}), filters={by: value})
        for value in order
    ]
    if rows:
        rows.append(Row("all", "Together", _numbers(everybody, {}), is_total=True))
    label = DIMENSIONS[by].label
    tables = [Table(f"{by}s", "Decisions", label, COLUMNS, rows)]
    decided = [value for value in order if records[value].decided]
    drawn = decided[:MOST_DRAWN]
    chart = (
        Chart(
            f"acceptance_by_{by}",
            f"Acceptance rate by {by}: accepted of decided MQLs, with 95 % intervals",
            acceptance_figure([_dot(words.get(value, value), records[value]) for value in drawn]),
            drills=[[_visits({by: value}, outcome="accepted") for value in drawn]],
        )
        if drawn
        else None
    )
    lead = (
        f"The {MOST_DRAWN} who were offered most; all are in the table." if len(decided) > MOST_DRAWN else ""
    )
    return Section(f"{by}s", title, ABOUT_PEOPLE, lead=lead, chart=chart, tables=tables)


def _numbers(record: Record, of: Mapping[str, str]) -> dict[str, Number]:
    return {
        "offered": count(record.offered, _visits(of)),
        "decided": count(record.decided, _visits(of, outcome="decided")),
        "accepted": count(record.accepted, _visits(of, outcome="accepted")),
        "acceptance": share(record.accepted, record.decided, _visits(of, outcome="accepted")),
        "deciding": _in_time(record, "deciding", of),
        "touching": _in_time(record, "touching", of),
        "closed": count(record.closed, Drill("deals", {"state": "closed", **of})),
        "win_rate": share(record.won, record.closed, Drill("deals", {"state": "won", **of})),
    }


def _fast(question: Question) -> Section:
    """Read row by row, so that it may come later than the page."""
    title = "How fast they are"
    if question.may_defer:
        return Section("speed", title, ABOUT_SPEED, is_deferred=True)
    together = speed(question.scope, by=None)
    tables = []
    for by in ("rep", "team"):
        words, found = DIMENSIONS[by].words(), speed(question.scope, by=by)
        order = sorted(found, key=lambda value: (value == "", words.get(value, value)))
        rows = [
            Row(value, words.get(value, value), _speed(found[value], {by: value}), filters={by: value})
            for value in order
        ]
        if rows:
            rows.append(Row("all", "Together", _speed(together[""], {}), is_total=True))
        label = DIMENSIONS[by].label
        tables.append(Table(f"{by}_speed", f"By {label.lower()}", label, SPEED, rows))
    return Section("speed", title, ABOUT_SPEED, tables=tables)


def _speed(found: Speed, of: Mapping[str, str]) -> dict[str, Number]:
    timed = _visits(of, outcome="decided", timed="yes")
    touched = _visits(of, outcome="accepted", touch_timed="yes")
    return {
        "median": minutes(found.minutes, 50, timed),
        "p90": minutes(found.minutes, 90, timed),
        "touch_median": minutes(found.touch_minutes, 50, touched),
        "touch_p90": minutes(found.touch_minutes, 90, touched),
    }


def _dot(label: str, record: Record) -> ShareDot:
    found = Share(record.accepted, record.decided)
    assert found.share is not None
    return ShareDot(
        label,
        found.share,
        found.interval.low,
        found.interval.high,
        record.accepted,
        record.decided,
        is_few=record.decided < FEW_BELOW,
    )


def _rejecting(reps: Mapping[str, Record], everybody: Record) -> Section:
    labels = reason_labels()
    chosen = [reason for reason, _ in Counter(everybody.reasons).most_common()]
    columns = [
        Column("rejected", "Rejected", is_sum=True),
        *(Column(f"reason_{reason}", labels.get(reason, "A reason that is gone")) for reason in chosen),
    ]
    words = DIMENSIONS["rep"].words()
    order = sorted(
        (value for value, record in reps.items() if record.rejected),
        key=lambda value: (value == "", -reps[value].rejected, words.get(value, value)),
    )
    rows = [
        Row(value, words.get(value, value), _mix(reps[value], chosen, {"rep": value}), filters={"rep": value})
        for value in order
    ]
    if rows:
        rows.append(Row("all", "Together", _mix(everybody, chosen, {}), is_total=True))
    table = Table("rejection_mix", WHY, "Rep", columns, rows, empty="Nothing was rejected.", heat=True)
    return Section("rejection_mix", WHY, ABOUT_REASONS, tables=[table])


def _mix(record: Record, reasons: Sequence[int], of: Mapping[str, str]) -> dict[str, Number]:
    found = {"rejected": count(record.rejected, _visits(of, outcome="rejected"))}
    for reason in reasons:
        found[f"reason_{reason}"] = count(
            record.reasons.get(reason, 0), _visits(of, outcome="rejected", reason=reason_key(reason))
        )
    return found


def reason_labels() -> dict[int, str]:
    """By id; those that were given none stand under -1."""
    return {**dict(Reason.objects.values_list("pk", "label")), NOTHING: "Not recorded"}


def reason_key(reason: int) -> str:
    """As a drill-down names a reason; "" for none."""
    return "" if reason == NOTHING else str(reason)


REPORT = register(
    Report(
        key="sales",
        title="Sales",
        summary="What reps and teams decide, how fast, and what they win.",
        icon="briefcase",
        build=build,
    )
)
