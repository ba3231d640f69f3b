"""What the three import commands share: their options, their output, their exit status."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from leads.errors import LeadError
from leads.intake.dates import DateOrder
from leads.intake.mapping import RecordKind, parse_pairs
from leads.intake.options import DEFAULT_SOURCE_SYSTEM, ImportOptions
from leads.intake.report import Report


class ImportCommand(BaseCommand):
    """Exit status 0 when the file was taken (refused rows are reported), 1 when it, or every row, was refused."""

    kind: RecordKind
    run_import: Callable[..., Report]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file; its first row names the columns")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help=f"fields: {self.kind.allowed()}, ignore",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a value for rows that have none: those whose cell is blank, or all where no column holds the field",
        )
        parser.add_argument(
            "--date-order", choices=[order.value for order in DateOrder], help="how 03-02-2018 is to be read"
        )
        parser.add_argument(
            "--source-system",
            default=DEFAULT_SOURCE_SYSTEM,
            metavar="NAME",
            help=f"whose external ids these are (default: {DEFAULT_SOURCE_SYSTEM})",
        )
        parser.add_argument("--erase-blanks", action="store_true", help="a blank cell erases the known fact")
        parser.add_argument(
            "--unknown",
            action="append",
            default=[],
            metavar="VALUE",
            help="a text that stands for an unknown value",
        )
        parser.add_argument("--dry-run", action="store_true", help="count and report, write nothing")
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            report = type(self).run_import(options=self._options(given))
        except LeadError as refusal:
            if given["json"]:
                self.stdout.write(json.dumps({"file": given["file"], "error": str(refusal)}))
            raise CommandError(str(refusal), returncode=1) from None
        if given["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(report.sentences()))
        if report.refused == report.rows:
            raise CommandError(
                f"All rows of {given['file']} were refused: nothing was imported.", returncode=1
            )

    def _options(self, given: dict[str, Any]) -> ImportOptions:
        return ImportOptions(
            path=Path(given["file"]),
            maps=tuple(parse_pairs("--map", given["map"])),
            constants=tuple(parse_pairs("--set", given["set"])),
            date_order=DateOrder(given["date_order"]) if given["date_order"] else None,
            source_system=given["source_system"].strip(),
            erase_blanks=given["erase_blanks"],
            unknown=tuple(given["unknown"]),
            dry_run=given["dry_run"],
            refused_folder=Path(settings.DATA_DIR) / "imports",
            progress=self._progress if sys.stderr.isatty() and not given["json"] else ImportOptions.progress,
        )

    def _progress(self, step: str, done: int, total: int) -> None:
        ending = "\n" if done >= total else ""
        self.stderr.write(f"\r{step} {done:,} of {total:,} rows{ending}", ending="")
