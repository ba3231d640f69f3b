from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.apps import apps
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from leads.models.organisation import Team


class Role(models.TextChoices):
    """The names of the Django groups that carry permissions."""

    MARKETER = "Marketer"
    REP = "Sales rep"
    MANAGER = "Sales manager"
    ADMINISTRATOR = "Administrator"


class UserQuerySet(models.QuerySet["User"]):
    def with_role(self, *roles: Role) -> UserQuerySet:
        """Those who have one of the roles."""
        through = User.groups.through.objects.filter(
            user=OuterRef("pk"), group__name__in=[role.value for role in roles]
        )
        return self.filter(Exists(through))

    def in_sales(self) -> UserQuerySet:
        return self.with_role(Role.REP, Role.MANAGER)

    def available(self, *, on: date) -> UserQuerySet:
        """Those who work here and are not away on the day."""
        return self.filter(is_active=True).exclude(self._away(on))

    def away(self, *, on: date) -> UserQuerySet:
        return self.filter(self._away(on))

    @staticmethod
    def _away(day: date) -> Q:
        absences = apps.get_model("leads.Absence").objects
        return Q(Exists(absences.filter(user=OuterRef("pk"), first_day__lte=day, last_day__gte=day)))


class SalesUserManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


WEIGHT = [MinValueValidator(0), MaxValueValidator(1000)]
CAP = [MinValueValidator(1), MaxValueValidator(1000)]


class User(AbstractUser):
    """Somebody who signs in. In one team at most; roles are groups named as in `Role`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    routing_weight = models.PositiveSmallIntegerField(
        "share of a full desk",
        default=100,
        validators=WEIGHT,
        help_text="In percent: 100 is a full share of what the team is given, 50 half of one, 0 none.",
    )
    open_cap = models.PositiveSmallIntegerField(
        "most open handoffs",
        null=True,
        blank=True,
        validators=CAP,
        help_text="With so many waiting for them, they are given no more. Empty: no limit.",
    )

    objects: ClassVar[SalesUserManager] = SalesUserManager()

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(routing_weight__lte=1000),
                name="leads_user_routing_weight",
                violation_error_message="The share of a full desk must be 0 to 1000 percent.",
            ),
            models.CheckConstraint(
                condition=Q(open_cap__isnull=True) | Q(open_cap__gte=1, open_cap__lte=1000),
                name="leads_user_open_cap",
                violation_error_message="The most open handoffs must be 1 to 1000, or empty.",
            ),
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

    def is_absent(self, *, on: date) -> bool:
        """Whether the user is away on the day. One query."""
        return bool(User.objects.filter(pk=self.pk).away(on=on).exists())
