"""Triggers that write down of which leads the derived tables are out of date (reports.store.folding reads it).

They append rows and change none, so that many writers wait for nobody. On PostgreSQL a statement appends each lead
once; SQLite fires once a row. Installed after each `migrate` (reports.apps), as those of leads.triggers are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from leads.models import Deal, Handoff, Lead, Organisation, StageChange, Team, Touch, User, WorkingHours
from leads.triggers import JOIN_ONCE
from reports.models import StaleLead, StoreState

_HANDOFFS = Handoff._meta.db_table
_APPEND = f"INSERT INTO {StaleLead._meta.db_table} (lead)"
_EVENTS = ("INSERT", "UPDATE", "DELETE")
# Minutes of decisions are those of the team's hours, and of first touches those of whoever accepted.
_BY_TEAM = f"""
    SELECT lead_id FROM {_HANDOFFS}
    WHERE decide_due_at IS NOT NULL AND decided_at IS NOT NULL AND team_id IN {{keys}}
    UNION SELECT lead_id FROM {_HANDOFFS} WHERE first_touch_due_at IS NOT NULL
    AND (team_id IN {{keys}} OR decided_by_id IN (SELECT id FROM {User._meta.db_table} WHERE team_id IN {{keys}}))"""
# A handoff without a team is counted for that of whoever decided it, or is to; a deal for that of its owner.
_BY_PERSON = (
    f"SELECT lead_id FROM {_HANDOFFS} WHERE team_id IS NULL AND assignee_id IN {{keys}} UNION "
    f"SELECT lead_id FROM {_HANDOFFS} "
    "WHERE (team_id IS NULL OR first_touch_due_at IS NOT NULL) AND decided_by_id IN {keys} UNION "
    f"SELECT lead_id FROM {Deal._meta.db_table} WHERE owner_id IN {{keys}}"
)


@dataclass(frozen=True)
class Watched:
    """An update counts where one of `columns` differs. `key` is the lead, or by `leads` what selects the leads."""

    model: type[models.Model]
    key: str
    columns: tuple[str, ...]
    leads: str = ""
    events: tuple[str, ...] = _EVENTS

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    def name(self, event: str) -> str:
        return f"reports_stale_{self.table}_{event.lower()}"


WATCHED = (
    Watched(
        StageChange,
        "lead_id",
        ("lead_id", "to_position", "occurred_at", "day", "reason_id", "undone"),
    ),
    Watched(
        Lead,
        "id",
        (
            "source_folded",
            "channel_folded",
            "campaign_id",
            "country",
            "industry_folded",
            "employees",
            "created_day",
            # How the first lead of a value spells it, all write it.
            "source",
            "channel",
            "industry",
        ),
    ),
    Watched(
        Handoff,
        "lead_id",
        (
            "lead_id",
            "state",
            "offered_at",
            "team_id",
            "assignee_id",
            "decide_due_at",
            "first_touch_due_at",
            "decided_at",
            "decided_by_id",
            "decided_by_actor",
            "reason_id",
            "total",
            "grade",
            "rulebook_version",
        ),
    ),
    Watched(Touch, "lead_id", ("lead_id", "at", "kind")),
    # Nothing is derived from deals, but what was read of them is kept until the next fold.
    Watched(
        Deal,
        "lead_id",
        ("lead_id", "state", "amount", "currency", "opened_at", "closed_at", "owner_id", "owner_actor"),
    ),
    Watched(Team, "id", ("time_zone", "holiday_country"), leads=_BY_TEAM, events=("UPDATE",)),
    Watched(WorkingHours, "team_id", ("team_id", "weekday", "opens_at", "closes_at"), leads=_BY_TEAM),
    Watched(User, "id", ("team_id",), leads=_BY_PERSON, events=("UPDATE",)),
)


def install(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Create all triggers of `reports`, or bring them up to date."""
    connection = connections[using]
    on_sqlite = connection.vendor == "sqlite"
    watch, watch_zone = (_on_sqlite, _zone_on_sqlite) if on_sqlite else (_on_postgresql, _zone_on_postgresql)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for watched in WATCHED:
            for event in watched.events:
                for statement in watch(watched, event):
                    cursor.execute(statement)
        for statement in watch_zone():
            cursor.execute(statement)


def _on_sqlite(watched: Watched, event: str) -> Iterator[str]:
    name, when = watched.name(event), ""
    if event == "UPDATE":
        when = "WHEN " + " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched.columns)
    sides = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}[event]
    keys = [f"{side}.{watched.key}" for side in (sides[:1] if watched.key == "id" else sides)]
    appended = " ".join(
        f"{_APPEND} {watched.leads.format(keys=f'({key})') or f'SELECT {key}'};" for key in keys
    )
    yield f"DROP TRIGGER IF EXISTS {name}"
    yield f"CREATE TRIGGER {name} AFTER {event} ON {watched.table} {when} BEGIN {appended} END"


def _on_postgresql(watched: Watched, event: str) -> Iterator[str]:
    name = watched.name(event)
    tables, keys = {
        "INSERT": ("NEW TABLE AS added", f"SELECT {watched.key} AS key FROM added"),
        "UPDATE": ("OLD TABLE AS removed NEW TABLE AS added", _differing(watched)),
        "DELETE": ("OLD TABLE AS removed", f"SELECT {watched.key} AS key FROM removed"),
    }[event]
    leads = watched.leads.format(keys=f"({keys})") or f"SELECT DISTINCT key FROM ({keys}) changed"
    how = "" if watched.leads else JOIN_ONCE
    yield f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {how} AS $$
        BEGIN
            {_APPEND} {leads};
            RETURN NULL;
        END $$"""
    yield (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {watched.table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _differing(watched: Watched) -> str:
    before = ", ".join(f"r.{column}" for column in watched.columns)
    after = ", ".join(f"a.{column}" for column in watched.columns)
    sides = ["a"] if watched.key == "id" else ["r", "a"]
    return " UNION ".join(
        f"SELECT {side}.{watched.key} AS key FROM removed r JOIN added a ON a.id = r.id "
        f"WHERE ROW({before}) IS DISTINCT FROM ROW({after})"
        for side in sides
    )


# Handoffs without a team are decided on the organisation's clock, and all days are of its time zone: build anew.
_ZONE = f"reports_stale_{Organisation._meta.db_table}_update"
_FORGET = f"UPDATE {StoreState._meta.db_table} SET built_at = NULL"


def _zone_on_sqlite() -> Iterator[str]:
    yield f"DROP TRIGGER IF EXISTS {_ZONE}"
    yield (
        f"CREATE TRIGGER {_ZONE} AFTER UPDATE ON {Organisation._meta.db_table} "
        f"WHEN OLD.time_zone IS NOT NEW.time_zone BEGIN {_FORGET}; END"
    )


def _zone_on_postgresql() -> Iterator[str]:
    yield f"""
        CREATE OR REPLACE FUNCTION {_ZONE}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {_FORGET};
            RETURN NULL;
        END $$"""
    yield (
        f"CREATE OR REPLACE TRIGGER {_ZONE} AFTER UPDATE ON {Organisation._meta.db_table} FOR EACH ROW "
        f"WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION {_ZONE}()"
    )
