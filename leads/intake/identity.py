"""Whose row is this: each staged row is matched to a lead, to an earlier row, or refused.

A row is about the lead that has its external id (in its source system), else the one that has its
e-mail. What the file says of itself counts alike: rows that share an id or an address are about one
lead. An address belongs to the first id that names it; a row that would give it to another is refused.
All in sets: only rows that share a key with others ("shared") need more than one join.
"""

from __future__ import annotations

from leads.intake.staging import REFUSED, Staging
from leads.models import LeadIdentifier

MATCHED, SHARED, RESOLVED, ALIASES = "intake_matched", "intake_shared", "intake_resolved", "intake_aliases"
EXTERNAL, ALIAS = LeadIdentifier.Kind.EXTERNAL_ID.value, LeadIdentifier.Kind.ALIAS_EMAIL.value


def resolve(staging: Staging, *, source_system: str) -> int:
    """Fill RESOLVED (line, head, lead): the row that stands for all of its lead, and the lead if there is one.

    Refused rows go to the table of refused ones. Returns the number of rows that repeat an earlier one's lead.
    """
    names = {column.name for column in staging.columns}
    _match(staging, names, source_system)
    _refuse_split(staging)
    _collect_shared(staging)
    if staging.count(SHARED):
        _refuse_taken_emails(staging)
        _join_by_email(staging)
        _join_by_lead(staging)
    _name_heads(staging)
    return int(staging.value(f"SELECT count(*) FROM {RESOLVED} WHERE head <> line"))


def _match(staging: Staging, names: set[str], source_system: str) -> None:
    """One join each against ids, addresses and other addresses of leads."""
    by_id, id_join, params = "CAST(NULL AS bigint)", "", list[str]()
    by_email, email_join = "CAST(NULL AS bigint)", ""
    id_column, email_column = "CAST(NULL AS text)", "CAST(NULL AS text)"
    if "external_id" in names:
        id_column, by_id = "s.external_id", "i.lead_id"
        id_join = "LEFT JOIN leads_leadidentifier i ON i.value = s.external_id AND i.kind = %s AND i.source_system = %s"
        params += [EXTERNAL, source_system]
    if "email" in names:
        email_column, by_email = "s.email_folded", "coalesce(l.id, a.lead_id)"
        email_join = (
            "LEFT JOIN leads_lead l ON l.email_folded = s.email_folded AND NOT (l.email_folded = '') "
            "LEFT JOIN leads_leadidentifier a ON a.value = s.email_folded AND a.kind = %s AND a.source_system = ''"
        )
        params += [ALIAS]
    staging.scratch(
        MATCHED,
        f"""AS SELECT s.line, {id_column} AS external_id, {email_column} AS email, {by_id} AS by_id,
            {by_email} AS by_email FROM {staging.name} s {id_join} {email_join}""",
        params,
    )
    staging.analyze(MATCHED)
    if "external_id" in names and "email" in names:
        # The other id that the address's lead has in this system, where the row's own id is new.
        staging.scratch(
            "intake_rivals",
            f"""AS SELECT m.line, min(i.value) AS rival FROM {MATCHED} m
                JOIN leads_leadidentifier i ON i.lead_id = m.by_email AND i.kind = %s AND i.source_system = %s
                WHERE m.external_id IS NOT NULL AND m.by_id IS NULL GROUP BY m.line""",
            [EXTERNAL, source_system],
        )
    else:
        staging.scratch("intake_rivals", "(line bigint, rival text)")


def _refuse_split(staging: Staging) -> None:
    """Rows whose id and address belong to two leads that are known already."""
    refused = staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT m.line, 'The external id “' || m.external_id || '” belongs to lead ' || m.by_id || ' (' ||
               coalesce(nullif(x.email, ''), x.external_id) || '), the e-mail “' || m.email || '” to lead ' ||
               m.by_email || ' (' || coalesce(nullif(y.external_id, ''), y.email) || ').'
        FROM {MATCHED} m JOIN leads_lead x ON x.id = m.by_id JOIN leads_lead y ON y.id = m.by_email
        WHERE m.by_id <> m.by_email"""
    )
    refused += staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT m.line, 'The e-mail “' || m.email || '” belongs to lead ' || m.by_email || ' with the external id “' ||
               r.rival || '”, the row has “' || m.external_id || '”.'
        FROM intake_rivals r JOIN {MATCHED} m ON m.line = r.line"""
    )
    if refused:
        _forget_refused(staging, MATCHED)


def _forget_refused(staging: Staging, table: str) -> None:
    staging.execute(f"DELETE FROM {table} WHERE line IN (SELECT line FROM {REFUSED})")


def _collect_shared(staging: Staging) -> None:
    """Rows that share their id, their address or their lead with another row: usually few."""
    lead = "coalesce(by_id, by_email)"
    staging.scratch(
        SHARED,
        f"""AS SELECT line, external_id, email, by_id, by_email, {lead} AS lead FROM {MATCHED}
            WHERE external_id IN (
                    SELECT external_id FROM {MATCHED} WHERE external_id IS NOT NULL
                    GROUP BY external_id HAVING count(*) > 1)
               OR email IN (
                    SELECT email FROM {MATCHED} WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1)
               OR {lead} IN (
                    SELECT {lead} FROM {MATCHED} WHERE {lead} IS NOT NULL GROUP BY {lead} HAVING count(*) > 1)""",
    )
    staging.analyze(SHARED)


