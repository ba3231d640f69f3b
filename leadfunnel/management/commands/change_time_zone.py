"""manage.py change_time_zone ZONE: the organisation moves to another time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leadfunnel.startup import NotReady, recorded_time_zone
from leadfunnel.time_zone import change_time_zone
from scoring.rulebook.versions import NothingPublished, published


class Command(BaseCommand):
    help = (
        "Recounts the days of all activities, leads, stage changes and handoffs in another time zone and rescores."
        " Stop web and workers first, and set TIME_ZONE to the new zone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("zone", help="A time zone of the IANA database, such as Europe/Berlin.")

    def handle(self, *args: Any, zone: str, **options: Any) -> None:
        if zone not in available_timezones():
            raise CommandError(f"{zone!r} is not a time zone; write one such as Europe/Berlin or UTC.")
        if zone != settings.TIME_ZONE:
            raise CommandError(
                f"Set TIME_ZONE={zone} first, in the environment or in .env (it is {settings.TIME_ZONE});"
                " all processes have to agree on what a day is. Then run this again."
            )
        try:
            self.stdout.write(f"Counting the days in {zone} that were counted in {recorded_time_zone()} ...")
        except NotReady as problem:
            raise CommandError(str(problem)) from None
        for table, rows in change_time_zone(zone=zone).items():
            self.stdout.write(f"{table}: {rows} rows moved to another day")
        try:
            published()
        except NothingPublished:
            self.stdout.write("No rulebook is published: there are no scores to renew.")
        else:
            call_command("rescore", stdout=self.stdout)
