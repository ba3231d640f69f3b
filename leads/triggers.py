"""Triggers of the database, for both engines: the change log, and what may never be rewritten.

They are installed after each `migrate` (leads.apps), from the lists below, and taken away before one that has
something to do: PostgreSQL alters no column that a trigger speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from leads.models import (
    Activity,
    Asset,
    Campaign,
    Company,
    FeedbackAnswer,
    Handoff,
    HandoffAssignment,
    HandoffDecision,
    HandOver,
    Lead,
    OwnerChange,
    ReasonChange,
    RoutingEdit,
    StageChange,
    TeamChange,
)
from leads.tally_triggers import tally_triggers

# What a score is made of. A change of anything else leaves every score as it is.
SCORED_LEAD_COLUMNS = (
    "email_folded",
    "email_domain",
    "email_domain_type",
    "first_name_folded",
    "last_name_folded",
    "job_title_folded",
    "seniority",
    "department_folded",
    "phone_folded",
    "company_id",
    "company_name_folded",
    "company_domain",
    "industry_folded",
    "employees",
    "annual_revenue",
    "country",
    "region_folded",
    "city_folded",
    "source_folded",
    "channel_folded",
    "campaign_id",
    "landing_page_folded",
    "email_opt_out",
    "attributes_typed",
    "created_day",
)
SCORED_COMPANY_COLUMNS = (
    "name_folded",
    "domain",
    "industry_folded",
    "employees",
    "annual_revenue",
    "country",
    "region_folded",
    "city_folded",
)
SCORED_ACTIVITY_COLUMNS = (
    "lead_id",
    "type_id",
    "day",
    "occurred_at",
    "asset_id",
    "campaign_id",
    "properties_typed",
)
# For a function that only compares rows as they were with rows as they are. It keeps its first plan as long as its
# session lasts: one that was made for a few rows compares, of many thousand, each with every other.
JOIN_ONCE = "SET enable_nestloop = off"
EVIDENCE_COLUMNS = (
    "fit",
    "engagement",
    "total",
    "grade",
    "fast_tracked",
    "rulebook_version",
    "known_facts",
    "asked_facts",
    "contributions",
)


def install(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Create all triggers of `leads`, or bring them up to date."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for statement in (*_change_log(connections[using]), *tally_triggers(connections[using].vendor)):
            cursor.execute(statement)
    forbid_rewriting(StageChange, but=("undone",), using=using)
    forbid_rewriting(HandoffDecision, using=using)
    forbid_rewriting(HandoffAssignment, using=using)
    forbid_rewriting(RoutingEdit, using=using)
    forbid_rewriting(OwnerChange, using=using)
    forbid_rewriting(FeedbackAnswer, using=using)
    forbid_rewriting(HandOver, using=using)
    forbid_rewriting(ReasonChange, using=using)
    forbid_rewriting(TeamChange, using=using)
    forbid_rewriting(Handoff, only=EVIDENCE_COLUMNS, deleting=True, using=using)


def remove(app: str, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop the triggers of an app: their names begin with its label."""
    connection = connections[using]
    listed = (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(listed)
        for name, table in [row for row in cursor.fetchall() if row[0].startswith(f"{app}_")]:
            cursor.execute(
                f"DROP TRIGGER {name} ON {table}"
                if connection.vendor == "postgresql"
                else f"DROP TRIGGER {name}"
            )


@contextmanager
def erasing(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let this connection rewrite history: for erasure of a person, and for a change of time zone."""
    connection = connections[using]
    _set_erasing(connection, True)
    try:
        yield
    finally:
        _set_erasing(connection, False)


def register_functions(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """On each new SQLite connection: the function by which triggers know whether `erasing` is active."""
    if connection.vendor == "sqlite":
        connection.leadfunnel_erasing = False  # type: ignore[attr-defined]
        connection.connection.create_function(
            "leadfunnel_erasing",
            0,
            lambda: int(connection.leadfunnel_erasing),  # type: ignore[attr-defined]
        )


def _set_erasing(connection: BaseDatabaseWrapper, active: bool) -> None:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.leadfunnel_erasing = active  # type: ignore[attr-defined]
        return
    if connection.needs_rollback:
        # The setting cannot be reset in a broken transaction; the rollback resets it.
        return
    with connection.cursor() as cursor:
        # Local to the transaction where there is one, so that a rollback cannot leave it on.
        local = connection.in_atomic_block
        cursor.execute("SELECT set_config('leadfunnel.erasing', %s, %s)", ["on" if active else "", local])


def forbid_rewriting(
    model: type[models.Model],
    *,
    but: Iterable[str] = (),
    only: Iterable[str] = (),
    deleting: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Refuse UPDATE of the model's columns (all, all `but` these, or `only` these), and DELETE unless `deleting`."""
    table = model._meta.db_table
    columns = tuple(only) or tuple(
        field.column for field in model._meta.local_concrete_fields if field.column
    )
    guarded = [column for column in columns if column not in set(but)]
    connection = connections[using]
    write = _forbid_on_sqlite if connection.vendor == "sqlite" else _forbid_on_postgresql
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for statement in write(table, guarded, deleting):
            cursor.execute(statement)


def _forbid_on_sqlite(table: str, guarded: list[str], deleting: bool) -> Iterator[str]:
    changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in guarded)
    yield f"DROP TRIGGER IF EXISTS {table}_keep_update"
    yield (
        f"CREATE TRIGGER {table}_keep_update BEFORE UPDATE ON {table} WHEN ({changed}) AND NOT leadfunnel_erasing() "
        f"BEGIN SELECT RAISE(ABORT, 'a row of {table} is never rewritten'); END"
    )
    yield f"DROP TRIGGER IF EXISTS {table}_keep_delete"
    if not deleting:
        yield (
            f"CREATE TRIGGER {table}_keep_delete BEFORE DELETE ON {table} WHEN NOT leadfunnel_erasing() "
            f"BEGIN SELECT RAISE(ABORT, 'a row of {table} is never deleted'); END"
        )


def _forbid_on_postgresql(table: str, guarded: list[str], deleting: bool) -> Iterator[str]:
    old = ", ".join(f'OLD."{column}"' for column in guarded)
    new = ", ".join(f'NEW."{column}"' for column in guarded)
    active = "coalesce(current_setting('leadfunnel.erasing', true), '') = 'on'"
    yield """
        CREATE OR REPLACE FUNCTION leadfunnel_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a row of % is never %', TG_TABLE_NAME,
                CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'rewritten' END
                USING ERRCODE = 'integrity_constraint_violation';
        END $$"""
    yield (
        f"CREATE OR REPLACE TRIGGER {table}_keep_update BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NOT ({active}) AND ROW({old}) IS DISTINCT FROM ROW({new})) EXECUTE FUNCTION leadfunnel_refuse()"
    )
    yield f"DROP TRIGGER IF EXISTS {table}_keep_delete ON {table}"
    if not deleting:
        yield (
            f"CREATE TRIGGER {table}_keep_delete BEFORE DELETE ON {table} FOR EACH ROW "
            f"WHEN (NOT ({active})) EXECUTE FUNCTION leadfunnel_refuse()"
        )


# Which leads an event concerns, by (table, event): a SELECT over the changed rows. {old} and {new} are the changed
# rows as they were and as they are.
_Source = tuple[type[models.Model], str, str]


def _sources() -> list[_Source]:
    lead, activity = Lead._meta.db_table, Activity._meta.db_table
    by_company = f"SELECT l.id FROM {lead} l JOIN {{new}} n ON n.id = l.company_id"
    # A name is changed rarely: that the activities with it are searched for without an index is well spent.
    by_campaign = (
        f"SELECT l.id FROM {lead} l JOIN {{new}} n ON n.id = l.campaign_id UNION "
        f"SELECT a.lead_id FROM {activity} a JOIN {{new}} n ON n.id = a.campaign_id"
    )
    by_asset = f"SELECT DISTINCT a.lead_id FROM {activity} a JOIN {{new}} n ON n.id = a.asset_id"
    return [
        (Lead, "INSERT", "SELECT id FROM {new} n"),
        (Lead, "UPDATE", "SELECT n.id FROM {new} n"),
        (Activity, "INSERT", "SELECT DISTINCT lead_id FROM {new} n"),
        (Activity, "UPDATE", "SELECT lead_id FROM {new} n UNION SELECT lead_id FROM {old} o"),
        (Activity, "DELETE", "SELECT DISTINCT lead_id FROM {old} o"),
        (Company, "UPDATE", by_company),
        (Campaign, "UPDATE", by_campaign),
        (Asset, "UPDATE", by_asset),
    ]


_SCORED: dict[type[models.Model], tuple[str, ...]] = {
    Lead: SCORED_LEAD_COLUMNS,
    Company: SCORED_COMPANY_COLUMNS,
    Activity: SCORED_ACTIVITY_COLUMNS,
    Campaign: ("name_folded",),
    Asset: ("name_folded",),
}


def _change_log(connection: BaseDatabaseWrapper) -> Iterator[str]:
    write = _log_on_sqlite if connection.vendor == "sqlite" else _log_on_postgresql
    for model, event, select in _sources():
        yield from write(model._meta.db_table, event, _SCORED[model], select)


def _log_on_sqlite(table: str, event: str, columns: tuple[str, ...], select: str) -> Iterator[str]:
    name = f"{table}_log_{event.lower()}"
    when = ""
    if event == "UPDATE":
        changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
        when = f"WHEN {changed} "
    # A row trigger sees one row: a subquery of its id and lead stands for the set.
    row = {"leads_activity": "{0}.lead_id AS lead_id"}.get(table, "{0}.id AS id")
    text = select.format(new=f"(SELECT {row.format('NEW')})", old=f"(SELECT {row.format('OLD')})")
    yield f"DROP TRIGGER IF EXISTS {name}"
    yield (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} {when}"
        f"BEGIN INSERT INTO leads_changelogentry (lead_id) {text}; END"
    )


def _log_on_postgresql(table: str, event: str, columns: tuple[str, ...], select: str) -> Iterator[str]:
    """Statement level, so that a COPY fires once; an UPDATE logs only rows whose scored columns differ."""
    name = f"{table}_log_{event.lower()}"
    tables = {
        "INSERT": "NEW TABLE AS added",
        "UPDATE": "OLD TABLE AS removed NEW TABLE AS added",
        "DELETE": "OLD TABLE AS removed",
    }[event]
    old, new = "removed", "added"
    if event == "UPDATE":
        before = ", ".join(f'r."{column}"' for column in columns)
        after = ", ".join(f'a."{column}"' for column in columns)
        differing = (
            f"FROM removed r JOIN added a ON a.id = r.id WHERE ROW({before}) IS DISTINCT FROM ROW({after})"
        )
        old, new = f"(SELECT r.* {differing})", f"(SELECT a.* {differing})"
    # Those that look for the leads of a company or campaign do so by an index, once for each.
    how = "" if "JOIN" in select else JOIN_ONCE
    yield f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {how} AS $$
        BEGIN
            INSERT INTO leads_changelogentry (lead_id) {select.format(old=old, new=new)};
            RETURN NULL;
        END $$"""
    yield (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
