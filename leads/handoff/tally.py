"""How many handoffs wait, kept rather than counted: triggers append what changes, and a few rows are summed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Sum

from leads.handoff.statement import ANY, TABLE, Condition, condition_of
from leads.models import Handoff, QueueTally, User
from leads.querysets import HandoffQuerySet

FOLD_AT_ONCE = 5_000
Bucket = tuple[int | None, int | None]  # team, assignee


@dataclass(frozen=True)
class Waiting:
    """What the clock does not change: `shared` is assigned to nobody, `others` to somebody else."""

    mine: int
    shared: int
    others: int

    @property
    def all(self) -> int:
        return self.mine + self.shared + self.others

    def without(self, other: Waiting) -> Waiting:
        """Never below zero: the two are read one after the other."""
        return Waiting(
            mine=max(0, self.mine - other.mine),
            shared=max(0, self.shared - other.shared),
            others=max(0, self.others - other.others),
        )


def waiting_for(user: User) -> Waiting:
    """Of what is offered to the user's team or to no team, and of what is the user's. One query over few rows."""
    return _sums(user, "sum(waiting)", QueueTally._meta.db_table, ANY)


def counted_for(user: User, among: HandoffQuerySet) -> Waiting:
    """The same of some of them, as of what a filter leaves: nobody keeps that, so it is counted."""
    return _sums(user, "count(*)", TABLE, condition_of(among.waiting()))


def _sums(user: User, measure: str, table: str, where: Condition) -> Waiting:
    parts = _which(user)
    columns = ", ".join(f"coalesce({measure} FILTER (WHERE {part.text}), 0)" for part in parts)
    values = [value for part in (*parts, where) for value in part.values]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table}{' WHERE ' * bool(where.text)}{where.text}", values)
        mine, shared, others = cursor.fetchone()
    return Waiting(int(mine), int(shared), int(others))


def _which(user: User) -> tuple[Condition, Condition, Condition]:
    """Mine, shared, others: over columns that the tally and handoffs have alike."""
    everything = not user.decides_handoffs or (user.is_manager and user.team_id is None)
    mine = Condition("assignee_id = %s", [user.pk])
    offered = ANY if everything else Condition("(team_id IS NULL OR team_id = %s)", [user.team_id])
    return (
        # A rep's own stay theirs in whatever team; a manager decides for one.
        mine & offered if user.is_manager else mine,
        offered & Condition("assignee_id IS NULL"),
        offered & Condition("assignee_id <> %s", [user.pk]),
    )


def fold(*, at: datetime | None = None) -> None:
    """Make one row of each team and assignee. Safe to run twice, or twice at once; `at` changes nothing."""
    while _fold_some():
        pass


@transaction.atomic
def _fold_some() -> bool:
    """Fold the oldest rows; whether there may be more. Only what was read is deleted: others append meanwhile."""
    rows = list(QueueTally.objects.select_for_update().order_by("pk")[:FOLD_AT_ONCE])
    sums: dict[Bucket, int] = {}
    for row in rows:
        bucket = (row.team_id, row.assignee_id)
        sums[bucket] = sums.get(bucket, 0) + row.waiting
    if len(sums) == len(rows) and all(sums.values()):
        return False
    QueueTally.objects.filter(pk__in=[row.pk for row in rows]).delete()
    _write(sums)
    return len(rows) == FOLD_AT_ONCE


def counted() -> dict[Bucket, int]:
    """The truth, by counting: for `verify`, which may take its time."""
    rows = Handoff.objects.waiting().order_by().values_list("team_id", "assignee_id").annotate(n=Count("pk"))
    return {(team, assignee): count for team, assignee, count in rows}


def kept() -> dict[Bucket, int]:
    rows = QueueTally.objects.order_by().values_list("team_id", "assignee_id").annotate(n=Sum("waiting"))
    return {(team, assignee): count for team, assignee, count in rows if count}


@transaction.atomic
def differences() -> list[str]:
    """Where what is kept is not what is there, in words; empty where all is well."""
    _lock()
    found, truth = kept(), counted()
    return [
        f"team {team or 'none'}, user {assignee or 'none'}: kept {found.get((team, assignee), 0)},"
        f" waiting {truth.get((team, assignee), 0)}"
        for team, assignee in sorted({*found, *truth}, key=str)
        if found.get((team, assignee), 0) != truth.get((team, assignee), 0)
    ]


@transaction.atomic
def rebuild() -> None:
    """Count anew. Whoever decides meanwhile waits for the end of it."""
    _lock()
    QueueTally.objects.all().delete()
    _write(counted())


def rebuild_if_kept() -> None:
    """After a migration, unless it went back to a time before there was a tally; and after a flush."""
    if QueueTally._meta.db_table in connection.introspection.table_names():
        rebuild()


def _lock() -> None:
    """Let no trigger append until the end of the transaction: what is counted then is what is kept.

    On SQLite there is one writer at a time, and this is it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {QueueTally._meta.db_table} IN EXCLUSIVE MODE")


def _write(sums: dict[Bucket, int]) -> None:
    QueueTally.objects.bulk_create(
        [QueueTally(team_id=team, assignee_id=user, waiting=n) for (team, user), n in sums.items() if n],
        batch_size=500,
    )
