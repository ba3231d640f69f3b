"""What the database refuses about rulebooks, for both engines: a version that was published once never changes.

Not by a page, not by the admin, not by SQL. Installed after each `migrate` (scoring.apps), as those of leads.triggers
are; `leads.triggers.erasing` lifts them.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from scoring.models import Condition, Rule, Rulebook, RuleGroup

_BOOK = Rulebook._meta.db_table
# All that happens to a version after its publication: it is retired.
_RETIRING = ("state", "retired_at")
_ERASING_ON_POSTGRESQL = "coalesce(current_setting('leadfunnel.erasing', true), '') = 'on'"

# The rulebook that a row belongs to, {row} being OLD or NEW.
_BOOK_OF: dict[type[models.Model], str] = {
    RuleGroup: "{row}.rulebook_id",
    Rule: "{row}.rulebook_id",
    Condition: f"(SELECT r.rulebook_id FROM {Rule._meta.db_table} r WHERE r.id = {{row}}.rule_id)",
}
_ROWS_OF = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def install(*, using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    write = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for statement in write():
            cursor.execute(statement)


def _rewritten() -> str:
    """Whether an UPDATE of a rulebook changes a version in any other way than by retiring it."""
    kept = [field.column for field in Rulebook._meta.local_concrete_fields if field.column not in _RETIRING]
    changed = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in kept)
    return (
        f"OLD.state <> 'draft' AND ({changed} OR (OLD.state <> NEW.state AND NOT"
        " (OLD.state = 'published' AND NEW.state = 'retired'))"
        " OR (OLD.state = NEW.state AND OLD.retired_at IS DISTINCT FROM NEW.retired_at))"
    )


def _frozen(model: type[models.Model], event: str) -> str:
    """Whether the row is, or would become, part of a version."""
    books = ", ".join(_BOOK_OF[model].format(row=row) for row in _ROWS_OF[event])
    return f"EXISTS (SELECT 1 FROM {_BOOK} b WHERE b.state <> 'draft' AND b.id IN ({books}))"


def _on_sqlite() -> Iterator[str]:
    refuse = f"SELECT RAISE(ABORT, 'a published version of {_BOOK} never changes')"

    def trigger(table: str, event: str, when: str) -> Iterator[str]:
        name = f"{table}_frozen_{event.lower()}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"WHEN ({when}) AND NOT leadfunnel_erasing() BEGIN {refuse}; END"
        )

    # Older SQLite has no IS DISTINCT FROM; IS NOT means the same there.
    yield from trigger(_BOOK, "UPDATE", _rewritten().replace("IS DISTINCT FROM", "IS NOT"))
    yield from trigger(_BOOK, "DELETE", "OLD.state <> 'draft'")
    for model in _BOOK_OF:
        for event in _ROWS_OF:
            yield from trigger(model._meta.db_table, event, _frozen(model, event))


def _on_postgresql() -> Iterator[str]:
    def trigger(table: str, event: str, when: str) -> Iterator[str]:
        # The condition stands in the function: a trigger's WHEN may not ask another table.
        name = f"{table}_frozen_{event.lower()}"
        yield f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF ({when}) AND NOT {_ERASING_ON_POSTGRESQL} THEN
                    RAISE EXCEPTION 'a published version of {_BOOK} never changes'
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN {"OLD" if event == "DELETE" else "NEW"};
            END $$"""
        yield (
            f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )

    yield from trigger(_BOOK, "UPDATE", _rewritten())
    yield from trigger(_BOOK, "DELETE", "OLD.state <> 'draft'")
    for model in _BOOK_OF:
        for event in _ROWS_OF:
            yield from trigger(model._meta.db_table, event, _frozen(model, event))
