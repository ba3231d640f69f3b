"""How fast scoring is, against what was promised (docs/performance.md).

    make bench [LEADS=1000000] [ACTIVITIES=20] [REPEATS=5] [KEEP=1] [BENCH_DIR=folder]

Makes databases of its own, named bench_<leads>, in a cluster of its own (initdb in BENCH_DIR), or, with
DATABASE_URL, beside the database named there; and a file for SQLite. They are dropped at the end, or
kept with KEEP=1 and used again. `load` as an argument makes the data and measures nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.scoring.cluster import about, psql, server_of
from tests.benchmarks.scoring.goals import Line, table

# How cost grows is shown over these shares of the leads.
GROWTH = (0.1, 0.3)


@dataclass(frozen=True)
class Settings:
    leads: int
    activities: int
    repeats: int
    keep: bool
    folder: Path

    @classmethod
    def from_environment(cls) -> Settings:
        folder = os.environ.get("BENCH_DIR") or str(Path(tempfile.gettempdir()) / "leadfunnel-bench")
        return cls(
            leads=int(os.environ.get("LEADS") or 1_000_000),
            activities=int(os.environ.get("ACTIVITIES") or 20),
            repeats=int(os.environ.get("REPEATS") or 5),
            keep=os.environ.get("KEEP") == "1",
            folder=Path(folder),
        )

    @property
    def small(self) -> int:
        """The leads for SQLite, and for PostgreSQL beside it."""
        return max(int(self.leads * GROWTH[0]), 1)


def main() -> None:
    settings = Settings.from_environment()
    only_load = sys.argv[1:] == ["load"]
    settings.folder.mkdir(parents=True, exist_ok=True)
    with server_of(settings.folder, small=settings.leads < 10_000, keep=settings.keep) as server:
        print(about(server), flush=True)
        lite = f"sqlite:///{settings.folder / f'bench_{settings.small}.sqlite3'}"
        sizes = sorted({max(int(settings.leads * share), 1) for share in GROWTH} | {settings.leads})
        for leads in sizes:
            _load(settings, f"{server}/bench_{leads}", leads)
        _load(settings, lite, settings.small)
        if not only_load:
            _measure_all(settings, server, lite, sizes)
        if not settings.keep:
            for leads in sizes:
                psql(server, f"DROP DATABASE bench_{leads}")
            for path in settings.folder.glob("bench_*.sqlite3*"):
                path.unlink()


def _measure_all(settings: Settings, server: str, lite: str, sizes: list[int]) -> None:
    found: dict[int, dict[str, float]] = {}
    missed = 0
    for leads in sizes:
        part = "all" if leads == settings.leads else "growth"
        lines, found[leads] = _measure(settings, f"{server}/bench_{leads}", leads, part)
        missed += _show(f"PostgreSQL, {leads:,} leads, {leads * settings.activities:,} activities", lines)
    lines, on_sqlite = _measure(settings, lite, settings.small, "growth")
    ratio = on_sqlite["full"] / found[settings.small]["full"]
    lines.append(Line("full rescore, against PostgreSQL on the same rows", ratio, "x", most=2.5))
    missed += _show(
        f"SQLite, {settings.small:,} leads, {settings.small * settings.activities:,} activities", lines
    )
    first, last = found[sizes[0]]["full"] / sizes[0], found[sizes[-1]]["full"] / sizes[-1]
    growth = [Line(f"{leads:,} leads", found[leads]["full"] / leads * 1e6, "µs a lead") for leads in sizes]
    growth.append(Line("the most leads against the fewest", last / first, "x", most=1.35))
    missed += _show("Growth of a full rescore", growth)
    print(f"\n{missed} goals missed." if missed else "\nAll goals met.")


def _show(title: str, lines: list[Line]) -> int:
    print("\n" + table(title, lines), flush=True)
    return sum(line.verdict == "MISSED" for line in lines)


def _load(settings: Settings, url: str, leads: int) -> None:
    """Make the database and its data, unless they were kept."""
    name = url.rsplit("/", 1)[1]
    if url.startswith("postgres"):
        if psql(url.rsplit("/", 1)[0], f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            return
        psql(url.rsplit("/", 1)[0], f"CREATE DATABASE {name}")
    elif (settings.folder / name).exists():
        return
    _part(url, "load", leads, settings)


def _measure(settings: Settings, url: str, leads: int, part: str) -> tuple[list[Line], dict[str, float]]:
    answer = json.loads(_part(url, part, leads, settings).splitlines()[-1])
    return [Line(**line) for line in answer["lines"]], answer["seconds"]


def _part(url: str, part: str, leads: int, settings: Settings) -> str:
    """A process of its own for each database: Django knows one."""
    command = [sys.executable, "-m", "tests.benchmarks.scoring.part", part]
    command += [str(leads), str(settings.activities), str(settings.repeats)]
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The benchmark failed in its part {part!r} on {url.rsplit('/', 1)[1]}.")
    return done.stdout


if __name__ == "__main__":
    main()
