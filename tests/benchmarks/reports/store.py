"""How long it takes to make what reports read, and to keep it up, on PostgreSQL (docs/performance.md).

    make bench-store [LEADS=1000000] [STALE=10000] [KEEP=1] [BENCH_DIR=folder]

In a cluster of its own, or beside the database that DATABASE_URL names; dropped at the end, or kept with KEEP=1 and
used again. `load` as an argument only makes the data.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.scoring.cluster import about, psql, server_of
from tests.benchmarks.scoring.goals import Line, table


def main() -> None:
    folder = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / "leadfunnel-bench")
    leads, stale = int(os.environ.get("LEADS") or 1_000_000), int(os.environ.get("STALE") or 10_000)
    keep = os.environ.get("KEEP") == "1"
    name = f"bench_reports_{leads}"
    with server_of(folder, small=leads < 10_000, keep=keep) as server:
        print(about(server), flush=True)
        is_new = not psql(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if is_new:
            psql(server, f"CREATE DATABASE {name}")
        _connect(f"{server}/{name}")
        try:
            _load(leads if is_new else 0)
            if sys.argv[1:] != ["load"]:
                print(table(f"The store of reports, {leads:,} leads", measure(stale=stale)))
        finally:
            _disconnect()
            if not keep:
                psql(server, f"DROP DATABASE {name}")


def measure(*, stale: int) -> list[Line]:
    """Each twice, the better one: the first rebuild fills empty tables. What is folded is taken back.

    New tables are vacuumed first, as they are by the time of a night: else that goes on beside the fold.
    """
    from django.db import connection, transaction

    from leads.models import StageChange
    from reports.models import Cell
    from reports.store.folding import fold
    from reports.store.rebuilding import rebuild
    from reports.store.verifying import differences
    from tests.benchmarks.reports.world import promote

    def promoted_and_folded() -> tuple[float, float]:
        with transaction.atomic():
            seconds = took(lambda: promote(stale)), took(fold)
            transaction.set_rollback(True)
        return seconds

    rebuilt = min(took(rebuild) for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    promoted, folded = min((promoted_and_folded() for _ in range(2)), key=lambda seconds: seconds[1])
    found: list[str] = []
    verified = took(lambda: found.extend(differences()))
    changes, cells = StageChange.objects.count(), Cell.objects.count()
    return [
        Line("rebuild", rebuilt, "s", most=60, note=f"{changes:,} stage changes, {cells:,} cells"),
        Line(f"promotion of {stale:,} leads, with triggers", promoted, "s"),
        Line("fold of these", folded, "s"),
        Line("fold, to a rebuild", 100 * folded / rebuilt, "%", most=5),
        Line("verify", verified, "s"),
        Line("differences", len(found), most=0, note="; ".join(found[:3])),
    ]


def took(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _connect(url: str) -> None:
    import django

    os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}
    django.setup()


def _load(leads: int) -> None:
    """What was kept may have been made by an earlier version."""
    from django.core.management import call_command

    from tests.benchmarks.reports import world

    call_command("migrate", verbosity=0)
    if leads:
        print(f"{leads:,} leads made in {took(lambda: world.load(leads)):.0f} s", flush=True)


def _disconnect() -> None:
    from django.db import connection

    connection.close()


if __name__ == "__main__":
    main()
