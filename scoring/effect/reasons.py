"""Why a lead would enter or leave: the rules that give it other points, and the bars that moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.conditions.wording import either
from scoring.effect.comparison import Comparison
from scoring.effect.tally import Mover
from scoring.engine.compiler import Contribution
from scoring.engine.result import meets_threshold
from scoring.rulebook.form import Form
from scoring.rulebook.wording import minus


@dataclass(frozen=True)
class Reason:
    """What made the difference, and how many points of it; None where it is not about points."""

    what: str
    points: int | None = None


@dataclass(frozen=True)
class Verdict:
    """A rulebook's side of a lead: what it gives, and what it asks. `form` None: no rulebook is in force."""

    form: Form | None
    fit: int
    engagement: int
    met: Sequence[Contribution]

    @property
    def disqualified_by(self) -> list[str]:
        return [one.rule.name for one in self.met if one.rule.disqualifies]

    @property
    def fast_tracked_by(self) -> list[str]:
        low = self.form.mql.fast_track_min_fit if self.form else None
        return [one.rule.name for one in self.met if one.rule.fast_track and (low is None or self.fit >= low)]

    def meets(self, other: Form | None) -> bool:
        """Whether its points would do for a rulebook."""
        return other is not None and meets_threshold(other, self.fit, self.engagement)


def reasons_of(movers: Sequence[Mover], comparison: Comparison) -> dict[int, list[Reason]]:
    """Why each of these would enter or leave, by lead id. Few queries for all of them."""
    ids = [mover.lead_id for mover in movers]
    sides = [(side, side.now.evidence(ids) if side and ids else {}) for side in comparison.sides]
    found = {}
    for mover in movers:
        points = ((mover.fit_before, mover.engagement_before), (mover.fit_after, mover.engagement_after))
        before, after = (
            Verdict(side.form if side else None, *of_lead, met.get(mover.lead_id, ()))
            for (side, met), of_lead in zip(sides, points, strict=True)
        )
        found[mover.lead_id] = reasons(mover, before=before, after=after)
    return found


def reasons(mover: Mover, *, before: Verdict, after: Verdict) -> list[Reason]:
    """What lets the lead enter or leave, the biggest first; then what else changed in its points."""
    is_entering = after.meets(after.form) or bool(after.fast_tracked_by)
    is_entering = is_entering and not after.disqualified_by
    flags = list(_flags(before, after) if is_entering else _flags_lost(before, after))
    bars = list(_bars(before, after, is_entering))
    changes = list(_changes(mover, before, after))
    sign = 1 if is_entering else -1
    helping = sorted((one for one in changes if (one.points or 0) * sign > 0), key=_size)
    against = sorted((one for one in changes if (one.points or 0) * sign < 0), key=_size)
    return [*flags, *helping, *bars, *_minimums(before, after, is_entering), *against]


def _size(reason: Reason) -> int:
    return -abs(reason.points or 0)


def _changes(mover: Mover, before: Verdict, after: Verdict) -> Iterator[Reason]:
    """Rule by rule, and what floors and caps make of the sum. They add up to the change of the total."""
    old = {one.rule.key: one for one in before.met}
    new = {one.rule.key: one for one in after.met}
    left = mover.total_after - mover.total_before
    for key in dict.fromkeys([*new, *old]):
        points = (new[key].points if key in new else 0) - (old[key].points if key in old else 0)
        left -= points
        if points:
            yield Reason((new.get(key) or old[key]).rule.name, points)
    if left:
        yield Reason("Floors and caps", left)


def _flags(before: Verdict, after: Verdict) -> Iterator[Reason]:
    if before.disqualified_by:
        yield Reason(f"No longer disqualified by {either(before.disqualified_by)}")
    if after.fast_tracked_by and not after.meets(after.form):
        yield Reason(f"Fast track by {either(after.fast_tracked_by)}")


def _flags_lost(before: Verdict, after: Verdict) -> Iterator[Reason]:
    if after.disqualified_by:
        yield Reason(f"Disqualified by {either(after.disqualified_by)}")
    if before.fast_tracked_by and not before.meets(before.form) and not after.fast_tracked_by:
        yield Reason(f"No fast track by {either(before.fast_tracked_by)} any more")


def _bars(before: Verdict, after: Verdict, is_entering: bool) -> Iterator[Reason]:
    """The bars that moved and matter to this lead: its points, old or new, reach only one of the two."""
    if before.form is None or after.form is None:
        return
    old, new = before.form.mql, after.form.mql
    sides = (before, after)
    for name, was, will, values in [
        ("Threshold", old.threshold, new.threshold, [side.fit + side.engagement for side in sides]),
        ("Least fit", old.min_fit, new.min_fit, [side.fit for side in sides]),
        ("Least engagement", old.min_engagement, new.min_engagement, [side.engagement for side in sides]),
    ]:
        lower, higher = (will, was) if is_entering else (was, will)
        if any(_reaches(value, lower) and not _reaches(value, higher) for value in values):
            yield Reason(f"{name} {_bar(was)} → {_bar(will)}")


def _minimums(before: Verdict, after: Verdict, is_entering: bool) -> Iterator[Reason]:
    """Where the total would do on both sides: the minimum that is now reached, or no longer."""
    outside, inside = (before, after) if is_entering else (after, before)
    if outside.form is None or not inside.meets(inside.form):
        return
    mql = outside.form.mql
    if outside.fit + outside.engagement < mql.threshold:
        return
    for name, bar, old, new in [
        ("Fit", mql.min_fit, before.fit, after.fit),
        ("Engagement", mql.min_engagement, before.engagement, after.engagement),
    ]:
        if bar is not None and min(old, new) < bar <= max(old, new):
            yield Reason(f"{name} {minus(old)} → {minus(new)}, needs {minus(bar)}")


def _reaches(value: int, bar: int | None) -> bool:
    return bar is None or value >= bar


def _bar(bar: int | None) -> str:
    return "none" if bar is None else minus(bar)
