"""The declared registry of fields that a condition may ask about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from leads.models import AttributeKey, EmailDomainType, Seniority


class FieldType(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


class Letters(StrEnum):
    """How the database keeps the letters of a text: rule values are brought to the same form."""

    FOLDED = "folded"
    CAPITALS = "capitals"  # ASCII only: country codes


@dataclass(frozen=True)
class Column:
    """A column of the lead (`l`), its company (`c`) or the activity (`a`); '' and null are unknown."""

    table: str
    name: str


@dataclass(frozen=True)
class TypedKey:
    """A key of a typed JSON column: folded text, number x 10^4, day number, true or false."""

    table: str
    name: str
    key: str


@dataclass(frozen=True)
class NameOf:
    """The folded name of the row that a foreign key points to."""

    table: str
    name: str
    target: str

    @property
    def relation(self) -> str:
        return self.name.removesuffix("_id")


@dataclass(frozen=True)
class Field:
    """One field: its name in rulebooks, its label on screens, and where its value is found."""

    name: str
    label: str
    type: FieldType
    source: Column | TypedKey | NameOf
    choices: tuple[tuple[str, str], ...] = ()
    letters: Letters = Letters.FOLDED

    @property
    def is_text(self) -> bool:
        return self.type in (FieldType.TEXT, FieldType.CHOICE)


class FieldRegistry(Mapping[str, Field]):
    """Fields by name, in the order in which screens offer them."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __hash__(self) -> int:
        return hash(frozenset(self._fields.values()))

    def closest(self, name: str) -> str | None:
        found = get_close_matches(name.lower(), self._fields, n=1, cutoff=0.7)
        return found[0] if found else None


_TEXTS = {
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "job_title": "Job title",
    "department": "Department",
    "phone": "Phone",
    "industry": "Industry",
    "region": "Region",
    "city": "City",
    "source": "Source",
    "channel": "Channel",
    "landing_page": "Landing page",
}
_COMPANY_TEXTS = {
    "name": "Company name",
    "industry": "Company industry",
    "region": "Company region",
    "city": "Company city",
}


def _text(table: str, name: str, label: str, column: str, prefix: str = "") -> Field:
    return Field(prefix + name, label, FieldType.TEXT, Column(table, column))


def _country(table: str, name: str, label: str) -> Field:
    return Field(name, label, FieldType.CHOICE, Column(table, "country"), letters=Letters.CAPITALS)


def _own_fields() -> Iterator[Field]:
    for name, label in _TEXTS.items():
        yield _text("l", name, label, f"{name}_folded")
    yield _text("l", "company", "Company", "company_name_folded")
    yield _text("l", "company_domain", "Company domain", "company_domain")
    yield _text("l", "email_domain", "E-mail domain", "email_domain")
    yield Field(
        "email_domain_type",
        "E-mail domain type",
        FieldType.CHOICE,
        Column("l", "email_domain_type"),
        tuple(EmailDomainType.choices),
    )
    yield Field(
        "seniority", "Seniority", FieldType.CHOICE, Column("l", "seniority"), tuple(Seniority.choices)
    )
    yield _country("l", "country", "Country")
    yield Field("campaign", "Campaign", FieldType.TEXT, NameOf("l", "campaign_id", "leads_campaign"))
    yield Field("employees", "Employees", FieldType.NUMBER, Column("l", "employees"))
    yield Field("annual_revenue", "Annual revenue", FieldType.NUMBER, Column("l", "annual_revenue"))
    yield Field("created_at", "Created on", FieldType.DATE, Column("l", "created_day"))
    yield Field("email_opt_out", "Opted out of e-mail", FieldType.BOOLEAN, Column("l", "email_opt_out"))


def _company_fields() -> Iterator[Field]:
    for name, label in _COMPANY_TEXTS.items():
        yield _text("c", name, label, f"{name}_folded", prefix="company.")
    yield _text("c", "domain", "Domain of the company", "domain", prefix="company.")
    yield _country("c", "company.country", "Company country")
    yield Field("company.employees", "Company employees", FieldType.NUMBER, Column("c", "employees"))
    yield Field(
        "company.annual_revenue", "Company annual revenue", FieldType.NUMBER, Column("c", "annual_revenue")
    )


def _declared_fields(
    keys: Iterable[AttributeKey], scope: AttributeKey.Scope, prefix: str, table: str, column: str
) -> Iterator[Field]:
    for key in keys:
        if key.scope == scope:
            yield Field(
                f"{prefix}.{key.key}", key.label, FieldType(key.type), TypedKey(table, column, key.key)
            )


def lead_fields() -> FieldRegistry:
    """Fields of a lead: its own, `company.*`, and `attributes.<key>` as declared. One query."""
    return _lead_fields(AttributeKey.objects.filter(scope=AttributeKey.Scope.LEAD))


def activity_fields() -> FieldRegistry:
    """Fields of an activity: asset, campaign, and `properties.<key>` as declared. One query."""
    return _activity_fields(AttributeKey.objects.filter(scope=AttributeKey.Scope.ACTIVITY))


def all_fields() -> tuple[FieldRegistry, FieldRegistry]:
    """Fields of a lead and of an activity. One query."""
    keys = list(AttributeKey.objects.all())
    return _lead_fields(keys), _activity_fields(keys)


def _lead_fields(keys: Iterable[AttributeKey]) -> FieldRegistry:
    declared = _declared_fields(keys, AttributeKey.Scope.LEAD, "attributes", "l", "attributes_typed")
    return _registry(*_own_fields(), *_company_fields(), *declared)


def _activity_fields(keys: Iterable[AttributeKey]) -> FieldRegistry:
    return _registry(
        Field("asset", "Asset", FieldType.TEXT, NameOf("a", "asset_id", "leads_asset")),
        Field("campaign", "Campaign", FieldType.TEXT, NameOf("a", "campaign_id", "leads_campaign")),
        *_declared_fields(keys, AttributeKey.Scope.ACTIVITY, "properties", "a", "properties_typed"),
    )


def _registry(*fields: Field) -> FieldRegistry:
    return FieldRegistry({field.name: field for field in fields})
