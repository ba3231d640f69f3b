"""manage.py start: everything that Leadfunnel needs on one machine, in one foreground command."""

from __future__ import annotations

import socket
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from leadfunnel.demo import logins
from leadfunnel.startup import NotReady, check_database, check_database_answers
from leadfunnel.supervisor import Program, Supervisor
from leads.models import Lead

# A start that takes longer than this says what it waits for, and again after as long.
PATIENCE_SECONDS = 10.0


class Command(BaseCommand):
    help = "Prepares the database, then runs web server, worker and scheduler until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_taken_port(settings.PORT)
        self._say(f"Looking at the database ({connection.display_name}) ...")
        try:
            check_database_answers()
            self._prepare()
        except NotReady as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            # Each step is a transaction: the next start begins again with the one that was interrupted.
            raise CommandError("Stopped while preparing.", returncode=130) from None
        # The programs open their own; one that is shared across a fork breaks.
        connections.close_all()
        self._say("Starting web server, worker and scheduler ...")
        self._silent_since = time.monotonic()
        supervisor = Supervisor(output=sys.stdout)
        status = supervisor.run(_programs(), when_started=self._announce)
        if status:
            sys.exit(status)

    def _prepare(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say("Preparing the database ...")
            call_command("migrate", verbosity=0, interactive=False)
        check_database()
        if not settings.DEBUG:
            self._say("Collecting static files ...")
            call_command("collectstatic", verbosity=0, interactive=False)
        elif not get_user_model().objects.exists() and not Lead.objects.exists():
            self._say("Loading the demo (once) ...")
            call_command("seed_demo", stdout=self.stdout)

    def _announce(self) -> bool:
        """Once the web server answers: say where, and who may sign in."""
        address = f"http://127.0.0.1:{settings.PORT}"
        host = {"Host": settings.ALLOWED_HOSTS[0].lstrip(".")}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"{address}/healthz", headers=host), timeout=2
            ):
                pass
        except urllib.error.HTTPError as error:
            self._say(f"The web server answers, but not well: {address}/healthz says {error.code}.")
        except OSError as error:
            self._tell_of_waiting(f"{address}/healthz", error)
            return False
        self._say(f"\nLeadfunnel runs at {address}   (Ctrl-C stops it)")
        for role, username in logins.working_logins():
            self._say(f"  {role.value:<14} {username} / {logins.PASSWORD}")
        if not get_user_model().objects.exists():
            self._say("  Nobody can sign in yet: python manage.py createsuperuser")
        connections.close_all()
        return True

    def _tell_of_waiting(self, address: str, error: OSError) -> None:
        """Asked many times a second; says it now and then."""
        if time.monotonic() - self._silent_since >= PATIENCE_SECONDS:
            self._silent_since = time.monotonic()
            reason = getattr(error, "reason", error)
            self._say(f"Still waiting for the web server to answer at {address} ({reason}).")

    def _say(self, message: str) -> None:
        self.stdout.write(message)
        self.stdout.flush()


def _programs() -> list[Program]:
    python = sys.executable
    worker_count = 1 if connection.vendor == "sqlite" else settings.WORKER_CONCURRENCY
    # A try-out in a container runs as root; the settings accept no message format that could run code.
    celery = [python, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "leadfunnel"]
    return [
        Program(
            "web", [python, "-m", "gunicorn", "-c", "python:leadfunnel.gunicorn_conf", "leadfunnel.wsgi"]
        ),
        Program("worker", [*celery, "worker", "--concurrency", str(worker_count)]),
        # Not inside the worker (--beat): there nobody would notice its end.
        Program("beat", [*celery, "beat"]),
    ]


def refuse_taken_port(port: int) -> None:
    """Before anything is prepared: one sentence now instead of a traceback of the web server later."""
    with socket.socket() as probe:
        # As gunicorn binds: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another one: PORT={port % 65535 + 1} make run"
            ) from None
