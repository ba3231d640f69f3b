"""The triggers that keep how many handoffs wait, by team and assignee (leads.handoff.tally reads it).

A decision appends a row and changes none, so that many at once wait for nobody. A statement that changes many handoffs
appends one row a team and assignee on PostgreSQL; SQLite fires once a handoff.
"""

from __future__ import annotations

from collections.abc import Iterator

from leads.models import Handoff, QueueTally

HANDOFFS, TALLY = Handoff._meta.db_table, QueueTally._meta.db_table
WAITS = f"state = '{Handoff.State.WAITING.value}'"
APPEND = f"INSERT INTO {TALLY} (team_id, assignee_id, waiting)"
EVENTS = ("INSERT", "UPDATE", "DELETE")


def tally_triggers(vendor: str) -> Iterator[str]:
    for event in EVENTS:
        yield from (_on_sqlite(event) if vendor == "sqlite" else _on_postgresql(event))


def _on_postgresql(event: str) -> Iterator[str]:
    name = f"{HANDOFFS}_tally_{event.lower()}"
    sides = {"INSERT": {"added": 1}, "UPDATE": {"removed": -1, "added": 1}, "DELETE": {"removed": -1}}[event]
    changes = " UNION ALL ".join(
        f"SELECT team_id, assignee_id, {sign} AS waiting FROM {side} WHERE {WAITS}"
        for side, sign in sides.items()
    )
    tables = {"added": "NEW TABLE AS added", "removed": "OLD TABLE AS removed"}
    yield f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {APPEND} SELECT team_id, assignee_id, sum(waiting) FROM ({changes}) changes
            GROUP BY team_id, assignee_id HAVING sum(waiting) <> 0;
            RETURN NULL;
        END $$"""
    yield (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {HANDOFFS} "
        f"REFERENCING {' '.join(tables[side] for side in sides)} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _on_sqlite(event: str) -> Iterator[str]:
    name = f"{HANDOFFS}_tally_{event.lower()}"
    sides = {"INSERT": {"NEW": 1}, "UPDATE": {"OLD": -1, "NEW": 1}, "DELETE": {"OLD": -1}}[event]
    when = ""
    if event == "UPDATE":
        columns = ("state", "team_id", "assignee_id")
        when = "WHEN " + " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    appended = " ".join(
        f"{APPEND} SELECT {side}.team_id, {side}.assignee_id, {sign} WHERE {side}.{WAITS};"
        for side, sign in sides.items()
    )
    yield f"DROP TRIGGER IF EXISTS {name}"
    yield f"CREATE TRIGGER {name} AFTER {event} ON {HANDOFFS} {when} BEGIN {appended} END"
