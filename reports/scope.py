"""What a report is asked about: a period, a day to look back from, and a choice of leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from leads.folding import fold
from reports.period import Period, end_of_day

# How "not recorded" is written in an address or on the command line. No source can be called so:
# intake reads "-" as unknown.
NOT_RECORDED = "-"


@dataclass(frozen=True)
class LeadFilter:
    """Leads by their present facts. None: any; "": those for which the fact is not recorded."""

    source: str | None = None
    campaign: str | None = None
    country: str | None = None

    def condition(self, path: str = "") -> Q:
        """As a condition on leads, or on rows that lead to them by `path` ("lead__")."""
        found = Q()
        if self.source is not None:
            found &= Q(**{f"{path}source_folded": fold(self.source)})
        if self.campaign == "":
            found &= Q(**{f"{path}campaign__isnull": True})
        elif self.campaign is not None:
            found &= Q(**{f"{path}campaign__name_folded": fold(self.campaign)})
        if self.country is not None:
            found &= Q(**{f"{path}country": self.country.upper()})
        return found


@dataclass(frozen=True)
class Scope:
    """`as_of` is a day's end: what had happened by then, as it is known today."""

    period: Period
    as_of: date
    leads: LeadFilter = field(default_factory=LeadFilter)

    @property
    def known_until(self) -> datetime:
        """The first instant that is too late to count."""
        return end_of_day(self.as_of)
