"""How a run ended, in words."""

from __future__ import annotations

from scoring.models import ScoringRun


def why_not_done(run: ScoringRun) -> str:
    """Why a run that has ended did not score all leads."""
    if run.state == ScoringRun.State.SUPERSEDED:
        return "A newer rulebook or a later day was scored meanwhile; what this run would have written is out of date."
    return run.error or f"The run is {run.get_state_display().lower()}."