def _refuse_taken_emails(staging: Staging) -> None:
    """An address goes to the first id of the file that names it."""
    staging.scratch(
        "intake_claims",
        f"""AS SELECT email, external_id, line FROM (
                SELECT email, external_id, line, row_number() OVER (PARTITION BY email ORDER BY line) AS place
                FROM {SHARED} WHERE email IS NOT NULL AND external_id IS NOT NULL) claims WHERE place = 1""",
    )
    staging.index("intake_claims", "email")
    refused = staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT s.line, 'The e-mail “' || s.email || '” belongs to the external id “' || c.external_id ||
               '” of line ' || c.line || ', the row has “' || s.external_id || '”.'
        FROM {SHARED} s JOIN intake_claims c ON c.email = s.email WHERE c.external_id <> s.external_id"""
    )
    if refused:
        _forget_refused(staging, SHARED)
        _forget_refused(staging, MATCHED)


def _join_by_email(staging: Staging) -> None:
    """Rows without an id join the id that has their address; then all of one id have one lead."""
    staging.execute(
        f"""
        UPDATE {SHARED} SET external_id = c.external_id FROM intake_claims c
        WHERE {SHARED}.external_id IS NULL AND c.email = {SHARED}.email"""
    )
    staging.scratch(
        "intake_ids",
        f"""AS SELECT external_id, by_id, lead, line FROM (
                SELECT external_id, by_id, lead, line, row_number() OVER (
                    PARTITION BY external_id ORDER BY CASE WHEN by_id IS NULL THEN 1 ELSE 0 END,
                                                      CASE WHEN lead IS NULL THEN 1 ELSE 0 END, line) AS place
                FROM {SHARED} WHERE external_id IS NOT NULL) ids WHERE place = 1""",
    )
    staging.index("intake_ids", "external_id")
    refused = staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT s.line, 'The e-mail “' || s.email || '” belongs to lead ' || s.by_email || ', the external id “' ||
               s.external_id || '” by line ' || i.line || ' to lead ' || i.lead || '.'
        FROM {SHARED} s JOIN intake_ids i ON i.external_id = s.external_id
        WHERE s.by_email IS NOT NULL AND s.by_email <> i.lead"""
    )
    if refused:
        _forget_refused(staging, SHARED)
        _forget_refused(staging, MATCHED)
    staging.execute(
        f"""
        UPDATE {SHARED} SET lead = i.lead, by_id = i.by_id FROM intake_ids i
        WHERE i.external_id = {SHARED}.external_id AND i.lead IS NOT NULL"""
    )


def _join_by_lead(staging: Staging) -> None:
    """A known lead takes one new id of a system: the first that names its address."""
    staging.scratch(
        "intake_adopted",
        f"""AS SELECT lead, external_id, line FROM (
                SELECT lead, external_id, line, row_number() OVER (PARTITION BY lead ORDER BY line) AS place
                FROM {SHARED} WHERE lead IS NOT NULL AND by_id IS NULL AND external_id IS NOT NULL
            ) adopted WHERE place = 1""",
    )
    refused = staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT s.line, 'The e-mail belongs to lead ' || s.lead || ', which line ' || a.line ||
               ' gives the external id “' || a.external_id || '”; the row has “' || s.external_id || '”.'
        FROM {SHARED} s JOIN intake_adopted a ON a.lead = s.lead
        WHERE s.by_id IS NULL AND s.external_id IS NOT NULL AND s.external_id <> a.external_id"""
    )
    if refused:
        _forget_refused(staging, SHARED)
        _forget_refused(staging, MATCHED)


def _name_heads(staging: Staging) -> None:
    """RESOLVED: alone, a row stands for itself; of rows about one lead the first stands for all.

    `news` is 1 where the lead does not have the row's id or address yet.
    """
    news = (
        "CASE WHEN (external_id IS NOT NULL AND by_id IS NULL) OR (email IS NOT NULL AND by_email IS NULL) "
        "THEN 1 ELSE 0 END"
    )
    group = (
        "lead, CASE WHEN lead IS NULL THEN external_id END, "
        "CASE WHEN lead IS NULL AND external_id IS NULL THEN email END"
    )
    staging.scratch(
        RESOLVED,
        f"""AS SELECT line, line AS head, coalesce(by_id, by_email) AS lead, {news} AS news FROM {MATCHED}
            WHERE line NOT IN (SELECT line FROM {SHARED})
            UNION ALL
            SELECT line, min(line) OVER (PARTITION BY {group}), lead, max({news}) OVER (PARTITION BY {group})
            FROM {SHARED}""",
    )
    staging.analyze(RESOLVED)
    staging.scratch(
        ALIASES,
        f"""AS SELECT DISTINCT r.head, s.email FROM {SHARED} s JOIN {RESOLVED} r ON r.line = s.line
            WHERE s.email IS NOT NULL""",
    )
