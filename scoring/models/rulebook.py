from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

POINTS_LIMIT = 1000


class Rulebook(models.Model):
    """A version of the scoring rules. Drafts may be edited; published and retired ones never change.

    The number is given at publication, so that a later publication always has a higher number.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    number = models.PositiveIntegerField(unique=True, null=True, blank=True, editable=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT, editable=False)
    name = models.CharField(max_length=200)
    revision = models.PositiveIntegerField(
        default=0, editable=False, help_text="Counts the edits of a draft: what was computed says for which."
    )
    copy_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="copies"
    )

    mql_threshold = models.BigIntegerField("MQL threshold")
    mql_min_fit = models.BigIntegerField("MQL minimum fit", null=True, blank=True)
    mql_min_engagement = models.BigIntegerField("MQL minimum engagement", null=True, blank=True)
    fast_track_min_fit = models.BigIntegerField(null=True, blank=True)
    demote_margin = models.PositiveIntegerField(default=5)
    demote_after_nights = models.PositiveIntegerField(default=3)
    reentry_points = models.PositiveIntegerField("Re-entry points", default=10)
    fit_a = models.BigIntegerField("Fit for A")
    fit_b = models.BigIntegerField("Fit for B")
    engagement_1 = models.BigIntegerField("Engagement for 1")
    engagement_2 = models.BigIntegerField("Engagement for 2")
    fit_min = models.BigIntegerField("Fit floor", null=True, blank=True)
    fit_max = models.BigIntegerField("Fit cap", null=True, blank=True)
    engagement_min = models.BigIntegerField("Engagement floor", null=True, blank=True)
    engagement_max = models.BigIntegerField("Engagement cap", null=True, blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    note = models.TextField(blank=True, default="", help_text="What changed, and why. Publishing needs it.")
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    published_from = models.CharField(
        max_length=100,
        blank=True,
        default="",
        editable=False,
        help_text="By whom or what where no user published it.",
    )
    signed_marketing_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_marketing_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    signed_sales_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_sales_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    discarded_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="A draft is set aside, never deleted."
    )
    discarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering: ClassVar = [F("number").desc(nulls_first=True), "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="published"),
                name="scoring_rulebook_one_published",
                violation_error_message="Another rulebook is published.",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", number__isnull=True, published_at__isnull=True)
                | (~Q(state="draft") & Q(number__isnull=False, published_at__isnull=False)),
                name="scoring_rulebook_number_when_published",
                violation_error_message="A rulebook gets its number when it is published.",
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | Q(published_at__isnull=False),
                name="scoring_rulebook_published_by_with_at",
                violation_error_message="Who published is recorded with when.",
            ),
            models.CheckConstraint(
                condition=Q(signed_marketing_by__isnull=True, signed_marketing_at__isnull=True)
                | Q(signed_marketing_by__isnull=False, signed_marketing_at__isnull=False),
                name="scoring_rulebook_marketing_signature_whole",
                violation_error_message="A signature has a name and a time.",
            ),
            models.CheckConstraint(
                condition=Q(signed_sales_by__isnull=True, signed_sales_at__isnull=True)
                | Q(signed_sales_by__isnull=False, signed_sales_at__isnull=False),
                name="scoring_rulebook_sales_signature_whole",
                violation_error_message="A signature has a name and a time.",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", retired_at__isnull=False)
                | (~Q(state="retired") & Q(retired_at__isnull=True)),
                name="scoring_rulebook_retired_at_when_retired",
                violation_error_message="A rulebook has a time of retirement if and only if it is retired.",
            ),
            models.CheckConstraint(
                condition=Q(discarded_at__isnull=True, discarded_by__isnull=True)
                | Q(discarded_at__isnull=False, discarded_by__isnull=False, state="draft"),
                name="scoring_rulebook_discarded_draft",
                violation_error_message="Only a draft is discarded, by somebody, at some time.",
            ),
            models.CheckConstraint(
                condition=Q(fit_a__gt=F("fit_b")),
                name="scoring_rulebook_fit_grades",
                violation_error_message="Fit for A must be above fit for B.",
            ),
            models.CheckConstraint(
                condition=Q(engagement_1__gt=F("engagement_2")),
                name="scoring_rulebook_engagement_grades",
                violation_error_message="Engagement for 1 must be above engagement for 2.",
            ),
            models.CheckConstraint(
                condition=Q(fit_min__isnull=True) | Q(fit_max__isnull=True) | Q(fit_min__lte=F("fit_max")),
                name="scoring_rulebook_fit_bounds",
                violation_error_message="The fit floor must not be above the fit cap.",
            ),
            models.CheckConstraint(
                condition=Q(engagement_min__isnull=True)
                | Q(engagement_max__isnull=True)
                | Q(engagement_min__lte=F("engagement_max")),
                name="scoring_rulebook_engagement_bounds",
                violation_error_message="The engagement floor must not be above the engagement cap.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.number})" if self.number else f"{self.name} (draft {self.pk})"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT


class RuleGroup(models.Model):
    """Rules with a joint floor and cap, on one dimension."""

    class Dimension(models.TextChoices):
        FIT = "fit", "Fit"
        ENGAGEMENT = "engagement", "Engagement"

    rulebook = models.ForeignKey(Rulebook, on_delete=models.CASCADE, related_name="groups")
    key = models.SlugField(max_length=50)
    name = models.CharField(max_length=200)
    dimension = models.CharField(max_length=10, choices=Dimension.choices)
    min_points = models.BigIntegerField(null=True, blank=True)
    max_points = models.BigIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["rulebook", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rulebook", "key"],
                name="scoring_rulegroup_key_unique",
                violation_error_message="Another group of this rulebook has this key.",
            ),
            models.CheckConstraint(
                condition=Q(min_points__isnull=True)
                | Q(max_points__isnull=True)
                | Q(min_points__lte=F("max_points")),
                name="scoring_rulegroup_bounds",
                violation_error_message="The floor of a group must not be above its cap.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    """A condition and points. Which fields count depends on `kind`; scoring.rulebook.document validates."""

    class Kind(models.TextChoices):
        FIT = "fit", "Fit"
        ENGAGEMENT = "engagement", "Engagement"
        SILENCE = "silence", "Silence"

    class Match(models.TextChoices):
        ALL = "all", "All conditions"
        ANY = "any", "Any condition"

    class Count(models.TextChoices):
        EACH = "each", "Each match"
        ONCE = "once", "Only the latest match"

    class Decay(models.TextChoices):
        NONE = "none", "None"
        LINEAR = "linear", "Linear"
        COMPOUND = "compound", "Compound"

    rulebook = models.ForeignKey(Rulebook, on_delete=models.CASCADE, related_name="rules")
    group = models.ForeignKey(RuleGroup, on_delete=models.CASCADE, related_name="rules")
    key = models.SlugField(max_length=50)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    points = models.SmallIntegerField()
    max_points = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Cap on the size of what it gives."
    )
    enabled = models.BooleanField(default=True)
    fast_track = models.BooleanField(
        default=False, help_text="Meeting it qualifies the lead whatever the total."
    )
    disqualifies = models.BooleanField(default=False, help_text="Meeting it keeps the lead from qualifying.")
    position = models.PositiveSmallIntegerField(default=0)
    match = models.CharField(max_length=3, choices=Match.choices, default=Match.ALL)
    activity_types = models.JSONField(default=list, blank=True, help_text="Codes of activity types.")
    window_days = models.PositiveIntegerField(null=True, blank=True)
    min_count = models.PositiveIntegerField(default=1)
    min_days = models.PositiveIntegerField(default=1)
    min_assets = models.PositiveIntegerField(null=True, blank=True)
    count = models.CharField(max_length=4, choices=Count.choices, default=Count.EACH)
    max_per_day = models.PositiveIntegerField(null=True, blank=True)
    decay_kind = models.CharField(max_length=8, choices=Decay.choices, default=Decay.NONE)
    decay_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    decay_days = models.PositiveIntegerField(null=True, blank=True)
    every_days = models.PositiveIntegerField(null=True, blank=True)
    repeats = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["rulebook", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rulebook", "key"],
                name="scoring_rule_key_unique",
                violation_error_message="Another rule of this rulebook has this key.",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=-POINTS_LIMIT, points__lte=POINTS_LIMIT) & ~Q(points=0),
                name="scoring_rule_points_in_range",
                violation_error_message="Points must be a whole number from -1000 to 1000, and not 0.",
            ),
            models.CheckConstraint(
                condition=Q(max_points__isnull=True) | Q(max_points__gte=1),
                name="scoring_rule_max_points_positive",
                violation_error_message="A cap must be a positive whole number.",
            ),
            models.CheckConstraint(
                condition=Q(decay_kind="none", decay_percent__isnull=True, decay_days__isnull=True)
                | (
                    # A comparison with nothing is neither true nor false, and a constraint lets that pass.
                    Q(decay_days__isnull=False, decay_percent__isnull=False, decay_days__gte=1)
                    & (
                        Q(decay_kind="linear", decay_percent__gte=1, decay_percent__lte=100)
                        | Q(decay_kind="compound", decay_percent__gte=10, decay_percent__lte=100)
                    )
                ),
                name="scoring_rule_decay_whole",
                violation_error_message="Decay needs days and a percentage: 1 to 100 linear, 10 to 100 compound.",
            ),
            models.CheckConstraint(
                condition=Q(kind="silence", every_days__isnull=False, every_days__gte=1)
                | (~Q(kind="silence") & Q(every_days__isnull=True)),
                name="scoring_rule_every_days_of_silence",
                violation_error_message="A silence rule, and no other, says after how many days it counts.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    """Field, operator and values; see leads.conditions for what is allowed."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="conditions")
    field = models.CharField(max_length=120)
    operator = models.CharField(max_length=12)
    values = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["rule", "position", "pk"]

    def __str__(self) -> str:
        return f"{self.field} {self.operator}"
