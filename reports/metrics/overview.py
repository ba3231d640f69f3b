"""A period against the one before: how it stands, and what changed beyond chance. Definitions: docs/metrics.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Stage
from leads.models.fields import day_number
from leads.models.stage import SUCCESS_PATH
from reports.cells import counts, counts_by_each
from reports.deals import won_amounts
from reports.measures import ENTRIES, REACH, REASONS
from reports.metrics.changes import (
    CountChange,
    Direction,
    Driver,
    RateChange,
    count_change,
    drivers_of_count,
    drivers_of_rate,
    main_driver,
    rate_change,
)
from reports.metrics.conversion import young_visits
from reports.metrics.funnel import (
    Funnel,
    MqlRate,
    entrants_by_each,
    leads_created,
    mql_to_sql,
    outcomes_by_each,
    period_funnel,
)
from reports.metrics.maturity import maturity_of_mqls
from reports.metrics.quantiles import Histogram, percentile
from reports.metrics.sales import Punctuality, deciding, minutes_to_decide
from reports.metrics.velocity import standing_by_stage
from reports.money import Amounts
from reports.period import Period
from reports.scope import Scope
from reports.slices import Slice, slice_of, slices
from reports.store.kept import kept_for
from scoring.evidence.proportions import Share

# The stages of which entrants are shown; of leads it is those created.
SHOWN = (Stage.MQL, Stage.SQL, Stage.CUSTOMER)
# By what a change is explained, in this order where two explain it alike.
EXPLAINING_COUNTS = ("source", "campaign", "country")
EXPLAINING_RATES = (*EXPLAINING_COUNTS, "team")
# A reason is named where so many of the driver's rejections give it.
FEWEST_OF_REASON, LEAST_OF_REASONS = 3, 0.4


@dataclass(frozen=True)
class Standing:
    """One period. `created`: leads; `entrants`: leads that entered each stage; `revenue`: of deals won."""

    created: int
    entrants: Funnel
    rate: MqlRate
    deciding: Punctuality
    minutes: Histogram
    revenue: Amounts
    young: int = 0  # of the MQL visits

    @property
    def is_anything(self) -> bool:
        """Whether anything happened at all."""
        return bool(self.created or self.rate.visits or self.revenue.count) or not self.entrants.is_empty


@dataclass(frozen=True)
class TrendPoint:
    """A week or month: leads created, and by stage distinct leads that entered it."""

    slice: Slice
    created: int
    entrants: Mapping[Stage, int]


@dataclass(frozen=True)
class TopReason:
    """Of `rejections` of the driver in the period, `count` give the reason with this id."""

    reason: int
    count: int
    rejections: int


@dataclass(frozen=True)
class AcceptanceChange:
    change: RateChange
    driver: Driver | None
    reason: TopReason | None


@dataclass(frozen=True)
class NumberChange:
    """Of leads created (stage `lead`), or of leads that entered a stage."""

    stage: Stage
    change: CountChange
    driver: Driver | None


@dataclass(frozen=True)
class TimeChange:
    """Of the median business minutes to decide."""

    before: float
    now: float
    direction: Direction


@dataclass(frozen=True)
class Changes:
    """Each None, or empty, where chance alone may explain the difference."""

    acceptance: AcceptanceChange | None
    in_time: RateChange | None
    time: TimeChange | None
    numbers: tuple[NumberChange, ...]


def standing(scope: Scope, *, at: datetime) -> Standing:
    """What is overdue is so at the instant `at`, or at the end of an earlier as-of day."""
    return Standing(
        created=leads_created(scope),
        entrants=period_funnel(scope),
        rate=mql_to_sql(scope),
        deciding=deciding(scope, at=at),
        minutes=minutes_to_decide(scope),
        revenue=won_amounts(scope),
        young=young_visits(scope, by=None, maturity=maturity_of_mqls(scope.as_of))[""],
    )


def waiting(scope: Scope) -> int:
    """MQLs without a decision at the end of the as-of day, whenever they were offered."""
    return standing_by_stage(scope)[Stage.MQL]


def trend(scope: Scope) -> list[TrendPoint]:
    """By week or month of the period, as far as it had come by the as-of day."""
    return kept_for("trend", scope, lambda: _trend(scope))


def _trend(scope: Scope) -> list[TrendPoint]:
    parts = slices(scope.period, as_of=scope.as_of)
    created: Counter[Slice] = Counter()
    entrants: dict[Slice, Counter[Stage]] = {part: Counter() for part in parts}
    for row in counts(REACH, scope, by_day=True, positions=(Stage.LEAD.position,)):
        if part := slice_of(parts, row.day):
            created[part] += row.count
    for row in counts(ENTRIES, scope, by_day=True, positions=[stage.position for stage in SHOWN]):
        # Whoever entered the stage before, and in the same part, is counted by that visit.
        if (part := slice_of(parts, row.day)) and row.a < day_number(part.period.start):
            entrants[part][SUCCESS_PATH[row.position]] += row.count
    return [TrendPoint(part, created[part], entrants[part]) for part in parts]


def changes(scope: Scope, before: Period, *, now: Standing, earlier: Standing) -> Changes:
    """From the period `before` to the scope's, of which the standings are."""
    past = scope.during(before)
    return Changes(
        acceptance=_acceptance(scope, past, now.rate, earlier.rate),
        in_time=rate_change(_in_time(earlier.deciding), _in_time(now.deciding)),
        time=_time(earlier.minutes, now.minutes),
        numbers=tuple(_numbers(scope, past, now, earlier)),
    )


