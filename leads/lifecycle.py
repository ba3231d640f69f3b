"""Who may move a lead where, and the only code that does it.

Order of a lead's history: (occurred_at, position of the stage, id). The stage of a lead is the `to_stage` of the last
row that is not undone, kept as a column by the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from leads.errors import LeadError
from leads.models import Lead, Reason, Stage, StageChange, User
from leads.models.fields import day_of


class Mover(StrEnum):
    """In what capacity somebody or something moves a lead."""

    SCORING = "scoring"
    MARKETER = "a marketer"
    REP = "a sales rep"
    MANAGER = "a sales manager"
    UNDO = "undo"


_SALES = frozenset({Mover.REP, Mover.MANAGER})
_OUT = (Stage.RECYCLED, Stage.DISQUALIFIED)
MOVES: dict[tuple[Stage, Stage], frozenset[Mover]] = {
    **{
        (start, Stage.MQL): frozenset({Mover.SCORING, Mover.MARKETER})
        for start in (Stage.LEAD, Stage.RECYCLED)
    },
    **{
        (start, Stage.DISQUALIFIED): frozenset({Mover.MARKETER, Mover.MANAGER})
        for start in (Stage.LEAD, Stage.RECYCLED)
    },
    (Stage.MQL, Stage.LEAD): frozenset({Mover.SCORING, Mover.MARKETER}),
    (Stage.MQL, Stage.SQL): _SALES,
    **{(start, end): _SALES for start in (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY) for end in _OUT},
    (Stage.SQL, Stage.OPPORTUNITY): _SALES,
    (Stage.SQL, Stage.CUSTOMER): _SALES,
    (Stage.OPPORTUNITY, Stage.CUSTOMER): _SALES,
    (Stage.CUSTOMER, Stage.OPPORTUNITY): _SALES,
    (Stage.DISQUALIFIED, Stage.LEAD): frozenset({Mover.MANAGER}),
}
UNDOABLE = frozenset((start, Stage.MQL) for start in (Stage.SQL, *_OUT))


class InvalidStageMove(LeadError):
    """The move is not one that this mover may make, or the lead stands elsewhere by now."""


def check_move(*, start: Stage, end: Stage, mover: Mover) -> None:
    """Raise InvalidStageMove, naming both stages, unless `mover` may take a lead from `start` to `end`."""
    if mover is Mover.UNDO:
        if (start, end) in UNDOABLE:
            return
    elif mover in MOVES.get((start, end), ()):
        return
    allowed = sorted(
        {other.label for (first, other), movers in MOVES.items() if first == start and mover in movers}
    )
    hint = (
        f"from {start.label} {mover.value} may move it to {' or '.join(allowed)}"
        if allowed
        else "it stays there"
    )
    raise InvalidStageMove(
        f"A lead cannot be moved from {start.label} to {end.label} by {mover.value}: {hint}."
    )


@transaction.atomic
def change_stage(
    *,
    lead: Lead,
    to: Stage,
    mover: Mover,
    at: datetime,
    by: User | None = None,
    reason: Reason | None = None,
    note: str = "",
    run: int | None = None,
    rulebook_version: int | None = None,
    total: int | None = None,
) -> StageChange:
    """Move one lead and record it. Raises InvalidStageMove where the move is not allowed or came too late."""
    start = Stage(lead.stage)
    check_move(start=start, end=to, mover=mover)
    at = _after(at, lead.stage_entered_at)
    moved = Lead.objects.filter(pk=lead.pk, stage=start).update(stage=to, stage_entered_at=at)
    if not moved:
        lead.refresh_from_db(fields=["stage", "stage_entered_at"])
        raise InvalidStageMove(
            f"{lead} is {Stage(lead.stage).label} by now, no longer {start.label}; it was not moved to {to.label}."
        )
    lead.stage, lead.stage_entered_at = to, at
    return StageChange.objects.create(
        lead=lead,
        from_stage=start,
        to_stage=to,
        to_position=to.position,
        occurred_at=at,
        day=day_of(at),
        actor_user=by,
        run=run,
        reason=reason,
        note=note,
        rulebook_version=rulebook_version,
        total=total,
        undone=mover is Mover.UNDO,
    )


@transaction.atomic
def change_stages(
    *,
    leads: Sequence[Lead],
    to: Stage,
    mover: Mover,
    at: datetime,
    by: User | None = None,
    run: int | None = None,
    note: str = "",
    totals: dict[int, tuple[int, int]] | None = None,
) -> int:
    """The set-based twin of change_stage: two statements for all `leads`, which the caller has locked.

    `totals` gives (rulebook version, total) by lead id. A lead that may not move is left out; the number of those
    moved is returned.
    """
    totals = totals or {}
    movable = [lead for lead in leads if mover in MOVES.get((Stage(lead.stage), to), ())]
    changes = []
    for lead in movable:
        version, total = totals.get(lead.pk, (None, None))
        occurred_at = _after(at, lead.stage_entered_at)
        changes.append(
            StageChange(
                lead_id=lead.pk,
                from_stage=lead.stage,
                to_stage=to,
                to_position=to.position,
                occurred_at=occurred_at,
                day=day_of(occurred_at),
                actor_user=by,
                run=run,
                note=note,
                rulebook_version=version,
                total=total,
            )
        )
        lead.stage, lead.stage_entered_at = to, occurred_at
    StageChange.objects.bulk_create(changes, batch_size=1000)
    late = {change.lead_id for change in changes if change.occurred_at != at}
    prompt = [lead.pk for lead in movable if lead.pk not in late]
    Lead.objects.filter(pk__in=prompt).update(stage=to, stage_entered_at=at)
    Lead.objects.bulk_update([lead for lead in movable if lead.pk in late], ["stage", "stage_entered_at"])
    return len(movable)


def _after(at: datetime, previous: datetime) -> datetime:
    """A live move comes after what it moves on from, even within one tick of the clock: else the order would lie."""
    return at if at > previous else previous + timedelta(microseconds=1)


def begin_lifecycles(*, ids_sql: str, params: Sequence[Any] = ()) -> int:
    """Give the leads that `ids_sql` (our own SQL text) selects their first row: to `lead`, at their creation."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, to_position, occurred_at, day, recorded_at,
                                           actor, note, imported, undone)
            SELECT l.id, '', %s, %s, l.created_at, l.created_day, %s, '', '', %s, %s
            FROM leads_lead l WHERE l.id IN ({ids_sql})""",
            [Stage.LEAD.value, Stage.LEAD.position, _instant(timezone.now()), False, False, *params],
        )
        return int(cursor.rowcount)


@transaction.atomic
def restart_lifecycles(*, ids_sql: str, params: Sequence[Any] = ()) -> None:
    """After `created_at` has moved earlier: the first row is marked undone and another takes its place."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE leads_stagechange SET undone = %s
            WHERE from_stage = '' AND to_stage = %s AND NOT imported AND NOT undone AND lead_id IN ({ids_sql})""",
            [True, Stage.LEAD.value, *params],
        )
    begin_lifecycles(ids_sql=ids_sql, params=params)
    restage(ids_sql=ids_sql, params=params)


def restage(*, ids_sql: str, params: Sequence[Any] = ()) -> None:
    """Derive the stage of the leads that `ids_sql` selects from their history, after rows were written into it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE leads_lead SET (stage, stage_entered_at) = (
                SELECT c.to_stage, c.occurred_at FROM leads_stagechange c
                WHERE c.lead_id = leads_lead.id AND NOT c.undone
                ORDER BY c.occurred_at DESC, c.to_position DESC, c.id DESC LIMIT 1)
            WHERE id IN ({ids_sql})""",
            list(params),
        )


@transaction.atomic
def record_history(*, changes: Sequence[StageChange]) -> None:
    """Write moves that happened before or elsewhere, in any order, and derive the stages of their leads."""
    StageChange.objects.bulk_create(changes, batch_size=2000)
    ids = sorted({change.lead_id for change in changes})
    for start in range(0, len(ids), 10_000):
        batch = ids[start : start + 10_000]
        restage(ids_sql=", ".join(["%s"] * len(batch)), params=batch)


@transaction.atomic
def record_imported(*, rows_sql: str, ids_sql: str, at: datetime, params: Sequence[Any] = ()) -> int:
    """The set-based twin of record_history, for rows that another system recorded; returns how many were written.

    `rows_sql` (our own SQL text) selects lead_id, to_stage, to_position, occurred_at, day, actor_user_id, actor,
    reason_id and note in this order, `ids_sql` the ids of those leads; `at` is when they became known here.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO leads_stagechange (lead_id, to_stage, to_position, occurred_at, day, actor_user_id, actor,
                                           reason_id, note, from_stage, recorded_at, imported, undone)
            SELECT r.*, '', %s, %s, %s FROM ({rows_sql}) r""",
            [_instant(at), True, False, *params],
        )
        written = int(cursor.rowcount)
        began_earlier = _predate_creation(cursor, ids_sql)
    if began_earlier:
        restart_lifecycles(ids_sql=", ".join(["%s"] * len(began_earlier)), params=began_earlier)
    restage(ids_sql=ids_sql)
    return written


def _predate_creation(cursor: Any, ids_sql: str) -> list[int]:
    """Leads whose creation nobody told are as old as their imported history: their ids, once moved.

    Not told means that the first row's instant is that of its recording, give or take a day. A creation that was told
    stays, even where history contradicts it: reports show and count that.
    """
    age = (
        "recorded_at - interval '1 day'"
        if connection.vendor == "postgresql"
        else "datetime(recorded_at, '-1 day')"
    )
    cursor.execute(
        f"""
        UPDATE leads_lead SET created_at = w.occurred_at, created_day = w.day FROM (
            SELECT lead_id, min(occurred_at) AS occurred_at, min(day) AS day FROM leads_stagechange
            WHERE imported AND NOT undone AND lead_id IN ({ids_sql}) GROUP BY lead_id) w
        WHERE leads_lead.id = w.lead_id AND w.occurred_at < leads_lead.created_at AND EXISTS (
            SELECT 1 FROM leads_stagechange f
            WHERE f.lead_id = leads_lead.id AND f.from_stage = '' AND f.to_stage = %s AND NOT f.imported
              AND f.occurred_at > {age})
        RETURNING leads_lead.id""",
        [Stage.LEAD.value],
    )
    return [int(row[0]) for row in cursor.fetchall()]


def _instant(at: datetime) -> Any:
    """An instant as raw SQL of this database takes it."""
    return connection.ops.adapt_datetimefield_value(at)
