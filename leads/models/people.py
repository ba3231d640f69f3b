from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads.models.organisation import Team


class Role(models.TextChoices):
    """The names of the Django groups that carry permissions."""

    MARKETER = "Marketer"
    REP = "Sales rep"
    MANAGER = "Sales manager"
    ADMINISTRATOR = "Administrator"


class User(AbstractUser):
    """Somebody who signs in. In one team at most; roles are groups named as in `Role`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="leads_user_email_unique",
                violation_error_message="Another user has this e-mail address.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username
