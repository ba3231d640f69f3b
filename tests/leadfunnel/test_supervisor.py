"""The supervisor with real processes: whatever ends one of them, none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

# A program that has a child of its own, says both process ids, and sleeps.
PROGRAM = "import os, subprocess, time; child = subprocess.Popen(['sleep', '60']);" + (
    "print('pids', os.getpid(), child.pid, flush=True); {then}"
)
SLEEPS = "time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
DIES = "time.sleep(0.5); raise SystemExit(7)"


class Supervised:
    """A supervisor process over two programs; `pids` are those of the programs and of their children."""

    def __init__(self, tmp_path: Path, first: str, second: str) -> None:
        script = tmp_path / "supervise.py"
        script.write_text(
            textwrap.dedent(f"""
                import sys
                from leadfunnel.supervisor import Program, Supervisor
                programs = [
                    Program("one", [sys.executable, "-c", {PROGRAM.format(then=first)!r}]),
                    Program("two", [sys.executable, "-c", {PROGRAM.format(then=second)!r}]),
                ]
                sys.exit(Supervisor(stop_seconds=1.5).run(programs, when_started=lambda: True))
            """)
        )
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self.lines: list[str] = []
        self.pids: list[int] = []
        while len(self.pids) < 4:
            line = self.process.stdout.readline()
            assert line, "the supervisor ended"
            self.lines.append(line)
            if "pids" in line:
                self.pids += [int(word) for word in line.split()[-2:]]

    def end(self) -> int:
        self.lines += self.process.stdout.readlines()
        return self.process.wait(timeout=60)

    def survivors(self, pids: list[int] | None = None) -> list[int]:
        deadline = time.monotonic() + 60
        while (alive := [pid for pid in pids or self.pids if is_alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        return alive


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended but that nobody has waited for is not alive.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[-1].split()[0] != "Z"


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[list[Supervised]]:
    started: list[Supervised] = []
    yield started
    for each in started:
        each.process.kill()
        each.process.wait()
        each.process.stdout.close()
        for pid in filter(is_alive, each.pids):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_programs_and_their_children(tmp_path, supervised, number) -> None:
    supervised.append(it := Supervised(tmp_path, SLEEPS, SLEEPS))

    it.process.send_signal(number)

    assert it.end() == 0
    assert it.survivors() == []


def test_the_end_of_one_program_ends_the_other(tmp_path, supervised) -> None:
    supervised.append(it := Supervised(tmp_path, SLEEPS, DIES))

    assert it.end() == 1
    assert "two ended by itself (status 7); stopping the rest.\n" in it.lines
    assert it.survivors() == []


def test_a_program_that_ignores_the_request_is_killed(tmp_path, supervised) -> None:
    supervised.append(it := Supervised(tmp_path, STUBBORN, SLEEPS))

    it.process.send_signal(signal.SIGTERM)

    assert it.end() == 0
    assert it.survivors() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_programs_end_when_the_supervisor_is_killed(tmp_path, supervised) -> None:
    supervised.append(it := Supervised(tmp_path, SLEEPS, SLEEPS))
    programs = it.pids[::2]  # their children are theirs to end, as gunicorn and celery do

    it.process.kill()
    it.end()

    assert it.survivors(programs) == []


def test_output_is_headed_by_the_program(tmp_path, supervised) -> None:
    supervised.append(it := Supervised(tmp_path, SLEEPS, SLEEPS))

    assert sorted(line.split("pids")[0] for line in it.lines) == ["one    | ", "two    | "]
