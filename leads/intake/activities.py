"""Import of activities: staged, matched, and written chunk by chunk, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from leads.intake.activityrows import ActivityRows, content_key
from leads.intake.loading import CHUNK, CHUNK_ROWS, create_campaigns, finish_report, stage_file
from leads.intake.mapping import ACTIVITIES
from leads.intake.options import ImportOptions
from leads.intake.reading import OpenedFile, open_for_import
from leads.intake.references import REFERENCES, resolve_references
from leads.intake.report import Report, counted
from leads.intake.staging import StagedColumn, Staging, is_postgresql
from leads.models import ActivityType, AttributeKey
from leads.news import tell_leads_changed

STAGED, WORK = "intake_activities", "intake_work"
_AGAIN = "intake_again"


def import_activities(*, options: ImportOptions, at: datetime | None = None) -> Report:
    """Import a file of activities, or with `dry_run` only count. FileRefused where it is refused as a whole.

    The same file again changes nothing; so a killed import is resumed by running it again.
    """
    at = at or timezone.now()
    opened = open_for_import(ACTIVITIES, options, at=at, scope=AttributeKey.Scope.ACTIVITY)
    rows = ActivityRows(
        mapping=opened.mapping,
        reading=opened.reading,
        source_system=options.source_system,
        kinds=opened.kinds,
    )
    with Staging(STAGED, rows.columns) as staging:
        stage_file(opened, rows, staging, options)
        resolve_references(staging, source_system=options.source_system)
        _ActivityImport(opened, options, staging).run()
        finish_report(opened, options, staging, at)
    if not options.dry_run:
        tell_leads_changed()
    return opened.report


@dataclass
class _ActivityImport:
    opened: OpenedFile
    options: ImportOptions
    staging: Staging

    def __post_init__(self) -> None:
        self.report = self.opened.report
        self.staged = {column.name for column in self.staging.columns}

    def run(self) -> None:
        staging, report = self.staging, self.report
        self._number_repetitions()
        report.repeated = staging.count(_AGAIN)
        staging.scratch(
            WORK,
            f"""AS SELECT s.line, r.lead, row_number() OVER (ORDER BY s.line) AS position
                FROM {STAGED} s JOIN {REFERENCES} r ON r.line = s.line
                LEFT JOIN leads_activity known ON known.key = s.key
                WHERE r.lead IS NOT NULL AND known.id IS NULL AND s.line NOT IN (SELECT line FROM {_AGAIN})""",
        )
        staging.index(WORK, "position")
        staging.analyze(WORK)
        report.new = staging.count(WORK)
        known = int(staging.value(f"SELECT count(*) FROM {REFERENCES} WHERE lead IS NOT NULL"))
        report.unchanged = known - report.repeated - report.new
        self._announce_types()
        if not self.options.dry_run:
            self._write()

    def _number_repetitions(self) -> None:
        """Identical rows are as many activities: the second, third ... get keys of their own, the same each time.

        Rows with the same external id are one activity, the first: the others are in _AGAIN.
        """
        staging = self.staging
        again = f"""
            SELECT line, key, keyed, place FROM (
                SELECT s.line, s.key, s.keyed, row_number() OVER (PARTITION BY s.key ORDER BY s.line) AS place
                FROM {STAGED} s JOIN {REFERENCES} r ON r.line = s.line
                WHERE r.lead IS NOT NULL AND s.key IN (SELECT key FROM {STAGED} GROUP BY key HAVING count(*) > 1)
            ) w WHERE place > 1"""
        staging.scratch(_AGAIN, f"AS {again}")
        staging.scratch("intake_rekeyed", f"(line bigint, key {_uuid_type()})")
        rows = staging.rows(f"SELECT line, key, place FROM {_AGAIN} WHERE keyed = 0 ORDER BY line")
        while batch := list(islice(rows, 5000)):
            keys = [content_key(_hex(key), str(place)) for _, key, place in batch]
            staging.fill("intake_rekeyed", ("line", "key"), [[line for line, _, _ in batch], keys])
        if is_postgresql():
            staging.analyze("intake_rekeyed")
        staging.execute(f"UPDATE {STAGED} SET key = w.key FROM intake_rekeyed w WHERE w.line = {STAGED}.line")
        staging.execute(f"DELETE FROM {_AGAIN} WHERE keyed = 0")

    def _announce_types(self) -> None:
        rows = self.staging.rows(
            f"""
            SELECT s.type_code, min(s.type_label), count(*) FROM {WORK} w JOIN {STAGED} s ON s.line = w.line
            WHERE s.type_code NOT IN (SELECT code FROM leads_activitytype) GROUP BY s.type_code ORDER BY s.type_code"""
        )
        self.new_types = list(rows)
        for code, _, count in self.new_types:
            verb = "would be created" if self.options.dry_run else "was created"
            self.report.notes.append(
                f"The activity type “{code}” was unknown and {verb} ({counted(count, 'row')})."
            )

    def _write(self) -> None:
        staging = self.staging
        total = self.report.new
        if not total:
            return
        if is_postgresql():
            staging.execute(f"CREATE INDEX IF NOT EXISTS {STAGED}_line ON {STAGED} (line)")
        staging.scratch(CHUNK, "(line bigint PRIMARY KEY, lead bigint)")
        size = CHUNK_ROWS[connection.vendor]
        written = 0
        for start in range(1, total + 1, size):
            with transaction.atomic():
                staging.execute(f"DELETE FROM {CHUNK}")
                staging.execute(
                    f"INSERT INTO {CHUNK} (line, lead) SELECT line, lead FROM {WORK} WHERE position BETWEEN %s AND %s",
                    [start, start + size - 1],
                )
                staging.analyze(CHUNK)
                created = self._create_dimensions()
                inserted = self._insert()
                staging.refresh_statistics("leads_activity", added=written + inserted)
            written += inserted
            for what, count in created.items():
                self.report.created[what] = self.report.created.get(what, 0) + count
            self.options.progress("write", min(start + size - 1, total), total)
        # Another import wrote the same activities meanwhile.
        self.report.unchanged += total - written
        self.report.new = written

    def _create_dimensions(self) -> dict[str, int]:
        """Types, assets, campaigns and property keys that the chunk is the first to name."""
        types = ActivityType.objects.bulk_create(
            [ActivityType(code=code, label=label[:100]) for code, label, _ in self.new_types],
            ignore_conflicts=True,
        )
        self.new_types = []
        labels = {column.key: column.label for column in self.opened.mapping.custom}
        before = AttributeKey.objects.count()
        AttributeKey.objects.bulk_create(
            [
                AttributeKey(scope=AttributeKey.Scope.ACTIVITY, key=key, label=labels.get(key, key)[:200])
                for key in self.opened.kinds
            ],
            ignore_conflicts=True,
        )
        created = {"activity types": len(types), "property keys": AttributeKey.objects.count() - before}
        if "asset" in self.staged:
            created["assets"] = self._create_assets()
        if "campaign_name" in self.staged:
            created["campaigns"] = create_campaigns(self.staging)
        return created

    def _create_assets(self) -> int:
        return self.staging.execute(
            f"""
            INSERT INTO leads_asset (name, name_folded, digest)
            SELECT w.asset, w.asset_folded, w.asset_digest FROM (
                SELECT s.asset, s.asset_folded, s.asset_digest, s.line,
                       row_number() OVER (PARTITION BY s.asset_digest ORDER BY s.line) AS place
                FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line
                WHERE s.asset IS NOT NULL AND s.asset_digest NOT IN (SELECT digest FROM leads_asset)) w
            WHERE w.place = 1 ORDER BY w.line"""
        )

    def _insert(self) -> int:
        asset, asset_join = "NULL", ""
        campaign, campaign_join = "NULL", ""
        if "asset" in self.staged:
            asset, asset_join = "a.id", "LEFT JOIN leads_asset a ON a.digest = s.asset_digest"
        if "campaign_name" in self.staged:
            campaign = "c.id"
            campaign_join = "LEFT JOIN leads_campaign c ON c.name_folded = s.campaign_name_folded"
        known_at = (
            "coalesce(s.recorded_at, s.occurred_at)" if "recorded_at" in self.staged else "s.occurred_at"
        )
        raw, typed = (
            ("s.properties", "s.properties_typed") if "properties" in self.staged else ("NULL", "NULL")
        )
        return self.staging.execute(
            f"""
            INSERT INTO leads_activity (lead_id, type_id, occurred_at, day, asset_id, campaign_id, key, known_at,
                                        properties, properties_typed)
            SELECT k.lead, t.id, s.occurred_at, s.day, {asset}, {campaign}, s.key, {known_at}, {raw}, {typed}
            FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line JOIN leads_activitytype t ON t.code = s.type_code
            {asset_join} {campaign_join} WHERE s.line > 0 ORDER BY k.line
            ON CONFLICT (key) DO NOTHING"""
        )


def _uuid_type() -> str:
    return Staging.sql_type(StagedColumn("key", "uuid"))


def _hex(key: object) -> str:
    """A staged key as 32 hex digits: PostgreSQL gives a UUID, SQLite the text."""
    return str(key).replace("-", "")
