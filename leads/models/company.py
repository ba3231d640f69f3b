from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.fields import FoldedField
from leads.models.folding import FoldingModel
from leads.models.people import User


class Company(FoldingModel):
    """An account. Its facts are written by a company import or by hand, never by a lead row."""

    FOLDED = ("name", "industry", "region", "city")

    name = models.CharField(max_length=200)
    name_folded = FoldedField(max_length=200)
    name_key = FoldedField(
        max_length=200, help_text="The name without legal form and punctuation, for matching."
    )
    domain = models.CharField(max_length=253, blank=True, default="")
    industry = models.CharField(max_length=200, blank=True, default="")
    industry_folded = FoldedField(max_length=200)
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, default="")
    region = models.CharField(max_length=200, blank=True, default="")
    region_folded = FoldedField(max_length=200)
    city = models.CharField(max_length=200, blank=True, default="")
    city_folded = FoldedField(max_length=200)
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="companies"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "companies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=~Q(domain=""),
                name="leads_company_domain_unique",
                violation_error_message="Another company has this domain.",
            ),
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(domain="") & ~Q(name_key=""),
                name="leads_company_name_unique",
                violation_error_message="Another company without a domain has this name.",
            ),
            models.CheckConstraint(
                condition=Q(employees__isnull=True) | Q(employees__gte=0),
                name="leads_company_employees_not_negative",
                violation_error_message="Employees cannot be negative.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["name_key"], name="leads_company_name_key")]

    def __str__(self) -> str:
        return self.name or self.domain
