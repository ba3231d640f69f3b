"""The filter of leads, once: the list, drill-downs and exports all read it. Its methods only call the QuerySet's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from leads import distinct
from leads.listing import SORTS
from leads.models import Campaign, Lead, Role, Stage, User
from leads.models.fields import EARLIEST_DAY, LATEST_DAY
from leads.querysets import LeadQuerySet

# How "not recorded" is written in an address or on the command line, here and in reports. No source or country can be
# called so: intake reads "-" as unknown.
NOT_RECORDED = "-"
NOT_RECORDED_CHOICE = (NOT_RECORDED, "Not recorded")
ANY = "Any"
DAYS = [MinValueValidator(EARLIEST_DAY), MaxValueValidator(LATEST_DAY)]
MINE, NOBODY = "me", "none"
LARGEST_SCORE = 1_000_000_000
LONGEST_DAYS = 3650
GRADES = [
    (letter, [(letter, f"{letter} (any)"), *((f"{letter}{number}", f"{letter}{number}") for number in "123")])
    for letter in "ABC"
]


def source_choices() -> list[tuple[str, str]]:
    return [*((source.value, source.label) for source in distinct.sources()), NOT_RECORDED_CHOICE]


def country_choices() -> list[tuple[str, str]]:
    return [*((country.value, country.label) for country in distinct.countries()), NOT_RECORDED_CHOICE]


def owner_choices() -> list[tuple[str, str]]:
    sellers = User.objects.filter(is_active=True, groups__name__in=[Role.REP.value, Role.MANAGER.value])
    names = sorted({(str(user), str(user.pk)) for user in sellers})
    return [(MINE, "Me"), (NOBODY, "Nobody"), *((pk, name) for name, pk in names)]


class FilterForm(forms.Form):
    """Adds what Tabler needs to look right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"
            if self.is_bound and name in self.errors:
                field.widget.attrs |= {"class": f"{field.widget.attrs['class']} is-invalid"}
                field.widget.attrs |= {"aria-describedby": f"id_{name}_error"}


class LeadFilterForm(FilterForm):
    """Adds the checks that concern two fields."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._refuse_reversed("score_min", "score_max", "The highest score is below the lowest.")
        self._refuse_reversed("created_from", "created_to", "The last day is before the first.")
        return cleaned

    def _refuse_reversed(self, low: str, high: str, message: str) -> None:
        first, last = self.cleaned_data.get(low), self.cleaned_data.get(high)
        if first is not None and last is not None and first > last:
            self.add_error(high, message)


def number(label: str, method: str, *, low: int, high: int) -> django_filters.NumberFilter:
    return django_filters.NumberFilter(
        label=label, method=method, decimal_places=0, max_digits=10, min_value=low, max_value=high
    )


class LeadFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library is untyped
    """Query parameters to leads. Bound to invalid input it gives no lead at all, never all of them."""

    text = django_filters.CharFilter(
        label="Search",
        method="by_text",
        max_length=254,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "E-mail, name, company or external id"}
        ),
    )
    stage = django_filters.ChoiceFilter(
        label="Stage", method="by_stage", choices=Stage.choices, empty_label=ANY
    )
    grade = django_filters.ChoiceFilter(label="Grade", method="by_grade", choices=GRADES, empty_label=ANY)
    source = django_filters.ChoiceFilter(
        label="Source", method="by_source", choices=source_choices, empty_label=ANY
    )
    owner = django_filters.ChoiceFilter(
        label="Owner", method="by_owner", choices=owner_choices, empty_label=ANY
    )
    score_min = number("Score from", "by_score_min", low=-LARGEST_SCORE, high=LARGEST_SCORE)
    score_max = number("Score to", "by_score_max", low=-LARGEST_SCORE, high=LARGEST_SCORE)
    active_days = number("Active in the last … days", "by_activity", low=1, high=LONGEST_DAYS)
    country = django_filters.ChoiceFilter(
        label="Country", method="by_country", choices=country_choices, empty_label=ANY
    )
    campaign = django_filters.ModelChoiceFilter(
        label="Campaign", queryset=Campaign.objects.all(), method="by_campaign", empty_label=ANY
    )
    sort = django_filters.ChoiceFilter(
        label="Sort", method="by_sort", choices=[(sort.key, sort.label) for sort in SORTS], empty_label=None
    )
    created_from = django_filters.DateFilter(
        label="Created from",
        method="by_created_from",
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )
    created_to = django_filters.DateFilter(
        label="Created to",
        method="by_created_to",
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )

    class Meta:
        model = Lead
        fields: ClassVar[list[str]] = []
        form = LeadFilterForm

    def has_chosen(self, names: Iterable[str]) -> bool:
        """Whether the address says anything for one of these filters, sensible or not."""
        return any(self.data.get(name) for name in names)

    @property
    def is_narrowed(self) -> bool:
        return self.has_chosen(name for name in self.filters if name != "sort")

    @property
    def sort_key(self) -> str:
        return self.form.cleaned_data.get("sort") or SORTS[0].key

    def filter_queryset(self, queryset: LeadQuerySet) -> LeadQuerySet:
        return super().filter_queryset(queryset) if self.form.is_valid() else queryset.none()

    def by_text(self, leads: LeadQuerySet, name: str, text: str) -> LeadQuerySet:
        return leads.found_by(text)

    def by_stage(self, leads: LeadQuerySet, name: str, stage: str) -> LeadQuerySet:
        return leads.in_stage(Stage(stage))

    def by_grade(self, leads: LeadQuerySet, name: str, grade: str) -> LeadQuerySet:
        return leads.graded(grade)

    def by_source(self, leads: LeadQuerySet, name: str, source: str) -> LeadQuerySet:
        return leads.from_source("" if source == NOT_RECORDED else source)

    def by_owner(self, leads: LeadQuerySet, name: str, owner: str) -> LeadQuerySet:
        if owner == NOBODY:
            return leads.filter(owner__isnull=True)
        return leads.filter(owner_id=self.request.user.pk if owner == MINE else int(owner))

    def by_score_min(self, leads: LeadQuerySet, name: str, score: int) -> LeadQuerySet:
        return leads.filter(score__total__gte=score)

    def by_score_max(self, leads: LeadQuerySet, name: str, score: int) -> LeadQuerySet:
        return leads.filter(score__total__lte=score)

    def by_activity(self, leads: LeadQuerySet, name: str, days: int) -> LeadQuerySet:
        return leads.active_since(timezone.localdate() - timedelta(days=int(days) - 1))

    def by_country(self, leads: LeadQuerySet, name: str, country: str) -> LeadQuerySet:
        return leads.filter(country="" if country == NOT_RECORDED else country)

    def by_campaign(self, leads: LeadQuerySet, name: str, campaign: Campaign) -> LeadQuerySet:
        return leads.filter(campaign=campaign)

    def by_sort(self, leads: LeadQuerySet, name: str, sort: str) -> LeadQuerySet:
        return leads  # leads.listing sorts: a keyset page needs the order and the cursor together

    def by_created_from(self, leads: LeadQuerySet, name: str, day: date) -> LeadQuerySet:
        return leads.created_from(day)

    def by_created_to(self, leads: LeadQuerySet, name: str, day: date) -> LeadQuerySet:
        return leads.created_before(day + timedelta(days=1))
