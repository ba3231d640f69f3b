from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

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

    @cached_property
    def roles(self) -> frozenset[Role]:
        """One query for a user object. A superuser is an administrator, and nothing else by that alone."""
        if not self.is_active:
            return frozenset()
        names = set(self.groups.values_list("name", flat=True))
        if self.is_superuser:
            names.add(Role.ADMINISTRATOR.value)
        return frozenset(role for role in Role if role.value in names)

    @property
    def is_rep(self) -> bool:
        return Role.REP in self.roles

    @property
    def is_manager(self) -> bool:
        return Role.MANAGER in self.roles

    @property
    def is_marketer(self) -> bool:
        return Role.MARKETER in self.roles

    @property
    def is_administrator(self) -> bool:
        return Role.ADMINISTRATOR in self.roles

    @property
    def decides_handoffs(self) -> bool:
        """Whether the user is one of those who decide handoffs at all."""
        return self.is_rep or self.is_manager
