"""What the invented sellers mean to do next with the leads that they work."""

from __future__ import annotations

from datetime import date, timedelta

from leads.models import Lead, NextStep, Stage

_STEPS = {
    Stage.SQL: ("Call again", "Send the overview", "Agree on a demo"),
    Stage.OPPORTUNITY: ("Send the proposal", "Talk to purchasing", "Answer their questions"),
}
# Days from today; None: nothing was planned, which a seller should see.
_DUE = (-2, 0, 1, None, 0, 3, 7)
_BATCH = 2000


def plan_steps(*, today: date) -> int:
    """A next step for most of the leads that somebody works; the number planned."""
    worked = Lead.objects.in_stage(*_STEPS).exclude(owner=None).order_by("pk")
    steps = [
        NextStep(
            lead_id=pk,
            what=_STEPS[Stage(stage)][pk % 3],
            due_on=today + timedelta(days=due),
            created_by_id=owner,
        )
        for number, (pk, stage, owner) in enumerate(worked.values_list("pk", "stage", "owner"))
        if (due := _DUE[number % len(_DUE)]) is not None
    ]
    return len(NextStep.objects.bulk_create(steps, batch_size=_BATCH))
