"""Leads' companies: found by domain, then by normalised name, or created. Their facts are never changed here."""

from __future__ import annotations

from leads.intake.staging import Staging

PAIRS = "intake_pairs"
_CHUNK = "intake_chunk"


def prepare(staging: Staging) -> None:
    staging.scratch(PAIRS, "(domain text, name_key text, line bigint, company bigint)")


def link(staging: Staging, *, at: str) -> int:
    """Give each pair of domain and name key among the chunk's rows its company. Returns how many were created.

    `at` is the present instant as staged text. A row finds its company by _PAIRS' domain and name_key.
    """
    names = {column.name for column in staging.columns}
    key = "coalesce(s.company_key, '')" if "company_key" in names else "''"
    staging.execute(f"DELETE FROM {PAIRS}")
    staging.execute(
        f"""
        INSERT INTO {PAIRS} (domain, name_key, line)
        SELECT coalesce(s.link_domain, ''), {key}, min(s.line)
        FROM {_CHUNK} k JOIN {staging.name} s ON s.line = k.line
        WHERE k.relink = 1 AND (s.link_domain IS NOT NULL OR {key} <> '') GROUP BY 1, 2"""
    )
    staging.analyze(PAIRS)
    _find(staging)
    created = 0
    while new := _create(staging, at=at, has_names="company_key" in names):
        created += new
        _find(staging)
    return created


def _find(staging: Staging) -> None:
    staging.execute(
        f"""
        UPDATE {PAIRS} SET company = c.id FROM leads_company c
        WHERE {PAIRS}.company IS NULL AND c.domain = {PAIRS}.domain AND NOT (c.domain = '')"""
    )
    staging.execute(
        f"""
        UPDATE {PAIRS} SET company = c.id
        FROM (SELECT name_key, min(id) AS id FROM leads_company
              WHERE name_key IN (SELECT p.name_key FROM {PAIRS} p WHERE p.company IS NULL AND p.name_key <> '')
              GROUP BY name_key) c
        WHERE {PAIRS}.company IS NULL AND c.name_key = {PAIRS}.name_key"""
    )


def _create(staging: Staging, *, at: str, has_names: bool) -> int:
    """One company for each domain and each name that none has yet; the earliest row names it."""
    name, name_folded = ("s.company_name", "s.company_name_folded") if has_names else ("NULL", "NULL")
    return staging.execute(
        f"""
        INSERT INTO leads_company (name, name_folded, name_key, domain, industry, industry_folded, country,
                                   region, region_folded, city, city_folded, created_at)
        SELECT coalesce({name}, w.domain), coalesce({name_folded}, w.domain), w.name_key, w.domain,
               '', '', '', '', '', '', '', %s
        FROM (
            SELECT p.*, row_number() OVER (
                PARTITION BY CASE WHEN name_key = '' THEN domain ELSE name_key END,
                             CASE WHEN name_key = '' THEN 1 ELSE 0 END ORDER BY line) AS of_name
            FROM (
                SELECT domain, name_key, line, row_number() OVER (
                    PARTITION BY CASE WHEN domain = '' THEN name_key ELSE domain END,
                                 CASE WHEN domain = '' THEN 1 ELSE 0 END ORDER BY line) AS of_domain
                FROM {PAIRS} WHERE company IS NULL) p
            WHERE of_domain = 1) w
        JOIN {staging.name} s ON s.line = w.line
        WHERE w.of_name = 1
        ORDER BY w.line""",
        [at],
    )
