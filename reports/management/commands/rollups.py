from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from reports.store.folding import fold
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences


class Command(BaseCommand):
    help = (
        "Bring what reports read up to date with the leads. Without an option it folds in what has changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Derive and count everything anew.")
        parser.add_argument("--fold", action="store_true", help="Fold in what has changed.")
        parser.add_argument(
            "--verify",
            action="store_true",
            help="Derive everything anew and compare; fails where it differs.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rebuild()
        if options["fold"] or not (options["rebuild"] or options["verify"]):
            fold()
        if options["verify"] and (found := differences()):
            raise CommandError("The rollups differ; --rebuild mends them.\n" + "\n".join(found))
        self.stdout.write("The rollups are right." if options["verify"] else "The rollups are up to date.")
