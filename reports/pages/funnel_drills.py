"""Which rows are behind the numbers of the Funnel report."""

from __future__ import annotations

from collections.abc import Mapping

from leads.models import Stage
from reports.document import Drill
from reports.metrics.funnel import Mode


def at_stage(stage: Stage, mode: Mode, where: Mapping[str, str]) -> Drill:
    if mode is Mode.PERIOD:
        return Drill("visits", {"stage": stage.value, "entry": "first", **where})
    return Drill("leads", {"reached": stage.value, **where})


def mql_visits(where: Mapping[str, str], **more: str) -> Drill:
    return Drill("visits", {"stage": Stage.MQL.value, **more, **where})


def ripe_visits(where: Mapping[str, str], within: int, *, accepted: bool) -> Drill:
    more = {"accepted_within": str(within)} if accepted else {}
    return mql_visits(where, ripe=str(within), **more)
