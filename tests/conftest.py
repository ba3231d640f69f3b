"""Tripwires for the whole suite, and what every test may use."""

from __future__ import annotations

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from django.db import connection

    if connection.vendor != "postgresql":
        skip = pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL")
        for item in items:
            if "postgres" in item.keywords:
                item.add_marker(skip)


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
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            text = response.content.decode(errors="replace")
            for syntax in ("{{", "{%"):
                assert syntax not in text, f"{kwargs.get('PATH_INFO')} shows template syntax: {syntax}"
        return response

    patch.setattr(django.test.Client, "request", checked_request)
    yield
    patch.undo()


# --- The database ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database while somebody is connected, as the server of a killed worker is for a while."""
    yield
    with django_db_blocker.unblock():
        from django.db import connection

        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(autouse=True, scope="session")
def flush_may_erase_history() -> Iterator[None]:
    """Triggers refuse to delete history; emptying the tables after a test with transactions has to."""
    patch = pytest.MonkeyPatch()
    teardown = django.test.TransactionTestCase._fixture_teardown

    def teardown_erasing(self: django.test.TransactionTestCase) -> None:
        from leads.triggers import erasing

        with erasing():
            teardown(self)

    patch.setattr(django.test.TransactionTestCase, "_fixture_teardown", teardown_erasing)
    yield
    patch.undo()


# --- A real browser ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's chromium for pytest-playwright, which would otherwise look for a downloaded one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
