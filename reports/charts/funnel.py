"""The figures of the Funnel report."""

from __future__ import annotations

from reports.charts import percent, stage_colour
from reports.document import Figure
from reports.metrics.funnel import Funnel, FunnelStep, Mode, MqlRate, Outcome, WindowedRate

# By which stage's colour an outcome is known: most of those that sales rejects are recycled.
OUTCOME_STAGES = {
    Outcome.ACCEPTED: "sql",
    Outcome.REJECTED: "recycled",
    Outcome.WITHDRAWN: "lead",
    Outcome.WAITING: "mql",
}


def funnel_figure(funnel: Funnel, *, mode: Mode) -> Figure:
    """One bar for each step, in the colour of its stage, as wide as its number."""
    return _funnel(
        labels=[step.stage.label for step in funnel.steps],
        numbers=[step.leads for step in funnel.steps],
        texts=[_bar_text(step) for step in funnel.steps],
        hovers=[_hover_text(step, mode) for step in funnel.steps],
        colours=[stage_colour(step.stage.value) for step in funnel.steps],
        height=352,
    )


def windowed_figure(rate: WindowedRate, *, within: int) -> Figure:
    """MQL visits that had the time, and those of them that were accepted in it."""
    label = f"Accepted in {within} days"
    return _funnel(
        labels=["MQL visits", label],
        numbers=[rate.visits, rate.accepted],
        texts=[f"{rate.visits:,}", f"{rate.accepted:,} · {percent(rate.share)}"],
        hovers=[f"MQL visits: {rate.visits:,}", f"{label}: {rate.accepted:,}"],
        colours=[stage_colour("mql"), stage_colour("sql")],
        height=200,
    )


def outcome_figure(rate: MqlRate) -> Figure:
    """One bar, divided by what became of the MQL visits."""
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "name": outcome.value.title(),
                "y": [""],
                "x": [getattr(rate, outcome.value)],
                "marker": {"color": stage_colour(stage)},
                "hovertemplate": f"{outcome.value.title()}: %{{x:,}}<extra></extra>",
            }
            for outcome, stage in OUTCOME_STAGES.items()
        ],
        "layout": {
            "barmode": "stack",
            "showlegend": False,
            "height": 72,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
        },
    }


def _funnel(
    *,
    labels: list[str],
    numbers: list[int],
    texts: list[str],
    hovers: list[str],
    colours: list[str],
    height: int,
) -> Figure:
    return {
        "data": [
            {
                "type": "funnel",
                "y": labels,
                "x": numbers,
                "text": texts,
                "textinfo": "text",
                # Beside the bar where it is too narrow for its own text.
                "textposition": "auto",
                "constraintext": "none",
                "cliponaxis": False,
                "hovertext": hovers,
                "hoverinfo": "text",
                "marker": {"color": colours},
                "connector": {"fillcolor": "var(--lf-chart-grid)", "line": {"width": 0}},
            }
        ],
        "layout": {
            "showlegend": False,
            "funnelgap": 0.28,
            "xaxis": {"showgrid": False, "zeroline": False, "showticklabels": False},
            "yaxis": {"showgrid": False, "showline": False},
            "margin": {"l": 92, "r": 40, "t": 8, "b": 8},
            "height": height,
        },
    }


def _bar_text(step: FunnelStep) -> str:
    return f"{step.leads:,}" if step.of_previous is None else f"{step.leads:,} · {percent(step.overall)}"


def _hover_text(step: FunnelStep, mode: Mode) -> str:
    lines = [f"{step.stage.label}: {step.leads:,} leads"]
    if step.of_previous is not None:
        word = "converted from" if mode is Mode.COHORT else "against"
        lines.append(f"{percent(step.conversion)} {word} the step before ({step.of_previous:,})")
        lines.append(f"{percent(step.overall)} of {step.of_first:,}")
    return "<br>".join(lines)
