"""Where leads go, as a Sankey diagram in SVG: stages as columns, ribbons as wide as what goes from one to another.

Plotly's Sankey has no place for what comes back and the bundle in use has no Sankey at all; this one leads it round
below. Pure geometry, in the units of the drawing; the page draws it (templates/reports/_sankey.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leads.models import Stage

WIDTH, NODE, TOP = 960, 14, 28
# Of all ribbons that leave or enter the widest stage together.
LARGEST = 150
GAP, TURN = 12, 26
# Where stages stand: the part of the width, and the lane: the path on top, the detours below.
PLACES: Mapping[Stage, tuple[float, int]] = {
    Stage.LEAD: (0.07, 0),
    Stage.MQL: (0.27, 0),
    Stage.SQL: (0.47, 0),
    Stage.OPPORTUNITY: (0.66, 0),
    Stage.CUSTOMER: (0.9, 0),
    Stage.RECYCLED: (0.78, 1),
    Stage.DISQUALIFIED: (0.9, 1),
}


@dataclass(frozen=True)
class Flow:
    source: Stage
    target: Stage
    count: int


@dataclass(frozen=True)
class Node:
    """A stage as an upright bar; its name stands above it."""

    stage: Stage
    x: float
    y: float
    height: float
    label: str

    @property
    def middle(self) -> float:
        return self.x + NODE / 2

    @property
    def above(self) -> float:
        """Where its name stands."""
        return self.y - 9


@dataclass(frozen=True)
class Ribbon:
    """A line along `path`, as thick as the flow; `is_loop`: it goes back."""

    flow: Flow
    path: str
    thickness: float
    is_loop: bool


@dataclass(frozen=True)
class Sankey:
    nodes: Sequence[Node]
    ribbons: Sequence[Ribbon]
    height: float
    width: int = WIDTH
    node_width: int = NODE


def sankey(flows: Sequence[Flow]) -> Sankey:
    """Flows of nothing are left out; where there is none, so is everything."""
    flows = sorted((flow for flow in flows if flow.count), key=_order)
    if not flows:
        return Sankey((), (), 0)
    scale = LARGEST / max(max(_size(stage, flows)) for stage in PLACES)
    heights = {
        stage: max(max(_size(stage, flows)) * scale, 4) for stage in PLACES if any(_size(stage, flows))
    }
    below = (
        TOP + max((height for stage, height in heights.items() if not PLACES[stage][1]), default=0) + 2 * TOP
    )
    nodes = [
        Node(stage, PLACES[stage][0] * WIDTH, TOP if not PLACES[stage][1] else below, height, stage.label)
        for stage, height in heights.items()
    ]
    at = {node.stage: node for node in nodes}
    floor = max(node.y + node.height for node in nodes) + TOP
    ribbons, floor = _ribbons(flows, at, scale, floor)
    return Sankey(nodes, ribbons, floor)


def _ribbons(
    flows: Sequence[Flow], at: Mapping[Stage, Node], scale: float, floor: float
) -> tuple[list[Ribbon], float]:
    """Each leaves and enters a stage below the one before it. Loops turn back under all, the widest first."""
    out = {stage: node.y for stage, node in at.items()}
    into = dict(out)
    found = []
    for flow in flows:
        thickness = flow.count * scale
        source, target = at[flow.source], at[flow.target]
        x1, y1 = source.x + NODE, out[flow.source] + thickness / 2
        x2, y2 = target.x, into[flow.target] + thickness / 2
        out[flow.source] += thickness
        into[flow.target] += thickness
        if is_loop(flow):
            lane = floor + thickness / 2
            floor += thickness + GAP
            path = _round(x1, y1, x2, y2, lane, thickness)
        else:
            path = f"M{x1:.1f} {y1:.1f}C{(x1 + x2) / 2:.1f} {y1:.1f} {(x1 + x2) / 2:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        found.append(Ribbon(flow, path, max(thickness, 1), is_loop(flow)))
    return found, floor


def is_loop(flow: Flow) -> bool:
    """Whether it goes back, or to a stage that stands no further right."""
    return PLACES[flow.target][0] <= PLACES[flow.source][0]


def _round(x1: float, y1: float, x2: float, y2: float, lane: float, thickness: float) -> str:
    """Out to the right, down, back to the left along the lane, up, and in from the left."""
    turn = TURN + thickness / 2
    right, left = x1 + turn, x2 - turn
    return (
        f"M{x1:.1f} {y1:.1f}C{right + turn:.1f} {y1:.1f} {right + turn:.1f} {lane:.1f} {x1:.1f} {lane:.1f}"
        f"L{x2:.1f} {lane:.1f}C{left - turn:.1f} {lane:.1f} {left - turn:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    )


def _size(stage: Stage, flows: Sequence[Flow]) -> tuple[int, int]:
    """What comes in, and what goes out."""
    return (
        sum(flow.count for flow in flows if flow.target is stage),
        sum(flow.count for flow in flows if flow.source is stage),
    )


def _order(flow: Flow) -> tuple[bool, int, int, int]:
    """Forward ones from the top: to the path before the detours; then loops, the widest first."""
    return is_loop(flow), PLACES[flow.target][1], -flow.count if is_loop(flow) else 0, flow.target.position
