"""What reps and teams made of the MQLs they were offered: decided what, how fast, in time, and what was won.

Definitions: docs/metrics.md. Of a rep is what they decided, or while it waits what is assigned to them; deals are their
owner's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, F, Q, Value

from leads.models import Deal
from reports.cells import counts
from reports.deals import closed_deals
from reports.dimensions import DIMENSIONS
from reports.measures import (
    ACCEPTING,
    IN_TIME,
    LATE,
    MQL,
    OUTCOMES,
    PUNCTUALITY,
    REASONS,
    REJECTING,
    TOUCHES,
    still_there,
    visits,
)
from reports.metrics.funnel import Outcome
from reports.metrics.quantiles import Histogram
from reports.period import today
from reports.scope import Scope
from reports.store.kept import kept_for, once_an_answer


@dataclass(frozen=True)
class Punctuality:
    """Of what had a deadline: done in time, done late, or not done and overdue. What is not due yet is not counted."""

    in_time: int = 0
    late: int = 0
    overdue: int = 0

    @property
    def of(self) -> int:
        return self.in_time + self.late + self.overdue

    @property
    def attainment(self) -> float | None:
        return self.in_time / self.of if self.of else None

    def __add__(self, other: Punctuality) -> Punctuality:
        return Punctuality(self.in_time + other.in_time, self.late + other.late, self.overdue + other.overdue)


@dataclass(frozen=True)
class Record:
    """Of one rep or team, or of all.

    `reasons`: rejected ones by the id of their reason (-1: not recorded).
    """

    accepted: int = 0
    rejected: int = 0
    withdrawn: int = 0
    waiting: int = 0
    deciding: Punctuality = field(default_factory=Punctuality)
    touching: Punctuality = field(default_factory=Punctuality)
    reasons: Mapping[int, int] = field(default_factory=dict)
    won: int = 0
    lost: int = 0

    @property
    def offered(self) -> int:
        return self.decided + self.withdrawn + self.waiting

    @property
    def decided(self) -> int:
        return self.accepted + self.rejected

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.decided if self.decided else None

    @property
    def closed(self) -> int:
        return self.won + self.lost

    @property
    def win_rate(self) -> float | None:
        """Deals won of those closed."""
        return self.won / self.closed if self.closed else None


@dataclass(frozen=True)
class Speed:
    """Business minutes from offer to decision, and from acceptance to the first touch: how often which."""

    minutes: Histogram
    touch_minutes: Histogram


def sales_record(scope: Scope, *, at: datetime) -> Record:
    """Of everybody together. What is overdue is so at the instant `at`, or at the end of an earlier as-of day."""
    return _records(scope, None, at).get("", Record())


def deciding(scope: Scope, *, at: datetime) -> Punctuality:
    """Of everybody's decisions alone, as in `sales_record`."""
    return _deciding(scope, None, at).get("", Punctuality())


def minutes_to_decide(scope: Scope) -> Histogram:
    """Of everybody's decisions alone, as in `sales_record`."""
    return _minutes(scope, None, "minutes").get("", {})


def speed(scope: Scope, *, by: str | None) -> dict[str, Speed]:
    """Business minutes by rep or team, or of everybody under "". Read row by row."""
    to_decide, to_touch = (_minutes(scope, by, column) for column in ("minutes", "touch_minutes"))
    return {
        value: Speed(to_decide.get(value, {}), to_touch.get(value, {})) for value in {*to_decide, *to_touch}
    }


def sales_records(scope: Scope, *, by: str, at: datetime) -> dict[str, Record]:
    """By `rep` or `team`: values as `Dimension.values` gives them, "" for nobody."""
    return _records(scope, by, at)


def overdue_by(scope: Scope, *, at: datetime) -> datetime:
    """The instant before which a deadline must lie to be missed."""
    return min(at, scope.known_until)


def overdue_visits(scope: Scope, *, at: datetime) -> Any:
    """MQL visits that began in the period and still wait, after their deadline."""
    waiting = visits(_asked_of(scope)).filter(position=MQL, due_at__lt=overdue_by(scope, at=at))
    return waiting.filter(still_there(scope.as_of), *_begun(scope))


def untouched_visits(scope: Scope, *, at: datetime, overdue: bool) -> Any:
    """MQL visits that began in the period and were accepted, without a first touch: overdue, or not due yet."""
    cut = overdue_by(scope, at=at)
    due = Q(touch_due_at__lt=cut) if overdue else Q(touch_due_at__gte=cut)
    still = Q(touched_at__isnull=True)
    if scope.as_of < today():
        still |= Q(touched_at__gte=scope.known_until)
    return visits(_asked_of(scope)).filter(due, still, *_begun(scope), position=MQL, next__in=ACCEPTING)


def timed_visits(scope: Scope, column: str) -> Any:
    """MQL visits that began in the period, with business minutes: to the decision, or to the first touch."""
    rows = visits(_asked_of(scope)).filter(*_begun(scope), position=MQL, **{f"{column}__isnull": False})
    if column == "minutes":
        return rows.filter(next__in=ACCEPTING + REJECTING)
    rows = rows.filter(next__in=ACCEPTING)
    return rows if scope.as_of >= today() else rows.filter(touched_at__lt=scope.known_until)


