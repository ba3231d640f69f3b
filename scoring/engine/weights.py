"""The arithmetic that compiler and explainer share: decay, rounding, caps (docs/scoring.md).

Everything is whole numbers: weights are thousandths, ages are days. A weight is constant over a
*step* of ages, which is what lets a score stay valid for many days.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from scoring.rulebook.form import Decay, DecayKind

FULL_WEIGHT = 1000


def weight(decay: Decay, age: int) -> int:
    """Weight of one match in thousandths, at an age of whole days (never negative)."""
    if decay.kind == DecayKind.NONE:
        return FULL_WEIGHT
    step = age // decay.days
    steps = step_weights(decay)
    return steps[step] if step < len(steps) else 0


@lru_cache(maxsize=1024)
def step_weights(decay: Decay) -> tuple[int, ...]:
    """The weights of steps 0, 1, 2 ...; every later step weighs nothing. At most 100 steps."""
    if decay.kind == DecayKind.LINEAR:
        return tuple(range(FULL_WEIGHT, 0, -10 * decay.percent))
    weights: list[int] = []
    kept, whole = 1, 1  # (1 - p/100)^k as a fraction of integers: no float ever rounds a score
    while (rounded := (2 * FULL_WEIGHT * kept + whole) // (2 * whole)) > 0:
        weights.append(rounded)
        kept, whole = kept * (100 - decay.percent), whole * 100
    return tuple(weights)


def weightless_age(decay: Decay) -> int | None:
    """The first age from which a match weighs nothing, or None where decay never ends."""
    return None if decay.kind == DecayKind.NONE else len(step_weights(decay)) * decay.days


def points_from_weights(points: int, weights: Iterable[int] | int, max_points: int | None) -> int:
    """sign(points) * min(max_points, (|points| * sum_of_weights + 500) // 1000)."""
    total = weights if isinstance(weights, int) else sum(weights)
    return cap((abs(points) * total + FULL_WEIGHT // 2) // FULL_WEIGHT, points, max_points)


def cap(size: int, sign: int, max_points: int | None) -> int:
    """A contribution of this size, no larger than its cap, with the sign of `sign`."""
    capped = size if max_points is None else min(size, max_points)
    return capped if sign > 0 else -capped


def clamp(value: int, low: int | None, high: int | None) -> int:
    """The value, no lower than `low` and no higher than `high`; None is no bound."""
    if high is not None:
        value = min(value, high)
    return value if low is None else max(value, low)
