"""A PostgreSQL cluster of the benchmark's own, tuned so that everything is in memory."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "shared_buffers": "5GB",
    "effective_cache_size": "12GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "32GB",
    "min_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "wal_buffers": "64MB",
    "random_page_cost": "1.1",
    "autovacuum": "on",
    "synchronous_commit": "on",
    "fsync": "on",
}
SHOWN = (*SETTINGS, "max_parallel_workers_per_gather", "jit", "server_version")


@contextmanager
def server_of(folder: Path, *, small: bool, keep: bool) -> Iterator[str]:
    """The URL of the server of DATABASE_URL, or of a cluster of one's own, without the name of a database."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given.rsplit("/", 1)[0]
        return
    with cluster(folder, small=small, keep=keep) as url:
        yield url


def about(server: str) -> str:
    shown = ", ".join(f"{name} {psql(server, f'SHOW {name}').strip()}" for name in SHOWN)
    return f"{os.cpu_count()} processors. PostgreSQL: {shown}"


def psql(server: str, statement: str) -> str:
    """Run it beside all databases; the first value of its answer."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


@contextmanager
def cluster(folder: Path, *, small: bool, keep: bool) -> Iterator[str]:
    """The URL of a cluster in the folder, without the name of a database; stopped at the end, deleted unless kept."""
    binaries = _binaries()
    data = folder / "postgresql"
    if not (data / "PG_VERSION").exists():
        folder.mkdir(parents=True, exist_ok=True)
        data.mkdir()
        if _owner():
            shutil.chown(data, "postgres")
            folder.chmod(0o755)
        _run(
            [
                str(binaries / "initdb"),
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ],
            data,
        )
    port = free_port()
    settings = {**SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    if small:
        settings |= {"shared_buffers": "64MB", "maintenance_work_mem": "64MB", "min_wal_size": "80MB"}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    control = str(binaries / "pg_ctl")
    _run([control, "start", "--wait", "--silent", "--log", str(data / "log"), "--options", options], data)
    try:
        yield f"postgres://postgres@127.0.0.1:{port}"
    finally:
        _run([control, "stop", "--wait", "--silent", "--mode", "fast"], data)
        if not keep:
            shutil.rmtree(data)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    where = shutil.which("initdb")
    if where is None:
        raise SystemExit(
            "PostgreSQL's initdb was not found: install PostgreSQL 15 or newer, or set DATABASE_URL."
        )
    return Path(where).parent


def _owner() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 and pwd.getpwnam("postgres") else []


def _run(command: Sequence[str], data: Path) -> None:
    done = subprocess.run([*_owner(), *command, "-D", str(data)], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed; see {data / 'log'}.")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
