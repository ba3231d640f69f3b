"""What people do to runs: cancel one, and choose the hour of the nightly one."""

from __future__ import annotations

from datetime import datetime

from leads.models import Organisation, User
from scoring.errors import ScoringError
from scoring.models import ScoringRun
from scoring.runs import ACTIVE


class AlreadyEnded(ScoringError):
    """There is nothing left to cancel."""

    def __init__(self, run: ScoringRun) -> None:
        super().__init__(
            f"{run.title} has ended already: {run.get_state_display().lower()}. Nothing was cancelled."
        )


def cancel(*, run: ScoringRun, by: User, at: datetime) -> None:
    """End the run: its workers stop after the ranges that they are on. Raises AlreadyEnded.

    What it has scored stays. A nightly run that was cancelled is not made again on its date.
    """
    # The last worker may end the run at this moment: the row decides, not the page that was seen.
    cancelled = ScoringRun.objects.filter(pk=run.pk, state__in=ACTIVE).update(
        state=ScoringRun.State.CANCELLED, ended_at=at, cancelled_at=at, cancelled_by=by
    )
    run.refresh_from_db()
    if not cancelled:
        raise AlreadyEnded(run)


def set_nightly_hour(*, hour: int) -> None:
    """0 to 23, in TIME_ZONE. Holds from the next date on if today's run has been made, whatever its state."""
    Organisation.objects.filter(pk=1).update(nightly_hour=hour)
