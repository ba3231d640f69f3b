"""The leads that rows of activities and history are about."""

from __future__ import annotations

from leads.intake.staging import REFUSED, Staging
from leads.models import LeadIdentifier

REFERENCES = "intake_references"


def resolve_references(staging: Staging, *, source_system: str) -> None:
    """Fill REFERENCES (line, lead), by external id, then by e-mail; refuse rows about nobody known."""
    staging.scratch(
        REFERENCES,
        f"""AS SELECT s.line, coalesce(i.lead_id, l.id, a.lead_id) AS lead FROM {staging.name} s
            LEFT JOIN leads_leadidentifier i ON i.value = s.lead_ref AND i.kind = %s AND i.source_system = %s
            LEFT JOIN leads_lead l ON l.email_folded = s.lead_email AND NOT (l.email_folded = '')
            LEFT JOIN leads_leadidentifier a ON a.value = s.lead_email AND a.kind = %s AND a.source_system = ''""",
        [LeadIdentifier.Kind.EXTERNAL_ID.value, source_system, LeadIdentifier.Kind.ALIAS_EMAIL.value],
    )
    staging.execute(
        f"""
        INSERT INTO {REFUSED} (line, reason)
        SELECT s.line, CASE WHEN s.lead_email IS NULL THEN
                   'No lead has the external id “' || s.lead_ref || '” in the source system “' || %s || '”.'
               ELSE 'No lead has the e-mail address or external id “' || s.lead_ref || '”.' END
        FROM {REFERENCES} r JOIN {staging.name} s ON s.line = r.line WHERE r.lead IS NULL""",
        [source_system],
    )
    staging.analyze(REFERENCES)
