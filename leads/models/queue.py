from __future__ import annotations

from django.db import models


class QueueTally(models.Model):
    """How many handoffs wait, by team and assignee: the sum of these rows.

    Appended by database triggers (leads.triggers), so that many who decide at once wait for nobody; folded into one row
    each by leads.handoff.tally. No foreign keys, for the same reason.
    """

    team_id = models.BigIntegerField(null=True)
    assignee_id = models.BigIntegerField(null=True)
    waiting = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "queue tallies"

    def __str__(self) -> str:
        return f"{self.waiting:+d} for team {self.team_id}, user {self.assignee_id}"
