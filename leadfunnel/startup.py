"""What has to hold before anything is served: settings that can be read, and days counted in one time zone."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

# gunicorn gives up on a worker that ends with this status; with any other it would start it again for ever.
GUNICORN_BOOT_ERROR = 3
OUR_APPS = {"leadfunnel", "leads", "scoring", "reports"}
# These mend or make what the others need.
FREE_COMMANDS = {"start", "change_time_zone"}


class NotReady(Exception):
    """The database is not one that this program may work on; the message says what to do."""


class NotReachable(NotReady):
    """Nothing is known about the database: it does not answer."""


def load_settings_or_exit(*, status: int = 1) -> None:
    """Read the settings; when they are refused, say why in one line instead of a traceback and end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as problem:
        _refuse(str(problem), status=status)


def check_database_answers() -> None:
    """Raise NotReachable unless it does."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise _not_reachable(error) from None


def recorded_time_zone() -> str:
    """The zone that the days of this database are counted in. Raises NotReachable, or NotReady without tables."""
    from leads.models import Organisation  # needs the application registry, which this module precedes

    check_database_answers()
    try:
        recorded = Organisation.objects.values_list("time_zone", flat=True).filter(pk=1).first()
    except DatabaseError as error:
        if Organisation._meta.db_table in connection.introspection.table_names():
            raise _not_reachable(error) from None
        recorded = None
    if recorded is None:
        raise NotReady("The database is not prepared: run python manage.py migrate.")
    return recorded


def check_database() -> None:
    """Raise NotReady unless the database answers (else NotReachable), has its tables, and counts days in TIME_ZONE."""
    recorded = recorded_time_zone()
    if recorded != settings.TIME_ZONE:
        raise NotReady(
            f"TIME_ZONE is {settings.TIME_ZONE}, but the days in this database are counted in {recorded}."
            f" Set TIME_ZONE={recorded}, or stop web and workers and run:"
            f" python manage.py change_time_zone {settings.TIME_ZONE}"
        )


def check_database_or_exit() -> None:
    try:
        check_database()
    except NotReady as problem:
        _refuse(f"Leadfunnel cannot start. {problem}", status=1)
    finally:
        connection.close()  # workers fork after this, and a connection serves one process


def check_static_files_or_exit() -> None:
    """For a web process, before the application is loaded. With DEBUG they are served from where they stand."""
    if not settings.DEBUG and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        _refuse(
            "Leadfunnel cannot start. Run python manage.py collectstatic first.", status=GUNICORN_BOOT_ERROR
        )


def check_web_database_or_exit() -> None:
    """For a web process. A database that does not answer for a while is /healthz's to tell: ending now would make
    gunicorn give up altogether when it replaces one worker in that while."""
    try:
        check_database()
    except NotReachable as problem:
        logger.error("%s", problem)
    except NotReady as problem:
        _refuse(f"Leadfunnel cannot start. {problem}", status=GUNICORN_BOOT_ERROR)
    finally:
        connection.close()  # gunicorn forks after this, and a connection serves one process


class Management(ManagementUtility):
    """manage.py: our own commands run only on a database that is ready for them."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        command = super().fetch_command(subcommand)
        is_ours = type(command).__module__.split(".")[0] in OUR_APPS
        if is_ours and subcommand not in FREE_COMMANDS and not {"-h", "--help", "help"} & set(self.argv):
            check_database_or_exit()
        return command


def manage(argv: Sequence[str]) -> None:
    load_settings_or_exit()
    try:
        Management(list(argv)).execute()
    except BrokenPipeError:
        # "scores | head" has read enough. What is still in the buffer would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _not_reachable(error: DatabaseError) -> NotReachable:
    reason = (str(error).splitlines() or [""])[0]
    return NotReachable(f"The database cannot be reached; check DATABASE_URL. {reason}")


def _refuse(message: str, *, status: int) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    raise SystemExit(status)
