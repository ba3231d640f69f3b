from __future__ import annotations

import pytest

from leads.models import Stage
from reports.charts.sankey import LARGEST, Flow, sankey

TO_MQL = Flow(Stage.LEAD, Stage.MQL, 90)
TO_SQL = Flow(Stage.MQL, Stage.SQL, 60)
AWAY = Flow(Stage.MQL, Stage.RECYCLED, 40)
AGAIN = Flow(Stage.RECYCLED, Stage.MQL, 30)


def test_ribbons_are_as_wide_as_their_flows_and_stages_as_high_as_what_passes():
    # Most passes through MQL: 90 + 30 in, 100 out: 120 leads are LARGEST high.
    drawn = sankey([TO_MQL, TO_SQL, AWAY, AGAIN])
    unit = LARGEST / 120

    assert {ribbon.flow: ribbon.thickness for ribbon in drawn.ribbons} == {
        TO_MQL: pytest.approx(90 * unit),
        TO_SQL: pytest.approx(60 * unit),
        AWAY: pytest.approx(40 * unit),
        AGAIN: pytest.approx(30 * unit),
    }
    assert {node.stage: node.height for node in drawn.nodes} == {
        Stage.LEAD: pytest.approx(90 * unit),
        Stage.MQL: pytest.approx(LARGEST),
        Stage.SQL: pytest.approx(60 * unit),
        Stage.RECYCLED: pytest.approx(40 * unit),
    }


def test_what_goes_back_is_led_round_below_everything():
    drawn = sankey([TO_MQL, AWAY, AGAIN])
    loop = next(ribbon for ribbon in drawn.ribbons if ribbon.is_loop)

    assert loop.flow == AGAIN
    # Its lane is the height that the path comes back to on its way to the left.
    lane = float(loop.path.split("L")[1].split("C")[0].split()[1])
    assert lane - loop.thickness / 2 > max(node.y + node.height for node in drawn.nodes)
    assert lane + loop.thickness / 2 < drawn.height


def test_a_small_flow_can_still_be_seen_and_one_of_nothing_is_not_drawn():
    drawn = sankey(
        [
            Flow(Stage.LEAD, Stage.MQL, 1_000_000),
            Flow(Stage.MQL, Stage.LEAD, 1),
            Flow(Stage.SQL, Stage.MQL, 0),
        ]
    )

    assert [ribbon.thickness for ribbon in drawn.ribbons] == [LARGEST * 1_000_000 / 1_000_000, 1]
    assert {node.stage for node in drawn.nodes} == {Stage.LEAD, Stage.MQL}


def test_nothing_that_moves_is_no_drawing():
    assert sankey([]).nodes == ()
