"""Reports and a streaming replica of PostgreSQL: servers of the tests' own."""

from __future__ import annotations

import html
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections, router
from django.test.utils import CaptureQueriesContext

from leads import triggers
from leads.models import Lead, Role
from reports import replica
from reports.models import Journey
from reports.store.folding import fold
from tests.factories import UserFactory
from tests.scoring.faults.postgres import (
    PostgresServer,
    StreamingReplica,
    may_run_postgres,
    postgres_binaries,
)
from tests.workers import wait_until

NAME = "reported"


@pytest.fixture(scope="module")
def primary() -> Iterator[PostgresServer]:
    binaries = postgres_binaries()
    if binaries is None or not may_run_postgres():
        pytest.skip("needs PostgreSQL's own programs (initdb, pg_ctl), and root needs its user")
    server = PostgresServer(binaries)
    yield server
    server.close()


@pytest.fixture(scope="module")
def copy(primary: PostgresServer) -> Iterator[StreamingReplica]:
    binaries = postgres_binaries()
    assert binaries is not None
    server = StreamingReplica(primary, binaries)
    yield server
    server.close()


@pytest.fixture(scope="module")
def both_migrated(primary, copy, django_db_blocker) -> Iterator[None]:
    """Django works on a database of the primary, and its reports on the copy."""
    with psycopg.connect(primary.url("postgres"), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {NAME}")
    usual = connections["default"]
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        connections["default"] = primary.database(NAME)
        reading = copy.database(NAME)
        reading.alias = replica.REPLICA
        connections[replica.REPLICA] = reading
        patch.setitem(connections.settings, replica.REPLICA, reading.settings_dict)
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield
        finally:
            connections["default"].close()
            reading.close()
            connections["default"] = usual
            del connections[replica.REPLICA]


@pytest.fixture
def both(both_migrated, primary, copy, monkeypatch) -> None:
    """With one lead, on both."""
    monkeypatch.setattr(replica, "_away_until", 0.0)
    with triggers.erasing():
        Lead.objects.all().delete()
    Lead.objects.create(external_id="a")
    wait_until(lambda: is_up_to_date(primary, copy), what="the copy to follow")


def is_up_to_date(primary: PostgresServer, copy: PostgresServer) -> bool:
    with psycopg.connect(primary.url("postgres")) as session:
        written = session.execute("SELECT pg_current_wal_lsn()::text").fetchone()[0]
    try:
        with psycopg.connect(copy.url(NAME)) as session:
            behind = session.execute("SELECT pg_last_wal_replay_lsn() < %s::pg_lsn", [written]).fetchone()[0]
    except psycopg.OperationalError:  # its database has not come over yet
        return False
    return behind is False


def where_from() -> str:
    """Which server a report's query of a model reaches, by that server's own word."""
    with connections[router.db_for_read(Journey)].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return "copy" if cursor.fetchone()[0] else "primary"


def leads_read() -> tuple[str, int]:
    return where_from(), Lead.objects.count()


@pytest.mark.postgres
@pytest.mark.slow
def test_reports_read_from_the_copy_and_all_else_from_the_database(both, primary, copy):
    assert replica.read(leads_read) == (("copy", 1), "")
    assert where_from() == "primary"


@pytest.mark.postgres
@pytest.mark.slow
def test_nothing_can_be_written_while_a_report_reads(both, primary, copy):
    def write() -> None:
        Lead.objects.using(router.db_for_read(Lead)).update(country="DE")

    with pytest.raises(DatabaseError, match="read-only"):
        replica.read(write)
    assert Lead.objects.get().country == ""


@pytest.mark.postgres
@pytest.mark.slow
def test_without_the_copy_reports_read_from_the_database_and_say_so(both, primary, copy, monkeypatch):
    asked = []
    ask = connections[replica.REPLICA].connect
    monkeypatch.setattr(connections[replica.REPLICA], "connect", lambda: asked.append(1) or ask())
    copy.crash()
    try:
        assert replica.read(leads_read) == (("primary", 1), replica.NOTICE)
        # Not asked again at once: nobody waits for it.
        asked.clear()
        assert replica.read(leads_read) == (("primary", 1), replica.NOTICE)
        assert asked == []
    finally:
        copy.start()
    wait_until(lambda: is_up_to_date(primary, copy), what="the copy to follow")

    # And when it is back and the time is over, it is read again.
    monkeypatch.setattr(replica, "_away_until", 0.0)
    assert replica.read(leads_read) == (("copy", 1), "")


@pytest.mark.postgres
@pytest.mark.slow
def test_file_of_a_list_is_read_from_the_copy(both, primary, copy, client):
    fold()
    wait_until(lambda: is_up_to_date(primary, copy), what="the copy to follow")
    client.force_login(UserFactory(role=Role.MANAGER))
    address = "/reports/overview/rows.csv?rows=leads&when=ever"

    with CaptureQueriesContext(connections[replica.REPLICA]) as read:
        lines = b"".join(client.get(address).streaming_content).decode().splitlines()

    assert len(lines) == 2
    assert any("reports_journey" in query["sql"] for query in read.captured_queries)
    assert any("leads_lead" in query["sql"] for query in read.captured_queries)

    copy.crash()
    try:
        answer = client.get(address)
        assert len(b"".join(answer.streaming_content).splitlines()) == 2
    finally:
        copy.start()


@pytest.mark.postgres
@pytest.mark.slow
def test_page_says_where_its_numbers_come_from_when_the_copy_is_away(both, primary, copy, client):
    fold()
    wait_until(lambda: is_up_to_date(primary, copy), what="the copy to follow")
    client.force_login(UserFactory())
    page = client.get("/reports/overview/").content.decode()
    assert replica.NOTICE not in page

    copy.crash()
    try:
        answer = client.get("/reports/overview/")
    finally:
        copy.start()

    assert answer.status_code == 200
    assert replica.NOTICE in html.unescape(answer.content.decode())
