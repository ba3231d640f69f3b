"""A PostgreSQL server of the tests' own, that they may crash."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from tests.workers import free_port

PREPARED, SCENARIO = "prepared", "scenario"


def postgres_binaries() -> Path | None:
    """The folder of the newest server installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def may_run_postgres() -> bool:
    """PostgreSQL refuses to run as root; then we need its own user."""
    if os.getuid() != 0:
        return True
    return shutil.which("runuser") is not None and any(user.pw_name == "postgres" for user in pwd.getpwall())


class PostgresServer:
    """A cluster with the database of one scenario, made anew from a prepared one for each."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="leadfunnel-faults-"))
        self._data = self._folder / "data"
        self.port = free_port()
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._make()
        self.start()

    def _make(self) -> None:
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                "fsync = off\nfull_page_writes = off\nshared_buffers = 64MB\nmax_connections = 50\n"
            )

    def start(self) -> None:
        self._control("start", "-w", "-l", str(self._folder / "log"))

    def crash(self) -> None:
        """Every session ends at once, without a word, and the server has to recover."""
        self._control("stop", "-m", "immediate")

    def close(self) -> None:
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self, name: str) -> DatabaseWrapper:
        """Django's connection to a database of this server, not opened yet."""
        own = {"NAME": name, "USER": "postgres", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": str(self.port)}
        return DatabaseWrapper({**connections.settings["default"], **own}, "default")

    def url(self, name: str = SCENARIO) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def _control(self, what: str, *options: str) -> None:
        self._run("pg_ctl", what, "-D", str(self._data), *options)

    def _run(self, program: str, *arguments: str) -> None:
        as_whom = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        # Not a pipe: the server inherits it and never closes it.
        with (self._folder / "output").open("ab") as output:
            done = subprocess.run(
                [*as_whom, str(self._binaries / program), *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=60,
            )
        assert done.returncode == 0, f"{program} failed:\n{(self._folder / 'output').read_text()}"


class StreamingReplica(PostgresServer):
    """A copy of another server that follows it; it can only be read."""

    def __init__(self, primary: PostgresServer, binaries: Path) -> None:
        self._primary = primary
        super().__init__(binaries)

    def _make(self) -> None:
        # -R: what it needs to follow; of the rest only the port is its own.
        self._run(
            "pg_basebackup",
            "-D",
            str(self._data),
            "-R",
            "-c",
            "fast",
            "--no-sync",
            "-d",
            self._primary.url("postgres"),
        )
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(f"port = {self.port}\n")
