"""What runs beside the database: the broker, workers, beats and the web server, each a process to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from tests.workers import ROOT, free_port, wait_until

PYTHON = [sys.executable, "-W", "ignore", "-m"]


class Process:
    """One program, in a process group of its own."""

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, of its children too: as a power cut would end it."""
        if self.is_alive():
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Worker(Process):
    """`name` is what its sessions call themselves in the database."""

    def __init__(self, name: str, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        # fmt: off
        command = [
            *PYTHON, "celery", "-A", "leadfunnel", "worker", "-c", "1", "-n", f"{name}@%h",
            "--without-gossip", "--without-mingle",
        ]
        # fmt: on
        super().__init__(command, log=folder / f"{name}.log", environment={**environment, "PGAPPNAME": name})

    def is_ready(self) -> bool:
        assert self.is_alive(), f"The worker ended:\n{self.said()}"
        return " ready." in self.said()

    def pool_process(self) -> int:
        """The child that does the work."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[-1])


class Beat(Process):
    def ticks(self) -> int:
        return self.said().count("Sending due task")


class Web(Process):
    def __init__(self, *, port: int, log: Path, environment: Mapping[str, str]) -> None:
        self.port = port
        command = [*PYTHON, "gunicorn", "-c", "python:leadfunnel.gunicorn_conf", "leadfunnel.wsgi"]
        super().__init__(command, log=log, environment=environment)

    def is_ready(self) -> bool:
        assert self.is_alive(), f"The web server ended:\n{self.said()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Broker:
    """A Redis of the tests' own. It keeps nothing: what it knew is gone when it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command = ["redis-server", *options, "--dir", str(self._folder)]
        self._process = Process(command, log=self._folder / "redis.log")
        wait_until(self._answers, what="the broker's start")

    def kill(self) -> None:
        self._process.kill()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def empty(self) -> None:
        """Forget the messages; not which queues there are, which workers tell but once."""
        self.client.delete("celery", "unacked", "unacked_index")

    def is_empty(self) -> bool:
        """Whether every message was taken and answered for."""
        return not self.client.exists("celery", "unacked")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


class Crew:
    """Workers, beats and a web server, on one database and one broker. Who is alive serves the next test, too."""

    def __init__(self, *, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._started = 0
        self.workers: list[Worker] = []
        self.beats: list[Beat] = []
        self._web: Web | None = None

    def have_workers(self, count: int) -> dict[str, Worker]:
        """So many of them, or more where others are still alive: ready, by name."""
        self.workers = [worker for worker in self.workers if worker.is_alive()]
        while len(self.workers) < count:
            name = f"worker-{self._next()}"
            self.workers.append(Worker(name, folder=self._folder, environment=self._environment))
        wait_until(lambda: all(worker.is_ready() for worker in self.workers), what="the workers' start")
        return {worker.name: worker for worker in self.workers}

    def start_beat(self, *, place: str = "one") -> Beat:
        """A beat that asks twice a second. `place`: its data folder, as of a host."""
        folder = self._folder / place
        folder.mkdir(exist_ok=True)
        environment = {
            **self._environment,
            "DJANGO_SETTINGS_MODULE": "tests.scoring.faults.hasty",
            "DATA_DIR": str(folder),
            "LOG_LEVEL": "DEBUG",  # it tells each task that it sends
        }
        command = [*PYTHON, "celery", "-A", "leadfunnel", "beat"]
        beat = Beat(command, log=self._folder / f"beat-{self._next()}.log", environment=environment)
        self.beats.append(beat)
        return beat

    @property
    def web(self) -> Web:
        if self._web is None:
            port = free_port()
            environment = {**self._environment, "PORT": str(port), "WEB_CONCURRENCY": "1", "WEB_THREADS": "2"}
            self._web = Web(port=port, log=self._folder / "web.log", environment=environment)
            wait_until(self._web.is_ready, what="the web server's start")
        return self._web

    def stop_beats(self) -> None:
        for beat in self.beats:
            beat.kill()
        self.beats = []

    def close(self) -> None:
        self.stop_beats()
        for process in [*self.workers, *([self._web] if self._web else [])]:
            process.kill()

    def _next(self) -> int:
        self._started += 1
        return self._started
