"""What somebody sees who starts a program with settings or a database that it cannot work with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leadfunnel.management.commands import start
from tests.workers import free_port

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "manage.py": ["manage.py", "check"],
    "gunicorn": ["-m", "gunicorn", "-c", "python:leadfunnel.gunicorn_conf", "leadfunnel.wsgi"],
    "plain gunicorn": ["-m", "gunicorn", "--no-control-socket", "-b", "127.0.0.1:0", "leadfunnel.wsgi"],
    "worker": ["-m", "celery", "-A", "leadfunnel", "worker"],
    "beat": ["-m", "celery", "-A", "leadfunnel", "beat"],
}


def run(command: list[str], data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**kept, "ENV_FILE": "", "DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_bad_settings_are_one_sentence_and_no_traceback(program, tmp_path) -> None:
    ended = run(PROGRAMS[program], tmp_path, DEBUG="false", TIME_ZONE="Mars")

    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    said = [line for line in ended.stderr.splitlines() if line.startswith("Leadfunnel cannot start.")]
    assert len(said) == 1
    assert all(name in said[0] for name in ("SECRET_KEY", "ALLOWED_HOSTS", "TIME_ZONE"))


@pytest.mark.slow
@pytest.mark.parametrize("program", ["gunicorn", "worker", "beat"])
def test_database_without_tables_is_one_sentence(program, tmp_path) -> None:
    ended = run(PROGRAMS[program], tmp_path, PORT=str(free_port()))

    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert "run python manage.py migrate" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", [["start"], ["report", "funnel"], ["change_time_zone", "UTC"]])
def test_database_out_of_reach_is_one_sentence(command, tmp_path) -> None:
    url = "postgres://nobody@127.0.0.1:1/nothing"

    ended = run(["manage.py", *command], tmp_path, DATABASE_URL=url, PORT=str(free_port()))

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "The database cannot be reached; check DATABASE_URL." in ended.stderr


@pytest.mark.slow
def test_production_settings_leave_djangos_own_check_without_a_warning(tmp_path) -> None:
    key = "b8vZ3kq1xT9w7LrYpN5sHcJd2FmGaQeU6oiVtRzXW4KPBn0yEC"
    production = {
        "DEBUG": "false",
        "SECRET_KEY": key,
        "ALLOWED_HOSTS": "leads.example.com",
        "BEHIND_PROXY": "true",
    }

    ended = run(["manage.py", "check", "--deploy", "--fail-level=WARNING"], tmp_path, **production)

    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_traceback(tmp_path) -> None:
    """`manage.py help | head -n 1`: the pipe is closed long before the output ends."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    program = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "diffsettings", "--all"],
        cwd=ROOT,
        env={**kept, "ENV_FILE": "", "DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout and program.stderr

    program.stdout.close()

    said = program.stderr.read()
    program.stderr.close()
    assert program.wait(timeout=60) != 0
    assert "Traceback" not in said


def test_start_says_now_and_then_what_it_waits_for(settings) -> None:
    settings.PORT = free_port()
    said = io.StringIO()
    command = start.Command(stdout=said)
    command._silent_since = time.monotonic() - start.PATIENCE_SECONDS

    assert [command._announce() for _ in range(3)] == [False] * 3

    assert said.getvalue().splitlines() == [
        f"Still waiting for the web server to answer at http://127.0.0.1:{settings.PORT}/healthz"
        " ([Errno 111] Connection refused)."
    ]
