"""How fast the queue is with many leads, against the same screens with few (docs/performance.md).

    make bench-queue [LEADS=1000000] [WAITING=20000] [REPEATS=300] [SECONDS=60] [KEEP=1] [BENCH_DIR=folder]

Two databases of its own, bench_queue_<leads> and a small one, in a cluster of its own or beside the one that
DATABASE_URL names; dropped at the end, or kept with KEEP=1 and used again. They are measured in turns, so that what
disturbs one disturbs both. Then 50 reps decide at once on a copy of the large one. `load` as an argument only makes
the data.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks.queuerush import WORKERS, quantile, rush, web_server
from tests.benchmarks.queueside import PAGES, STATIC, Samples
from tests.benchmarks.scoring.cluster import about, psql, server_of
from tests.benchmarks.scoring.goals import Line, median, table
from tests.benchmarks.scoring.worker import Worker

WHO = {"rep0": "a rep", "manager": "a manager of a team", "head": "a manager who sees all"}
SMALL = (1000, 600)  # leads, and how many wait: so many that a page of each of them is full
REPS = 50
AT_ONCE = 5  # of each screen, before it is the other database's turn
RUSH = "bench_queue_rush"


class Asked(Protocol):
    def ask(self, **order: Any) -> Any: ...


@dataclass(frozen=True)
class Settings:
    leads: int
    waiting: int
    repeats: int
    seconds: float
    keep: bool
    folder: Path

    @classmethod
    def from_environment(cls) -> Settings:
        folder = os.environ.get("BENCH_DIR") or str(Path(tempfile.gettempdir()) / "leadfunnel-bench")
        leads = int(os.environ.get("LEADS") or 1_000_000)
        if leads <= SMALL[0]:
            raise SystemExit(f"LEADS must be more than {SMALL[0]}, which it is compared with.")
        return cls(
            leads=leads,
            waiting=min(int(os.environ.get("WAITING") or 20_000), leads),
            repeats=int(os.environ.get("REPEATS") or 300),
            seconds=float(os.environ.get("SECONDS") or 60),
            keep=os.environ.get("KEEP") == "1",
            folder=Path(folder),
        )

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Leads and waiting of each database, the large one first."""
        return {
            f"bench_queue_{leads}_{waiting}": (leads, waiting)
            for leads, waiting in ((self.leads, self.waiting), SMALL)
        }


def main() -> None:
    settings = Settings.from_environment()
    settings.folder.mkdir(parents=True, exist_ok=True)
    # As in production, on this machine alone; one key, so that all processes know the same sessions.
    os.environ |= {
        "DEBUG": "false",
        "PLAIN_HTTP": "true",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": "ERROR",
    }
    with server_of(settings.folder, small=settings.leads < 10_000, keep=settings.keep) as server:
        print(about(server), flush=True)
        for name, (leads, waiting) in settings.sizes.items():
            _load(f"{server}/{name}", leads, waiting)
        if sys.argv[1:] != ["load"]:
            _measure_all(settings, server)
        if not settings.keep:
            for name in settings.sizes:
                psql(server, f"DROP DATABASE {name}")


def _measure_all(settings: Settings, server: str) -> None:
    _collect_static_files(server)
    missed = 0
    with ExitStack() as stack:
        large, small = (stack.enter_context(_side(f"{server}/{name}")) for name in settings.sizes)
        for username, who in WHO.items():
            print(f"\nProcessor load: {os.getloadavg()[0]:.1f}", flush=True)
            lines = measure(large, small, username=username, repeats=settings.repeats)
            missed += _show(f"{who}: {settings.leads:,} leads, {settings.waiting:,} waiting", lines)
    if settings.seconds:
        print(f"\nProcessor load: {os.getloadavg()[0]:.1f}", flush=True)
        lines = _rush(settings, server)
        missed += _show(
            f"{REPS} reps at once, {settings.seconds:g} s, gunicorn with {WORKERS} workers", lines
        )
    print(f"\n{missed} goals missed." if missed else "\nAll goals met.")


