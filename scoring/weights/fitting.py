"""From decisions to points: what each rule tells about acceptance, all others held equal, and how much that is worth.

Runs in the child process. Deterministic: no random numbers, one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from scoring.weights.totals import Floats, Shape

# Rules with fewer handoffs than this with or without them keep their points: nothing could be learnt.
FEWEST = 20
# Strength of the L2 penalty (scikit-learn's C), for features scaled to a spread of 1.
PENALTY = 1.0
# The older part, from which is learnt; the newer one tests it.
TRAIN_SHARE = 0.7
VOLUMES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Fit:
    """`effects`: log-odds for one unit of each rule; 0 where `held` or not `varies`."""

    effects: Floats
    varies: npt.NDArray[np.bool_]
    held: npt.NDArray[np.bool_]


def fit(units: Floats, accepted: Floats, rules: list[dict[str, Any]]) -> Fit:
    """Fit, and fit again without those whose sign is locked and whose effect came out the other way."""
    present = (units != 0).sum(axis=0)
    varies = (present >= FEWEST) & (len(units) - present >= FEWEST)
    spread = np.where(varies, units.std(axis=0), 1.0)
    varies &= spread > 0
    held = np.zeros(len(rules), dtype=bool)
    while True:
        used = np.flatnonzero(varies & ~held)
        effects = np.zeros(len(rules))
        if len(used):
            model = LogisticRegression(C=PENALTY, solver="lbfgs", max_iter=5_000, tol=1e-8)
            model.fit(units[:, used] / spread[used], accepted)
            effects[used] = model.coef_[0] / spread[used]
        wrong = [
            place
            for place in used
            if not rules[place]["may_turn"]
            and not rules[place]["keep"]
            and effects[place] * rules[place]["points"] < 0
        ]
        if not wrong:
            return Fit(effects, varies, held)
        held[wrong] = True


def points_of(found: Fit, rules: list[dict[str, Any]], units: Floats) -> tuple[Floats, float]:
    """Whole-number points and the scale: points for one unit of log-odds.

    Effects say how rules compare, not how many points there are in all. The scale is the one with which the learnt
    rules come closest, by least squares over these handoffs, to what the same rules give now; caps aside. So totals
    stay about as large as they are.
    """
    learnt = np.array([bool(found.varies[place]) and not rule["keep"] for place, rule in enumerate(rules)])
    present = np.array([float(rule["points"]) for rule in rules])
    odds, now = units @ (found.effects * learnt), units @ (present * learnt)
    if not odds.any():
        return present, 0.0
    scale = float(odds @ now / (odds @ odds))
    return np.array([_one(rule, place, found, scale) for place, rule in enumerate(rules)]), scale


def _one(rule: dict[str, Any], place: int, found: Fit, scale: float) -> float:
    present = rule["points"]
    if rule["keep"] or not found.varies[place]:
        return float(present)
    effect = found.effects[place]
    sign = np.sign(effect) if rule["may_turn"] and effect else np.sign(present)
    size = np.floor(abs(effect) * scale + 0.5)
    return float(sign * np.clip(size, rule["low"], rule["high"]))


def compared(totals: dict[str, Floats], accepted: Floats) -> list[dict[str, Any]]:
    """Precision and recall at the same numbers of offers, the highest totals first, for each kind of totals."""
    found = []
    for share in VOLUMES:
        offers = max(1, round(share * len(accepted)))
        row: dict[str, Any] = {"share": share, "offers": offers}
        for name, values in totals.items():
            taken = _accepted_among(values, accepted, offers)
            row[name] = {"accepted": taken, "precision": taken / offers, "recall": taken / accepted.sum()}
        found.append(row)
    return found


def _accepted_among(totals: Floats, accepted: Floats, offers: int) -> float:
    """Accepted ones among so many highest totals. Of equal totals at the end a share is taken: no order is better."""
    line = np.sort(totals)[::-1][offers - 1]
    above, level = totals > line, totals == line
    rest = (offers - above.sum()) / level.sum()
    return float(accepted[above].sum() + rest * accepted[level].sum())


def suggest(asked: dict[str, Any], units: Floats, accepted: Floats) -> dict[str, Any]:
    """What the parent process is told. The rows are in the order of their decisions."""
    rules, shape = asked["rules"], Shape.of(asked)
    train = int(len(units) * TRAIN_SHARE)
    if min(accepted[:train].sum(), train - accepted[:train].sum(), accepted[train:].sum()) < 1:
        return {
            "refusal": "The older part of the decisions has accepted handoffs only, or rejected ones only, or the "
            "newer part has none accepted: nothing can be learnt and tested. Choose a longer period."
        }
    found = fit(units[:train], accepted[:train], rules)
    points, scale = points_of(found, rules, units[:train])
    present = np.array([float(rule["points"]) for rule in rules])
    newer = units[train:]
    now, then = shape.totals(newer, present), shape.totals(newer, points)
    return {
        "train": train,
        "test": len(newer),
        "test_accepted": int(accepted[train:].sum()),
        "scale": scale,
        "rules": [
            {
                "key": rule["key"],
                "points": rule["points"],
                "to": int(points[place]),
                "effect": float(found.effects[place]),
                "given": int((units[:train, place] != 0).sum()),
                "fate": _fate(rule, place, found),
            }
            for place, rule in enumerate(rules)
        ],
        "average": {"now": float(now.mean()), "then": float(then.mean())},
        "volumes": compared({"now": now, "then": then}, accepted[train:]),
    }


def _fate(rule: dict[str, Any], place: int, found: Fit) -> str:
    if rule["keep"]:
        return "kept"
    if not found.varies[place]:
        return "few"
    return "held" if found.held[place] else "fitted"
