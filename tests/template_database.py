"""A database that all migrations were applied to, kept from run to run, of which each process of tests gets a copy.

It is made from nothing but the migrations, whose text its name tells: what `migrate` does after them (triggers, the
rows nothing works without) is done in each copy.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django
from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.utils import OperationalError

FOLDER = Path(__file__).parent.parent / ".pytest_cache" / "databases"
PREFIX = "leadfunnel_template_"
KEPT_DAYS = 7
# Any number that nobody else takes: one process at a time makes a template.
LOCK = 5_160_417


def key() -> str:
    """A short text that is another when a migration is."""
    digest = hashlib.sha256(django.__version__.encode())
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        source = Path(__import__(migration.__module__, fromlist=["x"]).__file__).read_bytes()
        digest.update(f"{app} {name} {len(source)} ".encode() + source)
    return digest.hexdigest()[:12]


def sqlite_template() -> Path:
    """The file, made when it is not there. Only while this process works on SQLite."""
    path = FOLDER / f"{key()}.sqlite3"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            making = path.with_suffix(".sqlite3-making")
            with working_on(str(making)):
                apply_migrations()
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            making.rename(path)
    return path


def postgresql_template() -> str:
    """The name of the database, on the server of the tests; made when it is not there."""
    ending = f"_{key()}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
            known = [name for (name,) in cursor.fetchall()]
            for name in known:
                if name.endswith(ending):
                    return str(name)
            drop_old(cursor, known)
            cursor.execute(f"DROP DATABASE IF EXISTS {PREFIX}making")
            cursor.execute(f"CREATE DATABASE {PREFIX}making")
            with working_on(f"{PREFIX}making"):
                apply_migrations()
            made = f"{PREFIX}{date.today():%Y%m%d}{ending}"
            cursor.execute(f"ALTER DATABASE {PREFIX}making RENAME TO {made}")
            return made
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def drop_old(cursor: Any, names: list[str]) -> None:
    oldest = f"{PREFIX}{date.today() - timedelta(days=KEPT_DAYS):%Y%m%d}"
    for name in names:
        if name < oldest:
            with suppress(OperationalError, ProgrammingError):  # somebody copies it, or it is somebody else's
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """Django's connection leads to that database meanwhile."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def apply_migrations() -> None:
    """What `migrate` does, without the signals before and after it."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def begin_with_copy() -> None:
    """Let Django, when it creates the test database, copy the template."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = postgresql_template()
        return
    creation, template = connection.creation, sqlite_template()
    create_empty = creation._create_test_db

    def create_copy(*args: Any, **kwargs: Any) -> str:
        name: str = create_empty(*args, **kwargs)
        shutil.copyfile(template, name)
        return name

    creation._create_test_db = create_copy  # type: ignore[method-assign]
