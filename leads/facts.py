"""The facts of a lead as its page shows them: what the lead's own row says, and what the company record says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import AttributeKey, Company, Lead


@dataclass(frozen=True)
class Fact:
    label: str
    value: object
    is_wide: bool = False

    @property
    def is_known(self) -> bool:
        return self.value is not None and self.value != ""


@dataclass(frozen=True)
class FactGroup:
    title: str
    facts: Sequence[Fact]


def fact_groups(lead: Lead) -> list[FactGroup]:
    """Person, company as the lead told it, origin; then the company record, custom and unreadable facts if any."""
    groups = [
        FactGroup("Person", _person(lead)),
        FactGroup("Company, as this lead has it", _own_company(lead)),
        FactGroup("Where the lead came from", _origin(lead)),
    ]
    if lead.company:
        groups.append(FactGroup("Company record", _company(lead.company)))
    if lead.attributes:
        groups.append(FactGroup("Other facts", _attributes(lead)))
    if lead.unparsed:
        unread = [Fact(name, text) for name, text in sorted(lead.unparsed.items())]
        groups.append(FactGroup("Could not be read at import", unread))
    return groups


def _person(lead: Lead) -> list[Fact]:
    return [
        Fact("E-mail", lead.email, is_wide=True),
        Fact("E-mail kind", lead.get_email_domain_type_display()),
        Fact("Phone", lead.phone),
        Fact("Job title", lead.job_title),
        Fact("Seniority", lead.get_seniority_display()),
        Fact("Department", lead.department),
        Fact("Opted out of e-mail", None if lead.email_opt_out is None else _yes_no(lead.email_opt_out)),
        Fact("External id", lead.external_id),
    ]


def _own_company(lead: Lead) -> list[Fact]:
    return [
        Fact("Company", lead.company_name),
        Fact("Domain", lead.company_domain),
        Fact("Industry", lead.industry),
        Fact("Employees", _count(lead.employees)),
        Fact("Annual revenue", _money(lead.annual_revenue)),
        Fact("Country", lead.country),
        Fact("Region", lead.region),
        Fact("City", lead.city),
    ]


def _origin(lead: Lead) -> list[Fact]:
    return [
        Fact("Source", lead.source),
        Fact("Channel", lead.channel),
        Fact("Campaign", lead.campaign),
        Fact("Landing page", lead.landing_page, is_wide=True),
    ]


def _company(company: Company) -> list[Fact]:
    return [
        Fact("Name", company.name),
        Fact("Domain", company.domain),
        Fact("Industry", company.industry),
        Fact("Employees", _count(company.employees)),
        Fact("Annual revenue", _money(company.annual_revenue)),
        Fact("Country", company.country),
        Fact("Region", company.region),
        Fact("City", company.city),
        Fact("Owner", company.owner),
    ]


def _attributes(lead: Lead) -> list[Fact]:
    labels = dict(AttributeKey.objects.filter(scope=AttributeKey.Scope.LEAD).values_list("key", "label"))
    return [Fact(labels.get(key, key), text) for key, text in sorted(lead.attributes.items())]


def _yes_no(value: bool) -> str:
    return "Yes" if value else "No"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _money(amount: object) -> str | None:
    return None if amount is None else f"{amount:,.0f}"
