"""SQL of the lead's facts: what a staged row makes of each column, for a new lead and for a known one.

`s` is the staged row, `l` the lead. A NULL in `s` says nothing: it leaves a known fact as it is,
unless blanks erase.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leads.intake.staging import Staging, canonical_json, differs, empty_json, is_postgresql, merged_json

# Staged columns that become a column of the lead as they are, and their value where unknown.
_FOLDED_TEXTS = (
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
_TEXTS = (*_FOLDED_TEXTS, *(f"{name}_folded" for name in _FOLDED_TEXTS), "company_domain", "country")
_KEY_TEXTS = ("email", "email_folded", "email_domain", "email_domain_type")
_NULLABLE = ("employees", "annual_revenue", "email_opt_out", "owner_id")
_JSON = ("attributes", "attributes_typed")
# Facts whose raw text is kept in `unparsed` when it cannot be read, by the column that holds the read value.
_PARSED = {
    "seniority": "seniority",
    "company_domain": "company_domain",
    "employees": "employees",
    "annual_revenue": "annual_revenue",
    "country": "country",
    "email_opt_out": "email_opt_out",
    "owner_id": "owner",
}


@dataclass(frozen=True)
class ColumnSql:
    """One column of the lead: SQL for a new lead, for a known one, and whether the known one changes."""

    column: str
    inserted: str
    updated: str
    changed: str | None


def lead_columns(staging: Staging, *, erase_blanks: bool, at: str, today: int) -> list[ColumnSql]:
    """SQL for every column that the file says something about. `at` is trusted text: an instant of our own."""
    staged = {column.name for column in staging.columns}
    columns = [
        *_plain(staged, erase_blanks),
        *_seniority(staged, erase_blanks),
        *_created(staged, at, today),
        *_custom(staged),
        _unparsed(staged),
    ]
    if "external_id" in staged:
        first_id = "CASE WHEN l.external_id = '' THEN coalesce(s.external_id, '') ELSE l.external_id END"
        columns.append(ColumnSql("external_id", "coalesce(s.external_id, '')", first_id, None))
    if "campaign_name" in staged:
        kept = "c.id" if erase_blanks else "coalesce(c.id, l.campaign_id)"
        unknown = "(s.campaign_name IS NOT NULL AND c.id IS NULL)"
        columns.append(
            ColumnSql("campaign_id", "c.id", kept, f"({unknown} OR {differs(kept, 'l.campaign_id')})")
        )
    company = "coalesce(p.company, l.company_id)"
    columns.append(
        ColumnSql(
            "company_id", "p.company", f"CASE WHEN k.relink = 1 THEN {company} ELSE l.company_id END", None
        )
    )
    return columns


def _plain(staged: set[str], erase_blanks: bool) -> Iterator[ColumnSql]:
    blank = "''"
    for name in (*_KEY_TEXTS, *_TEXTS):
        if name in staged:
            erases = erase_blanks and name not in _KEY_TEXTS
            updated = f"coalesce(s.{name}, {blank if erases else f'l.{name}'})"
            # The folded twin differs only where its text does.
            changed = None if name.endswith("_folded") else f"{updated} <> l.{name}"
            yield ColumnSql(name, f"coalesce(s.{name}, '')", updated, changed)
    for name in _NULLABLE:
        if name in staged:
            updated = f"s.{name}" if erase_blanks else f"coalesce(s.{name}, l.{name})"
            yield ColumnSql(name, f"s.{name}", updated, differs(updated, f"l.{name}"))


def _seniority(staged: set[str], erase_blanks: bool) -> Iterator[ColumnSql]:
    """Stated, else told by the title; a new title tells it anew."""
    stated = "s.seniority" if "seniority" in staged else "NULL"
    kept = "''" if erase_blanks and "seniority" in staged else "l.seniority"
    if "title_seniority" in staged:
        told = (
            f"CASE WHEN s.job_title IS NOT NULL AND (s.job_title <> l.job_title OR {kept} = '') "
            f"THEN s.title_seniority ELSE {kept} END"
        )
        updated = f"coalesce({stated}, {told})"
        yield ColumnSql(
            "seniority", f"coalesce({stated}, s.title_seniority, '')", updated, f"{updated} <> l.seniority"
        )
    elif "seniority" in staged:
        updated = f"coalesce({stated}, {kept})"
        yield ColumnSql("seniority", f"coalesce({stated}, '')", updated, f"{updated} <> l.seniority")


def _created(staged: set[str], at: str, today: int) -> Iterator[ColumnSql]:
    """Creation defaults to now and only moves earlier."""
    if "created_at" not in staged:
        yield ColumnSql("created_at", f"'{at}'", "l.created_at", None)
        yield ColumnSql("created_day", f"{today}", "l.created_day", None)
        return
    earlier = is_earlier()
    for name, default in (("created_at", f"'{at}'"), ("created_day", f"{today}")):
        yield ColumnSql(
            name,
            f"coalesce(s.{name}, {default})",
            f"CASE WHEN {earlier} THEN s.{name} ELSE l.{name} END",
            earlier if name == "created_at" else None,
        )


def is_earlier() -> str:
    return "(s.created_at IS NOT NULL AND s.created_at < l.created_at)"


def _custom(staged: set[str]) -> Iterator[ColumnSql]:
    for name in _JSON:
        if name in staged:
            merged = f"CASE WHEN s.{name} IS NULL THEN {canonical_json(f'l.{name}')} ELSE " + (
                f"{merged_json(f'l.{name}', f's.{name}')} END"
            )
            inserted = f"coalesce({merged_json(empty_json(), f's.{name}')}, {empty_json()})"
            changed = f"(s.{name} IS NOT NULL AND {merged} <> {canonical_json(f'l.{name}')})"
            yield ColumnSql(name, inserted, merged, changed)


def _unparsed(staged: set[str]) -> ColumnSql:
    """Raw texts that could not be read: new ones are added, those since read are dropped."""
    read = [(f"s.{column} IS NOT NULL", key) for column, key in _PARSED.items() if column in staged]
    overlaid = f"CASE WHEN s.unparsed IS NULL THEN {{old}} ELSE {merged_json('{old}', 's.unparsed')} END"
    old = canonical_json("l.unparsed")
    updated = _without_keys(overlaid.replace("{old}", old), read)
    same = f"(l.unparsed = {empty_json()} AND s.unparsed IS NULL)"
    return ColumnSql(
        "unparsed",
        f"coalesce({_without_keys('s.unparsed', read)}, {empty_json()})",
        f"CASE WHEN {same} THEN l.unparsed ELSE {updated} END",
        f"(NOT {same} AND {updated} <> {old})",
    )


def _without_keys(json: str, conditions: list[tuple[str, str]]) -> str:
    """SQL: the JSON object without each key whose condition holds."""
    if not conditions:
        return json
    if is_postgresql():
        return f"({json})" + "".join(
            f" - CASE WHEN {test} THEN '{key}' ELSE '' END" for test, key in conditions
        )
    paths = ", ".join(f"CASE WHEN {test} THEN '$.{key}' ELSE '$.\"\"' END" for test, key in conditions)
    return f"json_remove({json}, {paths})"


def relink_condition(staging: Staging) -> str:
    """SQL: the row should (again) find the company of its lead.

    A lead that has one keeps it, unless the row names another than before: a second import of a file
    must change nothing, whatever companies have come since.
    """
    staged = {column.name for column in staging.columns}
    named = ["s.link_domain IS NOT NULL"]
    other = []
    if "company_name" in staged:
        named.append("s.company_key IS NOT NULL")
        other.append(
            "(l.company_name <> '' AND s.company_name IS NOT NULL AND s.company_name <> l.company_name)"
        )
    if "company_domain" in staged:
        other.append(
            "(l.company_domain <> '' AND s.company_domain IS NOT NULL AND s.company_domain <> l.company_domain)"
        )
    return f"(({' OR '.join(named)}) AND (l.company_id IS NULL{''.join(f' OR {test}' for test in other)}))"
