"""Which sources, campaigns and countries are recorded on leads, without reading all leads."""

from __future__ import annotations

from django.db import connection

from leads.models import Campaign

# Each step asks an index for the next greater value: as many look-ups as there are different values,
# where DISTINCT would read an entry for every lead.
_DISTINCT = """
WITH RECURSIVE found (value) AS (
    SELECT MIN({column}) FROM leads_lead
    UNION ALL
    SELECT (SELECT MIN({column}) FROM leads_lead WHERE {column} > found.value)
    FROM found WHERE found.value IS NOT NULL
)
SELECT {select} FROM found WHERE value IS NOT NULL ORDER BY value
"""
# Leads may spell one source in several ways; the earliest one names it.
_EARLIEST_SPELLING = (
    "SELECT source FROM leads_lead WHERE source_folded = value ORDER BY created_at, id LIMIT 1"
)


def recorded_sources() -> dict[str, str]:
    """Each source as it is compared (folded) and as it is spelt; "" stands for "not recorded"."""
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT.format(column="source_folded", select=f"value, ({_EARLIEST_SPELLING})"))
        return dict(cursor.fetchall())


def recorded_countries() -> list[str]:
    """Country codes of leads; "" where some lead has none."""
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT.format(column="country", select="value"))
        return [country for (country,) in cursor.fetchall()]


def recorded_campaigns() -> list[str]:
    """Names of campaigns, in the order of the alphabet."""
    return list(Campaign.objects.order_by("name_folded").values_list("name", flat=True))
