"""Plotly understands our figures: its Python library refuses a property or value that it does not know."""

from __future__ import annotations

from datetime import date
from typing import Any

import plotly.graph_objects as go
import pytest

from leads.models import Stage
from reports.charts import funnel_figure, score_figure
from reports.metrics.funnel import Funnel, FunnelStep, Mode
from reports.metrics.score_history import Level, ScoreHistory

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
