"""The filters of the queue. Its columns are copies on the handoff, so that it reads nothing else."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django import forms

from leads.filters import (
    ANY,
    GRADES,
    NOBODY,
    NOT_RECORDED,
    FilterForm,
    country_choices,
    source_choices,
)
from leads.models import Campaign, Handoff, Lead, Team
from leads.querysets import HandoffQuerySet

FAST, NOT_FAST = "yes", "no"


def campaign_choices() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Campaign.objects.values_list("pk", "name")]


def team_choices() -> list[tuple[str, str]]:
    teams = [(str(team.pk), team.name) for team in Team.objects.filter(is_active=True)]
    return [*teams, (NOBODY, "No team")]


class HandoffFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library is untyped
    """Bound to invalid input it gives no handoff at all, never all of them."""

    text = django_filters.CharFilter(
        label="Find",
        method="by_text",
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": "Name, e-mail or company",
                "form": "queue-filters",
                "data-lf-search": True,
            }
        ),
    )
    team = django_filters.ChoiceFilter(label="Team", method="by_team", choices=team_choices, empty_label=ANY)
    source = django_filters.ChoiceFilter(
        label="Source", method="by_source", choices=source_choices, empty_label=ANY
    )
    campaign = django_filters.ChoiceFilter(
        label="Campaign", method="by_campaign", choices=campaign_choices, empty_label=ANY
    )
    grade = django_filters.ChoiceFilter(label="Grade", method="by_grade", choices=GRADES, empty_label=ANY)
    country = django_filters.ChoiceFilter(
        label="Country", method="by_country", choices=country_choices, empty_label=ANY
    )
    fast = django_filters.ChoiceFilter(
        label="Fast track",
        method="by_fast",
        choices=[(FAST, "Fast-tracked"), (NOT_FAST, "Not fast-tracked")],
        empty_label=ANY,
    )

    class Meta:
        model = Handoff
        fields: ClassVar[list[str]] = []
        form = FilterForm

    def filter_queryset(self, queryset: HandoffQuerySet) -> HandoffQuerySet:
        return super().filter_queryset(queryset) if self.form.is_valid() else queryset.none()

    def by_text(self, handoffs: HandoffQuerySet, name: str, text: str) -> HandoffQuerySet:
        return handoffs.filter(lead__in=Lead.objects.found_by(text))

    def by_team(self, handoffs: HandoffQuerySet, name: str, team: str) -> HandoffQuerySet:
        return handoffs.filter(team=None if team == NOBODY else int(team))

    def by_source(self, handoffs: HandoffQuerySet, name: str, source: str) -> HandoffQuerySet:
        return handoffs.from_source("" if source == NOT_RECORDED else source)

    def by_campaign(self, handoffs: HandoffQuerySet, name: str, campaign: str) -> HandoffQuerySet:
        return handoffs.filter(campaign=int(campaign))

    def by_grade(self, handoffs: HandoffQuerySet, name: str, grade: str) -> HandoffQuerySet:
        return handoffs.graded(grade)

    def by_country(self, handoffs: HandoffQuerySet, name: str, country: str) -> HandoffQuerySet:
        return handoffs.filter(country="" if country == NOT_RECORDED else country)

    def by_fast(self, handoffs: HandoffQuerySet, name: str, fast: str) -> HandoffQuerySet:
        return handoffs.filter(fast_tracked=fast == FAST)
