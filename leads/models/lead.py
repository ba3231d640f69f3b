from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.models.campaign import Campaign
from leads.models.company import Company
from leads.models.fields import DayField, FoldedField, day_of
from leads.models.folding import FoldingModel
from leads.models.people import User
from leads.models.stage import NOT_OFFERED, Stage
from leads.querysets import LeadQuerySet


class Seniority(models.TextChoices):
    C_LEVEL = "c_level", "C level"
    VP = "vp", "VP"
    HEAD = "head", "Head"
    DIRECTOR = "director", "Director"
    MANAGER = "manager", "Manager"
    INDIVIDUAL = "individual", "Individual"
    STUDENT = "student", "Student"


class EmailDomainType(models.TextChoices):
    BUSINESS = "business", "Business"
    FREE = "free", "Free mail"
    ACADEMIC = "academic", "Academic"


class Lead(FoldingModel):
    """A person who may buy. Texts are '' where unknown, numbers null.

    Written by intake (set-based) and by hand; `stage` and `stage_entered_at` only by
    leads.lifecycle. After a set-based write the folded twins are the writer's duty.
    """

    FOLDED = (
        "email",
        "first_name",
        "last_name",
        "job_title",
        "department",
        "phone",
        "company_name",
        "industry",
        "region",
        "city",
        "source",
        "channel",
        "landing_page",
    )

    email = models.CharField(max_length=254, blank=True, default="")
    email_folded = FoldedField(max_length=254)
    email_domain = models.CharField(max_length=253, blank=True, default="", editable=False)
    email_domain_type = models.CharField(
        max_length=10, choices=EmailDomainType.choices, blank=True, default="", editable=False
    )
    external_id = models.CharField(
        max_length=200, blank=True, default="", help_text="The first id known from another system."
    )
    first_name = models.CharField(max_length=200, blank=True, default="")
    first_name_folded = FoldedField(max_length=200)
    last_name = models.CharField(max_length=200, blank=True, default="")
    last_name_folded = FoldedField(max_length=200)
    job_title = models.CharField(max_length=200, blank=True, default="")
    job_title_folded = FoldedField(max_length=200)
    seniority = models.CharField(max_length=20, choices=Seniority.choices, blank=True, default="")
    department = models.CharField(max_length=200, blank=True, default="")
    department_folded = FoldedField(max_length=200)
    phone = models.CharField(max_length=100, blank=True, default="")
    phone_folded = FoldedField(max_length=100)
    company = models.ForeignKey(
        Company, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads", db_index=False
    )
    company_name = models.CharField(max_length=200, blank=True, default="")
    company_name_folded = FoldedField(max_length=200)
    company_domain = models.CharField(max_length=253, blank=True, default="")
    industry = models.CharField(max_length=200, blank=True, default="")
    industry_folded = FoldedField(max_length=200)
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    country = models.CharField(
        max_length=2, blank=True, default="", help_text="ISO 3166, two capital letters."
    )
    region = models.CharField(max_length=200, blank=True, default="")
    region_folded = FoldedField(max_length=200)
    city = models.CharField(max_length=200, blank=True, default="")
    city_folded = FoldedField(max_length=200)
    source = models.CharField(max_length=200, blank=True, default="")
    source_folded = FoldedField(max_length=200)
    channel = models.CharField(max_length=200, blank=True, default="")
    channel_folded = FoldedField(max_length=200)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads"
    )
    landing_page = models.CharField(max_length=2000, blank=True, default="")
    landing_page_folded = FoldedField(max_length=2000)
    email_opt_out = models.BooleanField(null=True, blank=True)
    attributes = models.JSONField(
        default=dict, blank=True, help_text="Other facts as they came: key to text."
    )
    attributes_typed = models.JSONField(
        default=dict, blank=True, editable=False, help_text="The same in their declared types, for rules."
    )
    unparsed = models.JSONField(
        default=dict, blank=True, help_text="Facts that came in a form that could not be read: name to text."
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_day = DayField(editable=False)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.LEAD, editable=False)
    stage_entered_at = models.DateTimeField(default=timezone.now, editable=False)
    hold_until = DayField(null=True, blank=True, help_text="Not offered to sales again before this day.")
    evidence_after = models.DateTimeField(
        null=True, blank=True, help_text="Only activities after this instant can bring the lead back."
    )

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email_folded"],
                condition=~Q(email_folded=""),
                name="leads_lead_email_unique",
                violation_error_message="Another lead has this e-mail address.",
            ),
            models.CheckConstraint(
                condition=~Q(email="", external_id=""),
                name="leads_lead_identified",
                violation_error_message="A lead needs an e-mail address or an external id.",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values),
                name="leads_lead_stage_known",
                violation_error_message="The stage must be one of: " + ", ".join(Stage.values) + ".",
            ),
            models.CheckConstraint(
                condition=Q(employees__isnull=True) | Q(employees__gte=0),
                name="leads_lead_employees_not_negative",
                violation_error_message="Employees cannot be negative.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="leads_lead_created"),
            models.Index(fields=["stage", "created_at", "id"], name="leads_lead_stage_created"),
            # Few leads; scores that qualify are held against it each night (scoring.promotion).
            models.Index(fields=["id"], condition=Q(stage__in=NOT_OFFERED), name="leads_lead_not_offered"),
            # What sales has under way, by who works it; all that somebody ever accepted grows without end.
            models.Index(
                fields=["owner", "stage"],
                condition=Q(stage__in=["sql", "opportunity"]),
                name="leads_lead_worked",
            ),
            models.Index(fields=["source_folded", "created_at"], name="leads_lead_source"),
            models.Index(fields=["country"], name="leads_lead_country"),
            # Those of one company, whoever moved last first, for the panel; and whose company they are.
            models.Index(
                fields=["company", "-stage_entered_at", "-id"],
                condition=Q(company__isnull=False),
                name="leads_lead_colleagues",
            ),
            models.Index(
                fields=["last_name_folded"], condition=~Q(last_name_folded=""), name="leads_lead_last_name"
            ),
            models.Index(
                fields=["first_name_folded"], condition=~Q(first_name_folded=""), name="leads_lead_first_name"
            ),
            models.Index(
                fields=["company_name_folded"],
                condition=~Q(company_name_folded=""),
                name="leads_lead_company_name",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.created_day = day_of(self.created_at)
        update_fields = kwargs.get("update_fields")
        if update_fields is not None and "created_at" in update_fields:
            kwargs["update_fields"] = {*update_fields, "created_day"}
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        return name or self.email or self.external_id


class LeadIdentifier(models.Model):
    """An id by which a system outside knows the lead."""

    class Kind(models.TextChoices):
        EXTERNAL_ID = "external_id", "External id"
        ANONYMOUS_ID = "anonymous_id", "Anonymous id"
        ALIAS_EMAIL = "alias_email", "Other e-mail"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="identifiers")
    source_system = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=254)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["value", "kind", "source_system"],
                name="leads_leadidentifier_unique",
                violation_error_message="Another lead has this identifier.",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class AttributeKey(models.Model):
    """A custom fact of leads, or property of activities, and its type."""

    class Scope(models.TextChoices):
        LEAD = "lead", "Lead"
        ACTIVITY = "activity", "Activity"

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        BOOLEAN = "boolean", "Yes/no"

    scope = models.CharField(max_length=8, choices=Scope.choices)
    key = models.CharField(max_length=100)
    label = models.CharField(max_length=200)
    type = models.CharField(max_length=8, choices=Type.choices, default=Type.TEXT)

    class Meta:
        ordering: ClassVar = ["scope", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "key"],
                name="leads_attributekey_unique",
                violation_error_message="This key is declared already.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class LeadScore(models.Model):
    """The latest score of a lead. Only `scoring` writes it.

    Narrow, and without an index on its values, on purpose: 1,000,000 in-place updates took 1.2 s
    this way and 13.6 s as columns of the lead. The one index for promotion ends them only for rows
    that begin or cease to qualify.
    """

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, primary_key=True, related_name="score")
    fit = models.BigIntegerField()
    engagement = models.BigIntegerField()
    total = models.BigIntegerField()
    grade = models.CharField(max_length=2)
    qualified = models.BooleanField()
    fast_tracked = models.BooleanField()
    disqualified = models.BooleanField()
    known_facts = models.PositiveSmallIntegerField()
    asked_facts = models.PositiveSmallIntegerField()
    rulebook_version = models.PositiveIntegerField()
    day = DayField()
    valid_until = DayField(null=True)
    below_since = DayField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(total=F("fit") + F("engagement")),
                name="leads_leadscore_total_is_sum",
                violation_error_message="The total must be fit plus engagement.",
            ),
            models.CheckConstraint(
                condition=Q(grade__in=[f"{letter}{number}" for letter in "ABC" for number in "123"]),
                name="leads_leadscore_grade_known",
                violation_error_message="The grade must be one of A1 to C3.",
            ),
            models.CheckConstraint(
                condition=Q(qualified=False) | Q(disqualified=False),
                name="leads_leadscore_not_both",
                violation_error_message="A disqualified lead cannot be qualified.",
            ),
            models.CheckConstraint(
                condition=Q(known_facts__lte=F("asked_facts")),
                name="leads_leadscore_known_of_asked",
                violation_error_message="No more facts can be known than were asked for.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("day")),
                name="leads_leadscore_valid_after_day",
                violation_error_message="A score must be valid beyond its own day.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["lead"], condition=Q(qualified=True), name="leads_leadscore_qualified")
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.total}"
