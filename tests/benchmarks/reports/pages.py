"""How fast report pages are with many leads, against the same pages with few and an empty page (docs/performance.md).

    make bench-reports [LEADS=1000000] [REPEATS=20] [KEEP=1] [BENCH_DIR=folder]

Two databases of its own in a cluster of its own, or beside the one that DATABASE_URL names, measured in turns so that
what disturbs one disturbs both; dropped at the end, or kept with KEEP=1. Everything is asked as of today, for each of
the periods and choices below. `load` as an argument only makes the data.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.queuerush import quantile
from tests.benchmarks.scoring.cluster import about, psql, server_of
from tests.benchmarks.scoring.goals import Line, median, table
from tests.benchmarks.scoring.worker import Worker

SMALL = 10_000
EMPTY = "empty"
# The shortest and the longest of the presets, and one between; without a filter, and with one.
PERIODS = ("last_30_days", "this_year", "last_12_months")
CHOICES = ({}, {"source": "webinar"})


def main() -> None:
    folder = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / "leadfunnel-bench")
    leads, repeats = int(os.environ.get("LEADS") or 1_000_000), int(os.environ.get("REPEATS") or 20)
    keep = os.environ.get("KEEP") == "1"
    folder.mkdir(parents=True, exist_ok=True)
    # As in production, on this machine alone.
    os.environ |= {
        "DEBUG": "false",
        "PLAIN_HTTP": "true",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": "ERROR",
    }
    with server_of(folder, small=leads < SMALL, keep=keep) as server:
        print(about(server), flush=True)
        urls = [f"{server}/bench_reports_{number}" for number in (leads, min(SMALL, leads))]
        for url in urls:
            _load(url)
        if sys.argv[1:] != ["load"]:
            _collect_static_files(urls[0])
            with ExitStack() as stack:
                large, small = (stack.enter_context(_side(url)) for url in urls)
                print(f"\nProcessor load: {os.getloadavg()[0]:.1f}", flush=True)
                missed = measure(large, small, repeats=repeats)
            print(f"\n{missed} goals missed." if missed else "\nAll goals met.")
        if not keep:
            for url in urls:
                psql(server, f"DROP DATABASE {url.rsplit('/', 1)[1]}")


def measure(large: Worker, small: Worker, *, repeats: int) -> int:
    """Prints a table of each kind of page; how many goals were missed."""
    reports: Sequence[str] = large.ask(do="reports")["reports"]
    missed = 0
    for kind in ("page", "list"):
        lines = [line for report in reports for line in _lines(kind, report, large, small, repeats)]
        missed += sum(line.verdict == "MISSED" for line in lines)
        title = "Report pages" if kind == "page" else "Lists behind the first number of each table"
        print(table(title, lines), flush=True)
    return missed


def _lines(kind: str, report: str, large: Worker, small: Worker, repeats: int) -> Iterator[Line]:
    took: dict[str, list[float]] = defaultdict(list)
    questions = [{"period": period, **choice} for period in PERIODS for choice in CHOICES]
    for number in range(-1, repeats):
        for question in questions:
            # Who begins changes; the first turn warms up.
            order = ("large", "small") if number % 2 else ("small", "large")
            for name in order:
                side = large if name == "large" else small
                answer = side.ask(do=kind, report=report, question=question)
                if number >= 0:
                    took[name].append(answer["ms"])
                    took[f"{name} {EMPTY}"].append(answer["empty"])
    of_large, of_small = took["large"], took["small"]
    empty = took[f"large {EMPTY}"]
    note = f"{median(of_large):.0f} to {median(of_small):.0f} ms"
    yield Line(f"{report}, median", median(of_large) / median(of_small), "x", most=1.5, note=note)
    late, on_time = quantile(of_large, 0.95), quantile(of_small, 0.95)
    yield Line(f"{report}, p95", late / on_time, "x", most=2, note=f"{late:.0f} to {on_time:.0f} ms")
    if kind == "page":
        note = f"{late:.0f} to {quantile(empty, 0.95):.0f} ms"
        yield Line(f"{report}, p95 to an empty page", late / quantile(empty, 0.95), "x", most=6, note=note)
        first = [[_first(side, report, question) for question in questions] for side in (large, small)]
        note = f"the slowest {max(first[0]):.0f} ms; with few leads {median(first[1]):.0f} ms"
        yield Line(f"{report}, with nothing kept", median(first[0]), "ms", note=note)


def _first(side: Worker, report: str, question: Mapping[str, str]) -> float:
    """As the first one sees it after a fold: milliseconds."""
    return float(side.ask(do="first", report=report, question=question)["ms"])


@contextmanager
def _side(url: str) -> Iterator[Worker]:
    """A process of its own for each database: Django knows one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.reports.side"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATABASE_URL": url},
    )
    try:
        yield Worker(process)
    finally:
        process.communicate()


def _load(url: str) -> None:
    """Make the database, its data and what reports read, unless they were kept."""
    server, name = url.rsplit("/", 1)
    if not psql(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        psql(server, f"CREATE DATABASE {name}")
    command = [sys.executable, "-m", "tests.benchmarks.reports.side", "load", name.rsplit("_", 1)[1]]
    if subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode:
        raise SystemExit(f"The data of {name} could not be made; the error is above.")


def _collect_static_files(url: str) -> None:
    """Without DEBUG, pages name static files as collectstatic calls them."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True)


if __name__ == "__main__":
    main()
