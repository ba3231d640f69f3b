from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leads.routing.turns import LEAD, next_turn, shares


def given_out(weights: dict[int, int], leads: int) -> dict[int, int]:
    owed, counts = dict.fromkeys(weights, 0), dict.fromkeys(weights, 0)
    total = sum(weights.values())
    for number in range(1, leads + 1):
        for user, share in shares(weights).items():
            owed[user] += share
        chosen = next_turn(owed, weights)
        owed[chosen] -= LEAD
        counts[chosen] += 1
        for user, weight in weights.items():
            assert abs(counts[user] - number * weight / total) <= 1 + 1e-6, (number, user)
    return counts


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.integers(1, 400))
def test_nobody_is_ever_more_than_a_lead_from_their_share(weights: list[int], leads: int) -> None:
    given_out(dict(enumerate(weights, 1)), leads)


def test_one_with_many_small_shares_beside_it() -> None:
    # Half of all to one, the rest to a hundred: giving to whoever is owed most would err by more than a lead.
    given_out({1: 1000, **dict.fromkeys(range(2, 102), 10)}, 2_000)


def test_weights_are_kept_exactly() -> None:
    assert given_out({1: 100, 2: 100, 3: 50}, 250) == {1: 100, 2: 100, 3: 50}


def test_who_was_owed_nothing_is_not_next_while_another_is() -> None:
    assert next_turn({1: -LEAD, 2: 1}, {1: 1000, 2: 1}) == 2


def test_somebody_is_next_where_all_have_had_theirs() -> None:
    assert next_turn({1: -3 * LEAD, 2: -2 * LEAD}, {1: 100, 2: 100}) == 2
