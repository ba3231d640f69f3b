"""Import of history: what happened to leads in another system before this one.

Stage changes go in as they come, in any order and from several files; everything else (handoffs,
holds, the present stage) is derived from the whole history of the leads concerned, so that the order
in which files come makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from leads import lifecycle
from leads.handoff import imported
from leads.intake.historyrows import HistoryRows
from leads.intake.loading import CHUNK, CHUNK_ROWS, finish_report, stage_file
from leads.intake.mapping import HISTORY
from leads.intake.options import ImportOptions
from leads.intake.reading import OpenedFile, open_for_import
from leads.intake.references import REFERENCES, resolve_references
from leads.intake.report import Report
from leads.intake.staging import Staging, is_postgresql
from leads.models import Deal, Stage

STAGED, WORK, LEADS = "intake_history", "intake_work", "intake_history_leads"


def import_history(*, options: ImportOptions, at: datetime | None = None) -> Report:
    """Import a file of stage changes, or with `dry_run` only count. FileRefused where it is refused as a whole.

    A row is known by its lead, stage and instant: the same again changes nothing.
    """
    at = at or timezone.now()
    opened = open_for_import(HISTORY, options, at=at, scope=None)
    rows = HistoryRows(mapping=opened.mapping, reading=opened.reading)
    with Staging(STAGED, rows.columns) as staging:
        stage_file(opened, rows, staging, options)
        resolve_references(staging, source_system=options.source_system)
        _HistoryImport(opened, options, staging, at).run()
        finish_report(opened, options, staging, at)
    return opened.report


@dataclass
class _HistoryImport:
    opened: OpenedFile
    options: ImportOptions
    staging: Staging
    at: datetime

    def run(self) -> None:
        self._plan()
        report, staging = self.opened.report, self.staging
        report.new = int(staging.value(f"SELECT count(*) FROM {WORK} WHERE state = 'new'"))
        report.updated = int(staging.value(f"SELECT count(*) FROM {WORK} WHERE state = 'updated'"))
        if not self.options.dry_run:
            self._write()
        self._warn_of_won_before_mql()

    def _plan(self) -> None:
        """WORK: rows to write. New ones, and those that tell the amount of a deal that had none."""
        staging, report = self.staging, self.opened.report
        staging.scratch(
            "intake_places",
            f"""AS SELECT s.line, r.lead, row_number() OVER (
                       PARTITION BY r.lead, s.stage, s.entered_at ORDER BY s.line) AS place
                FROM {STAGED} s JOIN {REFERENCES} r ON r.line = s.line WHERE r.lead IS NOT NULL""",
        )
        report.repeated = int(staging.value("SELECT count(*) FROM intake_places WHERE place > 1"))
        staging.scratch(
            "intake_states",
            f"""AS SELECT p.line, p.lead,
                       CASE WHEN c.lead_id IS NULL THEN 'new' WHEN d.id IS NOT NULL THEN 'updated'
                            ELSE 'unchanged' END AS state
                FROM intake_places p JOIN {STAGED} s ON s.line = p.line
                LEFT JOIN (SELECT DISTINCT lead_id, to_stage, occurred_at FROM leads_stagechange WHERE NOT undone) c
                     ON c.lead_id = p.lead AND c.to_stage = s.stage AND c.occurred_at = s.entered_at
                LEFT JOIN leads_deal d ON d.lead_id = p.lead AND d.imported AND d.closed_at = s.entered_at
                     AND d.amount IS NULL AND s.amount IS NOT NULL AND s.stage = %s
                WHERE p.place = 1""",
            [Stage.CUSTOMER.value],
        )
        report.unchanged = int(staging.value("SELECT count(*) FROM intake_states WHERE state = 'unchanged'"))
        # All rows of a lead are in one chunk: its history is derived once, and whole.
        staging.scratch(
            WORK,
            """AS SELECT line, lead, state, dense_rank() OVER (ORDER BY lead) AS position
               FROM intake_states WHERE state <> 'unchanged'""",
        )
        staging.index(WORK, "position")
        staging.analyze(WORK)

    def _write(self) -> None:
        staging = self.staging
        total = int(staging.value(f"SELECT coalesce(max(position), 0) FROM {WORK}"))
        if not total:
            return
        if is_postgresql():
            staging.execute(f"CREATE INDEX IF NOT EXISTS {STAGED}_line ON {STAGED} (line)")
        staging.scratch(CHUNK, "(line bigint PRIMARY KEY, lead bigint, state text)")
        size = CHUNK_ROWS[connection.vendor] // 2
        added, created = 0, self.opened.report.created
        for start in range(1, total + 1, size):
            with transaction.atomic():
                staging.execute(f"DELETE FROM {CHUNK}")
                staging.execute(
                    f"""INSERT INTO {CHUNK} (line, lead, state) SELECT line, lead, state FROM {WORK}
                        WHERE position BETWEEN %s AND %s""",
                    [start, start + size - 1],
                )
                staging.analyze(CHUNK)
                added += self._write_changes()
                staging.refresh_statistics("leads_stagechange", added=added)
                deals = self._write_deals()
                handoffs = imported.derive(
                    ids_sql=f"SELECT lead FROM {CHUNK}", analyze=staging.analyze, at=self.at
                )
            for what, count in (("deals", deals), ("handoffs", handoffs)):
                created[what] = created.get(what, 0) + count
            self.options.progress("write", min(start + size - 1, total), total)

    def _write_changes(self) -> int:
        return lifecycle.record_imported(
            rows_sql=f"""
                SELECT k.lead, s.stage, s.position, s.entered_at, s.day, s.actor_user, coalesce(s.actor, ''),
                       s.reason, coalesce(s.note, '')
                FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line WHERE k.state = 'new' ORDER BY k.line""",
            ids_sql=f"SELECT lead FROM {CHUNK} WHERE state = 'new'",
            at=self.at,
        )

    def _write_deals(self) -> int:
        """A won deal for each change to customer; an amount told later is added."""
        customers = (
            f"FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line WHERE s.stage = '{Stage.CUSTOMER.value}'"
        )
        won = self.staging.execute(
            f"""
            INSERT INTO leads_deal (lead_id, state, amount, currency, owner_id, owner_actor, opened_at, closed_at,
                                    note, imported)
            SELECT k.lead, %s, s.amount, coalesce(s.currency, %s), s.actor_user, coalesce(s.actor, ''),
                   s.entered_at, s.entered_at, '', %s
            {customers} AND k.state = 'new' ORDER BY k.line ON CONFLICT DO NOTHING""",
            [Deal.State.WON.value, settings.CURRENCY, True],
        )
        self.staging.execute(
            f"""
            UPDATE leads_deal SET amount = w.amount, currency = w.currency FROM (
                SELECT k.lead, s.entered_at, s.amount, coalesce(s.currency, %s) AS currency
                {customers} AND k.state = 'updated') w
            WHERE leads_deal.lead_id = w.lead AND leads_deal.closed_at = w.entered_at AND leads_deal.imported""",
            [settings.CURRENCY],
        )
        # Opened when the lead was last an opportunity before, where that is told.
        self.staging.execute(
            f"""
            UPDATE leads_deal SET opened_at = coalesce((
                SELECT max(c.occurred_at) FROM leads_stagechange c
                WHERE c.lead_id = leads_deal.lead_id AND c.to_stage = %s AND NOT c.undone
                  AND c.occurred_at <= leads_deal.closed_at), closed_at)
            WHERE imported AND lead_id IN (SELECT lead FROM {CHUNK})""",
            [Stage.OPPORTUNITY.value],
        )
        return won

    def _warn_of_won_before_mql(self) -> None:
        """A lead that won a deal before it became an MQL keeps that history, and is not offered."""
        if self.options.dry_run:
            return
        rows = self.staging.rows(
            f"""
            SELECT min(s.line), l.id, l.first_name, l.last_name, l.email, l.external_id
            FROM {STAGED} s JOIN {REFERENCES} r ON r.line = s.line JOIN leads_lead l ON l.id = r.lead
            WHERE l.stage = %s AND EXISTS (
                SELECT 1 FROM leads_deal d
                WHERE d.lead_id = l.id AND d.state = %s AND d.closed_at <= l.stage_entered_at)
            GROUP BY l.id, l.first_name, l.last_name, l.email, l.external_id ORDER BY 1""",
            [Stage.MQL.value, Deal.State.WON.value],
        )
        for count, (line, _, first, last, email, external_id) in enumerate(rows):
            if count == 20:
                self.opened.report.warnings.append("More leads won a deal before they became an MQL.")
                break
            name = f"{first} {last}".strip() or email or external_id
            self.opened.report.warnings.append(
                f"Line {line}: {name} won a deal before becoming an MQL; its history is kept as recorded, "
                "and it is not offered to sales."
            )
