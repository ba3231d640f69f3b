from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from leads.handoff.tally import differences, rebuild


class Command(BaseCommand):
    help = "Compare the kept counts of the queue with what waits; --rebuild counts anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Count anew and keep that.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rebuild()
        if found := differences():
            raise CommandError("The counts are wrong; --rebuild mends them.\n" + "\n".join(found))
        self.stdout.write("The counts of the queue are right.")