def measure(
    large: Asked, small: Asked, *, username: str, repeats: int, rows: int = 25, at_once: int = AT_ONCE
) -> list[Line]:
    """The screens of one user on both, in turns, and the queries of so many rows of the page.

    The first turn of each is not counted: it warms up.
    """
    sides = (large, small)
    queries = [side.ask(do="queries", username=username, count=rows) for side in sides]
    took: tuple[Samples, Samples] = (defaultdict(list), defaultdict(list))
    for number in range(-1, -(-repeats // at_once)):
        # Who begins changes, too.
        for which in (0, 1) if number % 2 else (1, 0):
            for do in ("turn", "listing"):
                _add(took[which], sides[which].ask(do=do, username=username, count=at_once), number >= 0)
    return [
        *(line for name in PAGES for line in _screen(name, *took, *queries)),
        Line(
            "queue page, to static rows",
            median(took[0][PAGES[0]]) / median(took[0][STATIC]),
            "x",
            most=1.5,
            note=f"{median(took[0][STATIC]):.2f} ms, {queries[0][STATIC]} queries",
        ),
        *_listing(*took),
    ]


def _add(all_of: Samples, some: Mapping[str, list[float]], is_counted: bool) -> None:
    for name, values in some.items():
        all_of[name] += values if is_counted else []


def _screen(
    name: str, large: Samples, small: Samples, queries: Mapping[str, int], on_small: Mapping[str, int]
) -> Iterator[Line]:
    of_large, of_small = median(large[name]), median(small[name])
    yield Line(
        f"{name}, median", of_large / of_small, "x", most=1.15, note=f"{of_large:.2f} to {of_small:.2f} ms"
    )
    late, on_time = quantile(large[name], 0.95), quantile(small[name], 0.95)
    yield Line(f"{name}, p95", late / on_time, "x", most=1.5, note=f"{late:.2f} to {on_time:.2f} ms")
    many, few = queries[name], on_small[name]
    yield Line(f"{name}, queries more", many - few, most=0, least=0, note=f"{many} to {few}")


def _listing(large: Samples, small: Samples) -> Iterator[Line]:
    yield Line("statement of the list, planning", median(large["planned"]), "ms")
    for name, words in (("executed", "execution"), ("clock", "by the clock")):
        note = f"p95 {quantile(large[name], 0.95):.2f}; small: {median(small[name]):.2f} ms"
        yield Line(f"statement of the list, {words}", median(large[name]), "ms", most=2, note=note)


def _rush(settings: Settings, server: str) -> list[Line]:
    """On a copy: what was decided there would be missing the next time."""
    template = next(iter(settings.sizes))
    url = f"{server}/{RUSH}"
    psql(server, f"DROP DATABASE IF EXISTS {RUSH}")
    psql(server, f"CREATE DATABASE {RUSH} TEMPLATE {template}")
    try:
        with _side(url) as side, tempfile.TemporaryDirectory() as folder:
            signed_in = side.ask(do="sessions", count=REPS)
            with web_server({"DATABASE_URL": url}, Path(folder)) as port:
                found = rush(port=port, signed_in=signed_in, seconds=settings.seconds)
            violations = side.ask(do="violations", accepted=found.standing())
    finally:
        psql(server, f"DROP DATABASE {RUSH}")
    for violation in violations:
        print(f"  {violation}")
    return found.lines(len(violations))


def _show(title: str, lines: list[Line]) -> int:
    print(table(title[0].upper() + title[1:], lines), flush=True)
    return sum(line.verdict == "MISSED" for line in lines)


@contextmanager
def _side(url: str) -> Iterator[Worker]:
    """A process of its own for each database: Django knows one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.queueside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATABASE_URL": url},
    )
    try:
        yield Worker(process)
    finally:
        process.communicate()


def _load(url: str, leads: int, waiting: int) -> None:
    """Make the database and its data, unless they were kept."""
    server, name = url.rsplit("/", 1)
    if psql(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        return
    psql(server, f"CREATE DATABASE {name}")
    command = [sys.executable, "-m", "tests.benchmarks.queueside", "load", str(leads), str(waiting)]
    if subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode:
        psql(server, f"DROP DATABASE {name}")
        raise SystemExit(f"The data of {name} could not be made; the error is above.")


def _collect_static_files(server: str) -> None:
    """Without DEBUG, pages name static files as collectstatic calls them."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": f"{server}/postgres"}, check=True)


if __name__ == "__main__":
    main()
