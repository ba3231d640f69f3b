"""Real Celery workers for tests: processes of their own, on the test's database and broker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from leadfunnel.celery import app

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class RealWorker:
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As a power cut would end it: the worker and its pool at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Let it finish what it has begun; kill it after a minute."""
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"The worker ended:\n{self.log.read_text()}"
        return " ready." in self.log.read_text()


def wait_until(is_true: Callable[[], bool], *, seconds: float = 120, what: str = "it") -> None:
    """Ask again and again; fail when `what` has not become true in time.

    A machine that does much else is no reason to fail, and waiting long costs nothing where it comes true.
    """
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.05)


def free_port() -> int:
    """A port on which a server of the test may listen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def process_environment() -> dict[str, str]:
    """What a process of its own needs to work on this test's database and broker."""
    environment = {**os.environ, "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}
    environment["DATABASE_URL"] = database_url()
    environment["DATA_DIR"] = str(settings.DATA_DIR)
    environment["REDIS_URL"] = settings.REDIS_URL
    return environment


def database_url() -> str:
    """The address of this test's own database."""
    config = connection.settings_dict
    name = quote(str(config["NAME"]), safe="/")
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    login = quote(config["USER"], safe="")
    if config["PASSWORD"]:
        login += ":" + quote(config["PASSWORD"], safe="")
    return f"postgres://{login}@{config['HOST']}:{config['PORT'] or 5432}/{name}"


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[], RealWorker]]:
    """Starts one real worker a call, and ends them all after the test."""
    workers: list[RealWorker] = []
    queue = settings.CELERY_TASK_DEFAULT_QUEUE
    with app.connection_for_write() as broker:
        broker.default_channel.queue_declare(queue)
        broker.default_channel.queue_purge(queue)

    def start() -> RealWorker:
        log = tmp_path / f"worker-{len(workers)}.log"
        # fmt: off
        command = [
            sys.executable, "-W", "ignore", "-m", "celery", "-A", "leadfunnel", "worker",
            "-Q", queue, "-c", "1", "-n", f"test{len(workers)}-{os.getpid()}@%h",
            "--without-gossip", "--without-mingle",
        ]
        # fmt: on
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=process_environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        worker = RealWorker(process, log)
        workers.append(worker)
        wait_until(worker.is_ready, what="the worker's start")
        return worker

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()


@pytest.fixture
def real_worker(start_worker: Callable[[], RealWorker]) -> RealWorker:
    return start_worker()
