from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.fields import FoldedField
from leads.models.folding import FoldingModel
from leads.models.people import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """Their own, and what anybody shares."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(FoldingModel):
    """A name for what a page shows: the part of its address that is worth keeping (leads.savedviews)."""

    FOLDED = ("name",)

    page = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    name_folded = FoldedField(max_length=200)
    query = models.CharField(max_length=2000)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views", db_index=False)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name_folded", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "page", "name_folded"],
                name="leads_savedview_name_unique",
                violation_error_message="You have a view of this name already.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="leads_savedview_named",
                violation_error_message="A view needs a name.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["page"], condition=Q(is_shared=True), name="leads_savedview_shared")
        ]

    def __str__(self) -> str:
        return self.name
