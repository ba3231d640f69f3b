"""A PostgreSQL, a Redis, workers, beats and a web server of the tests' own, to be killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import Task
from django.db import connection, connections
from django.utils import timezone

from leadfunnel.celery import app
from scoring.models import ScoringRun
from scoring.runs import request_run
from scoring.tasks import tick, work_on_run
from tests.scoring.faults.dataset import prepare
from tests.scoring.faults.postgres import (
    PREPARED,
    SCENARIO,
    PostgresServer,
    may_run_postgres,
    postgres_binaries,
)
from tests.scoring.faults.processes import Broker, Crew
from tests.workers import wait_until

MARKS = (pytest.mark.slow, pytest.mark.realworker, pytest.mark.postgres)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    binaries = postgres_binaries()
    if binaries is None or not may_run_postgres():
        pytest.skip("needs PostgreSQL's own programs (initdb, pg_ctl), and root needs its user")
    server = PostgresServer(binaries)
    yield server
    server.close()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    broker = Broker(tmp_path_factory.mktemp("redis"))
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def prepared(server: PostgresServer, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        execute(server.url("postgres"), f"CREATE DATABASE {PREPARED}")
        with connected_to(server, PREPARED):
            prepare(at=timezone.now())


@pytest.fixture(scope="session")
def all_crew(
    server: PostgresServer, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crew]:
    folder = tmp_path_factory.mktemp("crew")
    environment = {
        **os.environ,
        "ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
        "DATABASE_URL": server.url(),
        "REDIS_URL": broker.url,
        "DATA_DIR": str(folder),
    }
    crew = Crew(folder=folder, environment=environment)
    yield crew
    crew.close()


@pytest.fixture(autouse=True)
def scenario(
    server: PostgresServer, broker: Broker, prepared: None, django_db_blocker: Any
) -> Iterator[PostgresServer]:
    """A fresh copy of the prepared database, to which the test is connected, and an empty broker."""
    broker.empty()
    for statement in (
        f"DROP DATABASE IF EXISTS {SCENARIO} WITH (FORCE)",
        f"CREATE DATABASE {SCENARIO} TEMPLATE {PREPARED}",
        "CHECKPOINT",  # else PostgreSQL's sequences, copied a moment ago, step back when it crashes
    ):
        execute(server.url("postgres"), statement)
    with django_db_blocker.unblock(), connected_to(server, SCENARIO):
        yield server


@pytest.fixture
def crew(all_crew: Crew, scenario: PostgresServer) -> Iterator[Crew]:
    yield all_crew
    all_crew.stop_beats()


@contextmanager
def connected_to(server: PostgresServer, name: str) -> Iterator[None]:
    """Django, within this process, works on that database."""
    usual, own = connections["default"], server.database(name)
    connections["default"] = own
    try:
        yield
    finally:
        own.close()
        connections["default"] = usual


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(statement)


@dataclass
class Hold:
    """Somebody else's session, which holds a row so that a worker hangs on it in mid-work."""

    session: psycopg.Connection[Any]

    def waiting(self) -> list[str]:
        """The names of those who wait for what we hold."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT application_name FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
                [self.session.info.backend_pid],
            )
            return [name for (name,) in cursor.fetchall()]

    def locks_of_waiting(self) -> int:
        """How many locks they take of the server's store, which has room for 64 of each of 100 sessions."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM pg_locks WHERE NOT fastpath AND %s = ANY(pg_blocking_pids(pid))",
                [self.session.info.backend_pid],
            )
            return int(cursor.fetchone()[0])

    def catch(self) -> str:
        """Wait for somebody who hangs on what we hold; their name."""
        wait_until(lambda: bool(self.waiting()), what="somebody in the middle of it")
        return self.waiting()[0]

    def release(self) -> None:
        self.session.close()


@pytest.fixture
def hold(scenario: PostgresServer) -> Iterator[Callable[[str], Hold]]:
    """Hold the rows that a SELECT ... FOR ... returns, until released or the test ends."""
    holds: list[Hold] = []

    def hold(select: str) -> Hold:
        session = psycopg.connect(scenario.url())
        session.execute(select)
        holds.append(Hold(session))
        return holds[-1]

    yield hold
    for held in holds:
        held.release()


@pytest.fixture
def send(broker: Broker) -> Callable[..., None]:
    """Put a task into the queue of the tests' own broker."""

    def send(task: Task[..., Any], *args: Any) -> None:
        with app.connection_for_write(url=broker.url) as to_broker:
            task.apply_async(args=args, connection=to_broker, queue="celery")

    return send


@pytest.fixture
def night(send: Callable[..., None]) -> Callable[[], ScoringRun]:
    """Ask for tonight's run and tell the workers."""

    def night() -> ScoringRun:
        run = request_run(kind=ScoringRun.Kind.NIGHTLY, at=timezone.now())
        for _ in range(2):
            send(work_on_run, run.pk)
        return run

    return night


@pytest.fixture
def a_minute_later(send: Callable[..., None]) -> Callable[[], None]:
    """The minutely tick, without the minute."""
    return lambda: send(tick)


def expire_leases() -> None:
    """As if ten minutes had passed since anybody was heard of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_scoringchunk SET leased_until = now() - interval '1 second' WHERE state = 'taken'"
        )


def wait_for_end(run: ScoringRun, state: ScoringRun.State = ScoringRun.State.DONE) -> None:
    wait_until(lambda: is_over(run), what=f"the end of {run}")
    assert run.state == state, run.error


def is_over(run: ScoringRun) -> bool:
    run.refresh_from_db()
    return not run.is_active
