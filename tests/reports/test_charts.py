"""Plotly understands our figures: its Python library refuses a property or value that it does not know."""

from __future__ import annotations

from datetime import date
from typing import Any

import plotly.graph_objects as go
import pytest

from leads.models import Stage
from reports.charts.funnel import funnel_figure
from reports.charts.score_history import score_figure
from reports.charts.velocity import survival_figure
from reports.metrics.funnel import Funnel, FunnelStep, Mode
from reports.metrics.quantiles import Spread
from reports.metrics.score_history import Level, ScoreHistory
from reports.metrics.stage_time import StageTime
from reports.metrics.survival import kaplan_meier

STEPS = (
    FunnelStep(Stage.LEAD, 10, None, 10),
    FunnelStep(Stage.MQL, 4, 10, 10),
    FunnelStep(Stage.SQL, 0, 4, 10),
)
TODAY = date(2026, 3, 2)
HISTORY = ScoreHistory(
    changes=(),
    totals=(Level(TODAY, 12),),
    thresholds=(Level(TODAY, 60),),
    today=TODAY,
    is_cut=False,
)
FIGURES = {
    "cohort funnel": funnel_figure(Funnel(STEPS), mode=Mode.COHORT),
    "period funnel": funnel_figure(Funnel(STEPS), mode=Mode.PERIOD),
    "score history": score_figure(HISTORY),
}


@pytest.mark.parametrize("name", FIGURES)
def test_plotly_understands_the_figure(name: str) -> None:
    figure: dict[str, Any] = FIGURES[name]

    drawn = go.Figure(figure).to_dict()

    assert [trace["type"] for trace in drawn["data"]] == [trace["type"] for trace in figure["data"]]


def test_plotly_refuses_what_it_does_not_understand() -> None:
    with pytest.raises(ValueError, match="constrainttext"):
        go.Figure({"data": [{"type": "funnel", "constrainttext": "none"}]})


def test_curves_fall_where_stays_end_and_no_lower_than_is_known() -> None:
    # 1000 stays of an hour each end; of two more one ends after 48 hours, and one runs for 72.
    survival = kaplan_meier(ended={1: 1000, 48: 1}, running={72: 1})
    nothing = Spread.of({})
    times = [
        StageTime(Stage.MQL, nothing, nothing, survival),
        StageTime(Stage.SQL, nothing, nothing, kaplan_meier(ended={}, running={})),
    ]

    (curve,) = survival_figure(times)["data"]

    # To the end of the first day on which nine of ten are over: 1 hour is 0.04 days; 2 of 1002 are left.
    assert (curve["name"], curve["x"], curve["y"]) == ("MQL", [0.0, 0.04], [1.0, 0.002])
