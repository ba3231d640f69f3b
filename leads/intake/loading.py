"""Import of leads: staged, matched, planned, and then written chunk by chunk, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from leads import lifecycle
from leads.folding import fold
from leads.intake import companies, identity
from leads.intake.facts import instant_text
from leads.intake.leadfacts import is_earlier, lead_columns, relink_condition
from leads.intake.leadrows import LeadRows
from leads.intake.mapping import LEADS
from leads.intake.merging import merge_repeated
from leads.intake.options import ImportOptions
from leads.intake.reading import BATCH, OpenedFile, open_for_import
from leads.intake.report import SHOWN_REFUSALS, Refusal, Report, write_refused
from leads.intake.rows import FileRows
from leads.intake.staging import REFUSED, Staging, is_postgresql
from leads.models import AttributeKey, Lead, LeadIdentifier, Stage, User
from leads.models.fields import day_number, day_of
from leads.news import tell_leads_changed

STAGED, PLAN, WORK, CHUNK = "intake_leads", "intake_plan", "intake_work", "intake_chunk"
# On SQLite a chunk holds the only write lock: a web request must not wait longer than 0.3 s for it.
CHUNK_ROWS = {"postgresql": 50_000, "sqlite": 5_000}
ATTEMPTS = 5


def import_leads(*, options: ImportOptions, at: datetime | None = None) -> Report:
    """Import a file of leads, or with `dry_run` only count. FileRefused where it is refused as a whole.

    The same file again changes nothing; so a killed import is resumed by running it again.
    """
    at = at or timezone.now()
    opened = open_for_import(LEADS, options, at=at, scope=AttributeKey.Scope.LEAD)
    owners = {
        fold(email): pk
        for pk, email in User.objects.exclude(email="").order_by("pk").values_list("pk", "email")
    }
    rows = LeadRows(mapping=opened.mapping, reading=opened.reading, owners=owners, kinds=opened.kinds)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with Staging(STAGED, rows.columns) as staging:
                stage_file(opened, rows, staging, options)
                _LeadImport(opened, options, staging, at).run()
                finish_report(opened, options, staging, at)
            break
        except IntegrityError:
            # Somebody else wrote one of these leads since they were matched: match anew, and go on from there.
            if attempt == ATTEMPTS or connection.in_atomic_block:
                raise
            opened.reading.tally.forget()
    if not options.dry_run:
        tell_leads_changed()
    return opened.report


def stage_file(opened: OpenedFile, rows: FileRows, staging: Staging, options: ImportOptions) -> None:
    """Pass the whole file through `rows` into the staging table."""
    done = 0
    for batch in opened.file.batches(BATCH):
        staged = rows.read(batch)
        if staged.lines:
            staging.add(staged.lines, staged.values)
        for line, reason in staged.refused:
            staging.refuse(line, reason)
        done += len(batch.lines) + len(batch.misshapen)
        options.progress("read", done, opened.rows)
    staging.flush()
    staging.analyze(f"{staging.name} (line)")
    staging.expect(done)


def finish_report(opened: OpenedFile, options: ImportOptions, staging: Staging, at: datetime) -> None:
    """Count the refused rows, write them to their CSV, and gather the warnings."""
    report = opened.report
    report.refused = staging.count(REFUSED)
    report.warnings += opened.reading.tally.sentences()
    in_order = f"SELECT line, min(reason) FROM {REFUSED} GROUP BY line ORDER BY line"
    report.refusals = [Refusal(*row) for row in islice(staging.rows(in_order), SHOWN_REFUSALS)]
    if report.refused and not options.dry_run and options.refused_folder:
        path = write_refused(
            file=opened.file, refusals=staging.rows(in_order), folder=options.refused_folder, at=at
        )
        report.refused_file = str(path)


@dataclass
class _LeadImport:
    opened: OpenedFile
    options: ImportOptions
    staging: Staging
    at: datetime

    def __post_init__(self) -> None:
        self.report = self.opened.report
        today = day_number(day_of(self.at))
        self.columns = lead_columns(
            self.staging, erase_blanks=self.options.erase_blanks, at=instant_text(self.at), today=today
        )

    def run(self) -> None:
        self._plan()
        if not self.options.dry_run:
            self._write()
        report = self.report
        refused = self.staging.count(REFUSED)
        report.unchanged = report.rows - refused - report.repeated - report.new - report.updated

    def _plan(self) -> None:
        """WORK: the rows to write, by position, with what is to be done. Nothing is written yet."""
        staging = self.staging
        self.report.repeated = identity.resolve(staging, source_system=self.options.source_system)
        if self.report.repeated:
            merge_repeated(staging, erase_blanks=self.options.erase_blanks)
        staging.scratch(PLAN, f"AS {self._plan_sql()}")
        staging.scratch(
            WORK,
            f"""AS SELECT line, lead, state, earlier, relink, row_number() OVER (ORDER BY line) AS position
                FROM {PLAN} WHERE state <> 'unchanged'""",
        )
        staging.index(WORK, "position")
        staging.analyze(WORK)
        if self.options.dry_run:
            self.report.new = int(staging.value(f"SELECT count(*) FROM {WORK} WHERE state = 'new'"))
            self.report.updated = staging.count(WORK) - self.report.new

    def _plan_sql(self) -> str:
        changed = [column.changed for column in self.columns if column.changed]
        staged = {column.name for column in self.staging.columns}
        relink = relink_condition(self.staging)
        campaign = (
            "LEFT JOIN leads_campaign c ON c.name_folded = s.campaign_name_folded"
            if "campaign_name" in staged
            else ""
        )
        return f"""
            SELECT r.line, r.lead,
                   CASE WHEN l.id IS NULL THEN 'new'
                        WHEN r.news = 1 OR {relink} OR {" OR ".join(changed)} THEN 'updated'
                        ELSE 'unchanged' END AS state,
                   CASE WHEN {is_earlier() if "created_at" in staged else "1 = 0"} THEN 1 ELSE 0 END AS earlier,
                   CASE WHEN l.id IS NULL OR {relink} THEN 1 ELSE 0 END AS relink
            FROM {identity.RESOLVED} r JOIN {STAGED} s ON s.line = r.line
            LEFT JOIN leads_lead l ON l.id = r.lead {campaign}
            WHERE r.line = r.head"""

    def _write(self) -> None:
        staging = self.staging
        total = staging.count(WORK)
        if not total:
            return
        if is_postgresql():
            staging.execute(f"CREATE INDEX IF NOT EXISTS {STAGED}_line ON {STAGED} (line)")
        staging.scratch(
            CHUNK, "(line bigint PRIMARY KEY, lead bigint, state text, earlier integer, relink integer)"
        )
        staging.index(CHUNK, "lead")
        companies.prepare(staging)
        size = CHUNK_ROWS[connection.vendor]
        for start in range(1, total + 1, size):
            with transaction.atomic():
                new, updated, created = self._write_chunk(start, start + size - 1)
            # Counted after the commit: a chunk that is rolled back and tried again counts once.
            self.report.new += new
            self.report.updated += updated
            for what, count in created.items():
                self.report.created[what] = self.report.created.get(what, 0) + count
            self.options.progress("write", min(start + size - 1, total), total)

    def _write_chunk(self, first: int, last: int) -> tuple[int, int, dict[str, int]]:
        staging = self.staging
        self._take_chunk(first, last)
        created = {"attribute keys": self._declare_keys(), "campaigns": self._create_campaigns()}
        created["companies"] = companies.link(staging, at=instant_text(self.at))
        staging.refresh_statistics("leads_company", added=created["companies"])
        new = self._insert()
        staging.refresh_statistics("leads_lead", added=self.report.new + new)
        updated = int(staging.value(f"SELECT count(*) FROM {CHUNK} WHERE state = 'updated'"))
        if updated:
            self._keep_old_emails()
            self._update()
        self._add_identifiers()
        if new:
            lifecycle.begin_lifecycles(ids_sql=f"SELECT lead FROM {CHUNK} WHERE state = 'new'")
        if staging.value(f"SELECT 1 FROM {CHUNK} WHERE earlier = 1 LIMIT 1"):
            lifecycle.restart_lifecycles(ids_sql=f"SELECT lead FROM {CHUNK} WHERE earlier = 1")
        return new, updated, created

    def _take_chunk(self, first: int, last: int) -> None:
        """The chunk's rows, with ids for the new leads in the order of the file."""
        staging = self.staging
        staging.execute(f"DELETE FROM {CHUNK}")
        if is_postgresql():
            next_id = "nextval(pg_get_serial_sequence('leads_lead', 'id'))"
        else:
            # Under the write lock of this transaction nobody else takes an id; none of a deleted lead comes back.
            next_id = (
                "max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'leads_lead'), 0), "
                f"coalesce((SELECT max(id) FROM leads_lead), 0)) + w.position - {first} + 1"
            )
        staging.execute(
            f"""
            INSERT INTO {CHUNK} (line, lead, state, earlier, relink)
            SELECT w.line, CASE WHEN w.state = 'new' THEN {next_id} ELSE w.lead END, w.state, w.earlier, w.relink
            FROM (SELECT * FROM {WORK} WHERE position BETWEEN %s AND %s ORDER BY position) w""",
            [first, last],
        )
        staging.analyze(CHUNK)

    def _declare_keys(self) -> int:
        labels = {column.key: column.label for column in self.opened.mapping.custom}
        keys = [
            AttributeKey(scope=AttributeKey.Scope.LEAD, key=key, label=labels.get(key, key)[:200])
            for key in self.opened.kinds
        ]
        before = AttributeKey.objects.count()
        AttributeKey.objects.bulk_create(keys, ignore_conflicts=True)
        return AttributeKey.objects.count() - before

    def _create_campaigns(self) -> int:
        if "campaign_name" not in {column.name for column in self.staging.columns}:
            return 0
        return create_campaigns(self.staging)

    def _source(self) -> str:
        """FROM and joins of the chunk's staged rows with their companies and campaigns."""
        staged = {column.name for column in self.staging.columns}
        key = "coalesce(s.company_key, '')" if "company_key" in staged else "''"
        joins = (
            f"{CHUNK} k JOIN {STAGED} s ON s.line = k.line LEFT JOIN {companies.PAIRS} p "
            f"ON p.domain = coalesce(s.link_domain, '') AND p.name_key = {key}"
        )
        if "campaign_name" in staged:
            joins += " LEFT JOIN leads_campaign c ON c.name_folded = s.campaign_name_folded"
        return joins

    def _insert(self) -> int:
        given = {column.column: column.inserted for column in self.columns}
        given |= {
            "id": "k.lead",
            "stage": f"'{Stage.LEAD.value}'",
            "stage_entered_at": given["created_at"],
        }
        names, values = [], []
        for field in Lead._meta.local_concrete_fields:
            expression = given.get(str(field.column)) or _blank(field)
            if expression != "NULL":
                names.append(str(field.column))
                values.append(expression)
        return self.staging.execute(
            f"INSERT INTO leads_lead ({', '.join(names)}) SELECT {', '.join(values)} FROM {self._source()} "
            "WHERE k.state = 'new' ORDER BY k.line"
        )

    def _update(self) -> None:
        changing = [column for column in self.columns if column.updated != f"l.{column.column}"]
        assignments = ", ".join(f"{column.column} = {column.updated}" for column in changing)
        self.staging.execute(
            f"UPDATE leads_lead AS l SET {assignments} FROM {self._source()} "
            "WHERE l.id = k.lead AND k.state = 'updated'"
        )

    def _keep_old_emails(self) -> None:
        """An address that a lead had stays its own: a file of last month still finds it."""
        if "email" not in {column.name for column in self.staging.columns}:
            return
        self.staging.execute(
            f"""
            INSERT INTO leads_leadidentifier (lead_id, source_system, kind, value)
            SELECT l.id, '', %s, l.email_folded
            FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line JOIN leads_lead l ON l.id = k.lead
            WHERE k.state = 'updated' AND l.email_folded <> '' AND s.email_folded <> l.email_folded
            ON CONFLICT DO NOTHING""",
            [LeadIdentifier.Kind.ALIAS_EMAIL.value],
        )

    def _add_identifiers(self) -> None:
        names = {column.name for column in self.staging.columns}
        if "external_id" in names:
            self.staging.execute(
                f"""
                INSERT INTO leads_leadidentifier (lead_id, source_system, kind, value)
                SELECT k.lead, %s, %s, s.external_id FROM {CHUNK} k JOIN {STAGED} s ON s.line = k.line
                WHERE s.external_id IS NOT NULL AND (k.state = 'new' OR NOT EXISTS (
                    SELECT 1 FROM leads_leadidentifier i
                    WHERE i.value = s.external_id AND i.kind = %s AND i.source_system = %s)) ORDER BY k.line""",
                [
                    self.options.source_system,
                    LeadIdentifier.Kind.EXTERNAL_ID.value,
                    LeadIdentifier.Kind.EXTERNAL_ID.value,
                    self.options.source_system,
                ],
            )
        if "email" in names and self.report.repeated:
            self.staging.execute(
                f"""
                INSERT INTO leads_leadidentifier (lead_id, source_system, kind, value)
                SELECT k.lead, '', %s, a.email FROM {identity.ALIASES} a
                JOIN {CHUNK} k ON k.line = a.head JOIN {STAGED} s ON s.line = k.line
                WHERE a.email <> s.email_folded ON CONFLICT DO NOTHING""",
                [LeadIdentifier.Kind.ALIAS_EMAIL.value],
            )


def create_campaigns(staging: Staging, *, chunk: str = CHUNK) -> int:
    """A campaign for each name of the chunk's rows that none has yet, spelled as the earliest row spells it."""
    return staging.execute(
        f"""
        INSERT INTO leads_campaign (name, name_folded, source, channel)
        SELECT w.campaign_name, w.campaign_name_folded, '', '' FROM (
            SELECT s.campaign_name, s.campaign_name_folded, s.line,
                   row_number() OVER (PARTITION BY s.campaign_name_folded ORDER BY s.line) AS place
            FROM {chunk} k JOIN {staging.name} s ON s.line = k.line
            WHERE s.campaign_name IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM leads_campaign c WHERE c.name_folded = s.campaign_name_folded)) w
        WHERE w.place = 1 ORDER BY w.line"""
    )


def _blank(field: object) -> str:
    """SQL of the value that a column has in a lead about which nothing is known."""
    if getattr(field, "null", False):
        return "NULL"
    if getattr(field, "get_internal_type", lambda: "")() == "JSONField":
        return "'{}'"
    return "''"
