"""`make run` with real processes: gunicorn, worker and scheduler start, answer, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.template_database import sqlite_template
from tests.workers import ROOT, free_port, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.realworker,
    pytest.mark.anydatabase,  # as a new user has it: on SQLite
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]


def environment(data_dir: Path, port: int) -> dict[str, str]:
    # As a new user has it: nothing set; but an own folder and port, and no .env of the developer.
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "ENV_FILE": "", "DATA_DIR": str(data_dir), "PORT": str(port)}


def processes_of(data_dir: Path) -> list[str]:
    """Command lines of the living processes that were started with this data folder."""
    mark = f"DATA_DIR={data_dir}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A data folder with a migrated database and one user, so that no demo is loaded."""
    folder = tmp_path_factory.mktemp("data")
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            shutil.copyfile(sqlite_template(), folder / "leadfunnel.sqlite3")
    for command in (
        ["migrate", "--verbosity=0"],
        ["createsuperuser", "--noinput", "--username=boss", "--email=b@example.com"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={**environment(folder, 8000), "DJANGO_SUPERUSER_PASSWORD": "correct-horse-12"},
            check=True,
            capture_output=True,
        )
    return folder


@pytest.fixture
def started(prepared: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    port = free_port()
    log = tmp_path / "start.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=ROOT,
            env=environment(prepared, port),
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or "Leadfunnel runs at" in log.read_text(),
            what=f"the start: {log}",
        )
        yield process, port, log
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def test_start_serves_and_ctrl_c_leaves_nothing_behind(started, prepared) -> None:
    process, port, log = started
    assert f"Leadfunnel runs at http://127.0.0.1:{port}" in log.read_text()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/") as response:
        assert response.status == 200
    wait_until(lambda: " ready." in log.read_text(), what="the worker")
    # The command, gunicorn with two workers, the worker with its pool process and scheduler.
    wait_until(lambda: len(processes_of(prepared)) >= 7, what="all processes")

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=60) == 0
    wait_until(lambda: processes_of(prepared) == [], what="the end of every process")
    assert "Traceback" not in log.read_text()


def test_a_second_start_on_the_port_says_so(started, prepared) -> None:
    _, port, _ = started

    second = subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env=environment(prepared, port),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert second.returncode == 1
    assert second.stderr.startswith(f"CommandError: Port {port} cannot be used")
    assert len(second.stderr.strip().splitlines()) == 1


def test_programs_end_when_the_command_is_killed(started, prepared) -> None:
    process, *_ = started

    process.kill()
    process.wait()

    wait_until(lambda: processes_of(prepared) == [], what="the end of every process")


def test_everything_stops_when_the_web_server_dies(started, prepared) -> None:
    process, _, log = started
    web = next(
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"gunicorn" in path.read_bytes() and parent_of(path.parent) == process.pid
    )

    os.kill(web, signal.SIGKILL)

    assert process.wait(timeout=60) == 1
    assert "web ended by itself (status -9); stopping the rest." in log.read_text()
    wait_until(lambda: processes_of(prepared) == [], what="the end of every process")


def parent_of(process: Path) -> int:
    return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