def _records(scope: Scope, by: str | None, at: datetime) -> dict[str, Record]:
    found: dict[str, Record] = defaultdict(Record)
    found.update(kept_for(f"what became of the MQLs by {by}", scope, lambda: _decided(scope, by)))
    for value, deciding in _deciding(scope, by, at).items():
        found[value] = replace(found[value], deciding=deciding)
    for value, touching in _touching(scope, by, at).items():
        found[value] = replace(found[value], touching=touching)
    for value, (won, lost) in _deals(scope, by).items():
        found[value] = replace(found[value], won=won, lost=lost)
    return dict(found)


def _decided(scope: Scope, by: str | None) -> dict[str, Record]:
    found: dict[str, Record] = defaultdict(Record)
    for row in counts(OUTCOMES, scope, by=by, positions=[MQL]):
        name = Outcome.of_next(row.a).value
        before = found[row.value]
        found[row.value] = replace(before, **{name: getattr(before, name) + row.count})
    for value, reasons in _reasons(scope, by).items():
        found[value] = replace(found[value], reasons=reasons)
    return dict(found)


def _deciding(scope: Scope, by: str | None, at: datetime) -> dict[str, Punctuality]:
    found: dict[str, Punctuality] = defaultdict(Punctuality)
    for row in kept_for(f"punctuality by {by}", scope, lambda: counts(PUNCTUALITY, scope, by=by)):
        more = Punctuality(in_time=row.count) if row.a == IN_TIME else Punctuality(late=row.count)
        found[row.value] += more
    for value, waiting in _by(by, overdue_visits(scope, at=at), f"overdue {scope} {at}").items():
        found[value] += Punctuality(overdue=waiting)
    return found


def _touching(scope: Scope, by: str | None, at: datetime) -> dict[str, Punctuality]:
    found: dict[str, Punctuality] = defaultdict(Punctuality)
    for row in kept_for(f"touches by {by}", scope, lambda: counts(TOUCHES, scope, by=by)):
        name = {IN_TIME: "in_time", LATE: "late"}.get(row.a, "overdue")
        found[row.value] += Punctuality(**{name: row.count})
    # Counted the other way round: of those without a touch, the few that are not due yet.
    not_due = untouched_visits(scope, at=at, overdue=False)
    for value, waiting in _by(by, not_due, f"not due {scope} {at}").items():
        found[value] += Punctuality(overdue=-waiting)
    return found


def _by(by: str | None, rows: Any, name: str) -> Counter[str]:
    """How many by rep, by team, or of everybody under "": read once for all three."""
    counted: Any = rows.order_by().values_list("rep", "team").annotate(times=Count("pk"))
    found: Counter[str] = Counter()
    for rep, team, times in once_an_answer(name, lambda: list(counted)):
        found[{"rep": rep, "team": _text(team)}.get(by or "", "")] += times
    return found


def _minutes(scope: Scope, by: str | None, column: str) -> dict[str, Histogram]:
    return kept_for(f"{column} by {by}", scope, lambda: _count_minutes(scope, by, column))


def _count_minutes(scope: Scope, by: str | None, column: str) -> dict[str, Histogram]:
    timed = _grouped(timed_visits(scope, column), by).values_list("of", column)
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for value, minutes, times in timed.annotate(times=Count("pk")):
        found[_text(value)][minutes] = times
    return dict(found)


def _reasons(scope: Scope, by: str | None) -> dict[str, Mapping[int, int]]:
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for row in counts(REASONS, scope, by=by):
        found[row.value][row.a] += row.count
    return dict(found)


def _deals(scope: Scope, by: str | None) -> dict[str, tuple[int, int]]:
    """Won and lost."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (rep, team), (won, lost) in kept_for(
        "deals by rep and team", scope, lambda: _count_deals(scope)
    ).items():
        value = {"rep": rep, "team": team}.get(by or "", "")
        before = found[value]
        found[value] = (before[0] + won, before[1] + lost)
    return dict(found)


def _count_deals(scope: Scope) -> dict[tuple[str, str], tuple[int, int]]:
    # Both states are named so that the index by state and time is of use.
    closed = closed_deals(scope, keys=("rep", "team")).filter(state__in=(Deal.State.WON, Deal.State.LOST))
    won, lost = (Count("pk", filter=Q(state=state)) for state in (Deal.State.WON, Deal.State.LOST))
    rows = closed.order_by().values_list("rep", "team").annotate(won=won, lost=lost)
    return {(rep, _text(team)): (won, lost) for rep, team, won, lost in rows}


def _grouped(rows: Any, by: str | None) -> Any:
    """With `of`: the column that a dimension is in, or the same for all."""
    return rows.order_by().annotate(of=F(DIMENSIONS[by].key) if by else Value("", CharField()))


def _text(value: Any) -> str:
    """As rollups write a value."""
    return "" if value is None else str(value)


def _begun(scope: Scope) -> tuple[Q, Q]:
    return (
        Q(entered_day__gte=scope.period.start, entered_day__lt=scope.period.end),
        scope.condition(),
    )


def _asked_of(scope: Scope) -> Any:
    """None where all that is known counts, which spares the database a comparison a row."""
    return None if scope.as_of >= today() else scope.as_of
