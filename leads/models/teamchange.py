from __future__ import annotations

from typing import ClassVar

from django.db import models

from leads.models.organisation import Team
from leads.models.people import User


class TeamChange(models.Model):
    """What somebody changed about a team: its settings, its hours, its people and their shares. Append-only."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=1000)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.what
