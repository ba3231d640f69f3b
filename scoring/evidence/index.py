"""Brings the bits of decided handoffs up to date with their frozen evidence: one statement a rulebook version.

Evidence never changes, so a handoff is read once, when somebody first asks after its decision.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from leads.conditions import Dialect, dialect_of
from leads.models import Handoff
from scoring.models import HandoffRules, Rulebook
from scoring.models.evidence import BITS_A_WORD, WORDS

_ITEMS = {
    Dialect.POSTGRESQL: (
        "LEFT JOIN LATERAL jsonb_array_elements(h.contributions) item(value)"
        " ON CAST(item.value->>'points' AS numeric) <> 0",
        "item.value->>'rule'",
    ),
    Dialect.SQLITE: (
        "LEFT JOIN json_each(h.contributions) item ON json_extract(item.value, '$.points') <> 0",
        "json_extract(item.value, '$.rule')",
    ),
}


def rules_in_order(book: Rulebook) -> list[str]:
    """The keys of all rules of a version: the place of each is its bit."""
    return list(book.rules.order_by("position", "pk").values_list("key", flat=True))


def versions_read() -> list[int]:
    """The numbers of the versions that made the offers which were decided."""
    versions = HandoffRules.objects.order_by().values_list("rulebook_version", flat=True).distinct()
    return list(versions)


def bring_up_to_date() -> None:
    """Read the evidence of decided handoffs that were not read yet. Twice at once does no harm."""
    unread = (
        Handoff.objects.decided()
        .filter(~Exists(HandoffRules.objects.filter(handoff=OuterRef("pk"))), total__isnull=False)
        .order_by()
        .values_list("rulebook_version", flat=True)
        .distinct()
    )
    versions = [version for version in unread if version is not None]
    if not versions:
        return
    with transaction.atomic():
        for book in Rulebook.objects.filter(number__in=versions).order_by("number"):
            if book.number is not None and (keys := rules_in_order(book)):
                _read(book.number, keys)


def _read(version: int, keys: Sequence[str]) -> None:
    items, rule = _ITEMS[dialect_of(connection)]
    places = ", ".join(
        f"(CAST(%s AS text), {place // BITS_A_WORD}, CAST({1 << place % BITS_A_WORD} AS bigint))"
        for place in range(len(keys))
    )
    # DISTINCT: a bit counts once, should evidence ever name a rule twice.
    words = ", ".join(
        f"CAST(coalesce(sum(DISTINCT CASE WHEN p.word = {word} THEN p.bit END), 0) AS bigint)"
        for word in range(WORDS)
    )
    columns = ", ".join(f"bits_{word}" for word in range(WORDS))
    statement = f"""
        INSERT INTO scoring_handoffrules (handoff_id, rulebook_version, {columns})
        WITH p (rule, word, bit) AS (VALUES {places})
        SELECT h.id, h.rulebook_version, {words}
        FROM leads_handoff h {items} LEFT JOIN p ON p.rule = {rule}
        WHERE h.rulebook_version = %s AND h.total IS NOT NULL AND h.state IN (%s, %s)
          AND NOT EXISTS (SELECT 1 FROM scoring_handoffrules r WHERE r.handoff_id = h.id)
        GROUP BY h.id, h.rulebook_version
        ON CONFLICT (handoff_id) DO NOTHING"""
    decided = [Handoff.State.ACCEPTED.value, Handoff.State.REJECTED.value]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*keys, version, *decided])
