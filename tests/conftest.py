"""Tripwires for the whole suite, and what every test may use."""

from __future__ import annotations

import gc
import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import django.test
import pytest
from django.db.backends.signals import connection_created
from django.http import HttpResponseBase
from hypothesis import HealthCheck, settings

from tests.workers import real_worker, start_worker  # noqa: F401

settings.register_profile(
    "leadfunnel",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "30")),
    # The same examples each time in CI: a failure there must be repeatable here.
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("leadfunnel")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="Leave out what no database changes: what a browser shows, what is marked so, and tests that use none.",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    from django.db import connection

    if config.getoption("--database-only"):
        left_out = [item for item in items if not _depends_on_database(item)]
        items[:] = [item for item in items if _depends_on_database(item)]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=_turn)
    if connection.vendor != "postgresql":
        skip = pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL")
        for item in items:
            if "postgres" in item.keywords:
                item.add_marker(skip)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays to the end: searched for garbage again and again, it took a sixth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _turn(item: pytest.Item) -> int:
    """What takes long comes first: begun last, it would keep one process busy while the others have nothing left."""
    first = ("realworker", "slow", "browser")
    return next((turn for turn, mark in enumerate(first) if mark in item.keywords), len(first))


def _depends_on_database(item: pytest.Item) -> bool:
    if "postgres" in item.keywords:
        return True
    if {"browser", "anydatabase"} & set(item.keywords):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    marks = {"django_db", "realworker"}
    return bool(fixtures & {"db", "transactional_db"} or marks & set(item.keywords))


# --- Tripwire: no network but this machine -----------------------------------------------------------------------


def _is_loopback(host: object) -> bool:
    if host in ("localhost", "", None):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def connect_to_loopback(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise RuntimeError(f"A test may not use the network: {address}")
        connect(self, address)

    def getaddrinfo_of_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host.decode() if isinstance(host, bytes) else host):
            raise RuntimeError(f"A test may not use the network: {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", connect_to_loopback)
    patch.setattr(socket, "getaddrinfo", getaddrinfo_of_loopback)
    yield
    patch.undo()


# --- Tripwire: rows without an order have no order ---------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def reverse_unordered_rows() -> Iterator[None]:
    def reverse(connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA reverse_unordered_selects=ON")

    connection_created.connect(reverse)
    yield
    connection_created.disconnect(reverse)


# --- Tripwire: no template syntax in a page ----------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def no_template_syntax_in_pages() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    request = django.test.Client.request

    def checked_request(self: django.test.Client, **kwargs: Any) -> HttpResponseBase:
        response = request(self, **kwargs)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming and not response.has_header("Content-Encoding"):
            text = response.content.decode(errors="replace")
            for syntax in ("{{", "{%"):
                assert syntax not in text, f"{kwargs.get('PATH_INFO')} shows template syntax: {syntax}"
        return response

    patch.setattr(django.test.Client, "request", checked_request)
    yield
    patch.undo()


# --- The database ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_use_migrations: bool, django_db_blocker: Any
) -> None:
    """Let the test database begin as a copy of one that all migrations were applied to."""
    if django_db_use_migrations:
        from tests.template_database import begin_with_copy

        with django_db_blocker.unblock():
            begin_with_copy()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database while somebody is connected, as the server of a killed worker is for a while."""
    from django.db import connection

    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # For every process that a test starts, too: what a power cut would lose nobody misses.
                cursor.execute(
                    f"ALTER DATABASE {connection.settings_dict['NAME']} SET synchronous_commit = off"
                )
            connection.close()
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(autouse=True, scope="session")
def flush_may_erase_history() -> Iterator[None]:
    """Triggers refuse to delete history; emptying the tables after a test with transactions has to.

    Row by row: most tables are empty, and TRUNCATE makes new files for each of them and each of their indexes.
    """
    from django.db import connection

    patch = pytest.MonkeyPatch()
    teardown = django.test.TransactionTestCase._fixture_teardown

    def teardown_erasing(self: django.test.TransactionTestCase) -> None:
        from leads.models import ChangeLogEntry, QueueTally
        from leads.triggers import erasing
        from reports.models import StaleLead

        with erasing():
            teardown(self)
        # SQLite empties table by table, in any order, and triggers write down what is gone.
        for written in (ChangeLogEntry, QueueTally, StaleLead):
            written.objects.all().delete()

    def deleting(style: Any, tables: list[str], **_: Any) -> list[str]:
        return ["; ".join(f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables)]

    patch.setattr(django.test.TransactionTestCase, "_fixture_teardown", teardown_erasing)
    if connection.vendor == "postgresql":
        patch.setattr(connection.ops, "sql_flush", deleting)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def read_rulebooks_anew() -> None:
    """A process keeps what it has read of published rulebooks; the next test gives their numbers to others."""
    from scoring.rulebook.rows import published_form

    published_form.cache_clear()


# --- A real browser ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's chromium for pytest-playwright, which would otherwise look for a downloaded one.

    The shell shows pages as the browser does, for half the work: it draws no windows around them.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("needs chromium")
    return {
        "executable_path": chromium,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
