from __future__ import annotations

import numpy as np
import pytest

from scoring.weights.fitting import VOLUMES, compared, fit, points_of, suggest
from scoring.weights.totals import Bounds, Shape


def rule(key: str, points: int, **more) -> dict:
    return {
        "key": key,
        "points": points,
        "cap": None,
        "keep": False,
        "may_turn": False,
        "low": 1,
        "high": 40,
        "group": 0,
    } | more


def asked(*rules: dict, bounds=(None, None)) -> dict:
    groups = [{"dimension": "engagement", "bounds": list(bounds)}]
    dimensions = {"fit": [None, None], "engagement": [None, None]}
    return {"rules": list(rules), "groups": groups, "dimensions": dimensions}


def decisions(*kinds: tuple[tuple[float, ...], int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Units of the rules, how many such handoffs there are, and how many of them are accepted; evenly mixed."""
    rows = [
        (number / count, units, number < accepted)
        for units, count, accepted in kinds
        for number in range(count)
    ]
    # Accepted ones of a kind come at even distances, so that old and new parts are alike.
    order = sorted(range(len(rows)), key=lambda at: (rows[at][0] * 7919 % 1, at))
    return np.array([rows[at][1] for at in order], float), np.array([rows[at][2] for at in order], float)


# The first rule is ignored by sales, the second one decides.
IGNORED = decisions(((1, 0), 200, 40), ((0, 1), 200, 160), ((1, 1), 200, 150), ((0, 0), 100, 25))


def test_totals_clamp_rules_then_groups_then_dimensions():
    shape = Shape(
        caps=np.array([30.0, np.inf, np.inf]),
        group_of=[0, 0, 1],
        groups=[("engagement", Bounds.of([None, 50])), ("fit", Bounds.of([-20, None]))],
        dimensions={"fit": Bounds.of([-10, 60]), "engagement": Bounds.of([0, 100])},
    )

    totals = shape.totals(np.array([[2.0, 1, 0], [2, 3, 1], [0, 0, 3]]), np.array([20.0, 10, -15]))

    # 30 capped + 10 = 40; 30 + 30 = 60 capped at 50, minus 15, which fit keeps at -10; fit alone: -45, -20, -10.
    assert totals.tolist() == [40, 40, -10]


def test_rule_that_sales_ignores_is_lowered_and_the_one_that_decides_raised():
    found = suggest(asked(rule("ignored", 20), rule("decides", 10)), *IGNORED)

    ignored, decides = found["rules"]
    assert ignored["to"] < 8 and decides["to"] > 15
    assert [one["fate"] for one in found["rules"]] == ["held", "fitted"] or ignored["fate"] == "fitted"
    assert (found["train"], found["test"]) == (489, 211)


def test_same_question_has_the_same_answer():
    question = asked(rule("ignored", 20), rule("decides", 10))

    assert suggest(question, *IGNORED) == suggest(question, *IGNORED)


def test_scale_keeps_what_one_rule_gives():
    """With a single rule least squares can do one thing only: give it the points that it has."""
    units, accepted = decisions(((1,), 100, 80), ((0,), 100, 20))
    rules = [rule("only", 13)]

    points, _ = points_of(fit(units, accepted, rules), rules, units)

    assert points.tolist() == [13]


def test_ratio_of_points_is_that_of_effects():
    """Log-odds of 80 in 100 against 50 in 100 are ln 4, of 94 in 100 about twice that."""
    units, accepted = decisions(((1, 0), 1000, 800), ((0, 1), 1000, 941), ((0, 0), 1000, 500))
    rules = [rule("one", 10), rule("two", 10)]

    points, _ = points_of(fit(units, accepted, rules), rules, units)

    assert points[1] / points[0] == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize(
    ("more", "to", "fate"),
    [
        ({"keep": True}, 20, "kept"),
        ({"low": 7, "high": 9}, 7, "held"),
        ({"may_turn": True}, -3, "fitted"),
    ],
)
def test_locks_and_limits_are_kept(more, to, fate):
    units, accepted = decisions(((1, 0), 300, 60), ((0, 1), 300, 240), ((1, 1), 300, 180), ((0, 0), 300, 150))

    found = suggest(asked(rule("against", 20, **more), rule("decides", 10)), units, accepted)

    line = found["rules"][0]
    assert line["fate"] == fate
    assert line["to"] < 0 if more.get("may_turn") else line["to"] == to


def test_penalties_keep_their_sign():
    units, accepted = decisions(((1, 0), 300, 60), ((0, 1), 300, 240), ((0, 0), 300, 150))

    found = suggest(asked(rule("penalty", -10), rule("decides", 10)), units, accepted)

    assert found["rules"][0]["to"] < 0 < found["rules"][1]["to"]


def test_rule_with_too_few_handoffs_keeps_its_points():
    units, accepted = decisions(((1, 0), 10, 0), ((0, 1), 300, 240), ((0, 0), 300, 60))

    found = suggest(asked(rule("rare", 17), rule("decides", 10)), units, accepted)

    assert (found["rules"][0]["to"], found["rules"][0]["fate"]) == (17, "few")


def test_nothing_learnt_changes_nothing():
    units, accepted = decisions(((1,), 5, 1), ((0,), 300, 60))

    assert suggest(asked(rule("rare", 17)), units, accepted)["rules"][0]["to"] == 17


def test_precision_and_recall_at_equal_volume_by_hand():
    """Eight handoffs, accepted ones marked: 9* 8* 7 6* | 5 4 3* 2. The best 2, 4 and 6."""
    accepted = np.array([1, 1, 0, 1, 0, 0, 1, 0], float)
    totals = np.array([9, 8, 7, 6, 5, 4, 3, 2], float)

    found = compared({"now": totals, "then": totals}, accepted)

    assert [row["share"] for row in found] == list(VOLUMES)
    assert [(row["offers"], row["now"]["precision"], row["now"]["recall"]) for row in found] == [
        (2, 1.0, 0.5),
        (4, 0.75, 0.75),
        (6, 0.5, 0.75),
    ]


def test_of_equal_totals_a_share_is_taken():
    found = compared({"now": np.array([5.0, 5, 5, 5])}, np.array([1.0, 0, 0, 0]))

    assert [row["now"]["accepted"] for row in found] == [0.25, 0.5, 0.75]


def test_only_one_kind_of_decision_is_refused():
    units, accepted = np.ones((100, 1)), np.ones(100)

    assert "nothing can be learnt" in suggest(asked(rule("only", 13)), units, accepted)["refusal"]