def _acceptance(scope: Scope, past: Scope, now: MqlRate, earlier: MqlRate) -> AcceptanceChange | None:
    """Of decided MQLs: of all of them the later period would always seem the worse, as more of it still waits."""
    change = rate_change(_accepted(earlier), _accepted(now))
    if change is None:
        return None
    before_by, now_by = _accepted_by(past), _accepted_by(scope)
    drivers = [driver for key in now_by for driver in drivers_of_rate(key, before_by[key], now_by[key])]
    driver = main_driver(drivers)
    named = driver is not None and change.direction is Direction.FELL
    return AcceptanceChange(change, driver, _reason(scope, driver) if driver and named else None)


def _accepted(rate: MqlRate) -> Share:
    return Share(rate.accepted, rate.decided)


def _accepted_by(scope: Scope) -> dict[str, dict[str, Share]]:
    """Of each dimension by which a rate is explained."""
    keys = _not_chosen(EXPLAINING_RATES, scope)
    found = kept_for("outcomes by what explains", scope, lambda: outcomes_by_each(scope, keys=keys))
    shares = {key: {value: _accepted(rate) for value, rate in rates.items()} for key, rates in found.items()}
    return {
        key: {value: share for value, share in by_value.items() if share.of}
        for key, by_value in shares.items()
    }


def _not_chosen(keys: Sequence[str], scope: Scope) -> list[str]:
    """What is filtered by has one value, which explains nothing."""
    return [key for key in keys if key not in scope.chosen]


def _reason(scope: Scope, driver: Driver) -> TopReason | None:
    """Why sales rejects what the driver brings, where one reason stands out."""
    given: Counter[int] = Counter()
    for row in counts(REASONS, scope.only(driver.dimension, driver.value)):
        given[row.a] += row.count
    rejections = sum(given.values())
    reason, count = min(given.items(), key=lambda item: (-item[1], item[0]), default=(-1, 0))
    stands_out = reason >= 0 and count >= max(FEWEST_OF_REASON, LEAST_OF_REASONS * rejections)
    return TopReason(reason, count, rejections) if stands_out else None


def _in_time(found: Punctuality) -> Share:
    return Share(found.in_time, found.of)


def _time(before: Histogram, now: Histogram) -> TimeChange | None:
    """By Mood's test: of each period the part that took longer than the median of both together."""
    median_before, median_now = percentile(before, 50), percentile(now, 50)
    of_both = percentile(Counter(before) + Counter(now), 50)
    if median_before is None or median_now is None or of_both is None or median_before == median_now:
        return None
    change = rate_change(_above(before, of_both), _above(now, of_both))
    if change is None:
        return None
    return TimeChange(median_before, median_now, Direction.of(median_now - median_before))


def _above(minutes: Histogram, level: float) -> Share:
    above = sum(times for value, times in minutes.items() if value > level)
    return Share(above, sum(minutes.values()))


def _numbers(scope: Scope, past: Scope, now: Standing, earlier: Standing) -> list[NumberChange]:
    days_now = min(scope.period.days, (scope.as_of - scope.period.start).days + 1)
    if days_now < 1:
        return []
    counted = [(Stage.LEAD, earlier.created, now.created)] + [
        (stage, earlier.entrants[stage].leads, now.entrants[stage].leads) for stage in SHOWN
    ]
    found = []
    for stage, before, count in counted:
        days_before = past.period.days
        change = count_change(before, count, days_before=days_before, days_now=days_now)
        if change is not None:
            before_by, now_by = _leads_by(past), _leads_by(scope)
            drivers = [
                driver
                for key in now_by
                for driver in drivers_of_count(
                    key,
                    before_by[key][stage],
                    now_by[key][stage],
                    days_before=days_before,
                    days_now=days_now,
                )
            ]
            found.append(NumberChange(stage, change, main_driver(drivers)))
    return found


def _leads_by(scope: Scope) -> dict[str, dict[Stage, Counter[str]]]:
    """Leads created, and leads that entered a stage, by the values of each dimension that explains a number."""
    return kept_for("leads by what explains", scope, lambda: _read_leads_by(scope))


def _read_leads_by(scope: Scope) -> dict[str, dict[Stage, Counter[str]]]:
    keys = _not_chosen(EXPLAINING_COUNTS, scope)
    created = counts_by_each(REACH, scope, keys, positions=(Stage.LEAD.position,))
    entrants = entrants_by_each(scope, keys=keys)
    found = {}
    for key in keys:
        by_stage: dict[Stage, Counter[str]] = {stage: Counter() for stage in (Stage.LEAD, *SHOWN)}
        for row in created[key]:
            by_stage[Stage.LEAD][row.value] += row.count
        for value, funnel in entrants[key].items():
            for stage in SHOWN:
                by_stage[stage][value] = funnel[stage].leads
        found[key] = by_stage
    return found
