from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.management.outcomes import why_not_done
from scoring.models import Rulebook, ScoringRun
from scoring.rulebook.document import read_document, write_document
from scoring.rulebook.form import Form
from scoring.rulebook.reading import MAX_FILE_BYTES, RulebookError
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from scoring.rulebook.versions import publish, published
from scoring.runs import request_run, see_through


class Command(BaseCommand):
    help = "Import, export and list rulebooks."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="import|export|list")
        reading = actions.add_parser("import", help="Save a rulebook file as a draft, or publish it.")
        reading.add_argument("file", type=Path, metavar="FILE")
        reading.add_argument(
            "--publish", action="store_true", help="Publish it over the heads of both signatories."
        )
        reading.add_argument(
            "--note", default="", metavar="TEXT", help="What changed, and why; publishing needs it."
        )
        writing = actions.add_parser(
            "export", help="Write a rulebook as JSON; the published one, or version N."
        )
        writing.add_argument("number", type=version_number, nargs="?", metavar="N")
        actions.add_parser("list", help="List all rulebooks.")

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"{action}_rulebook")(**options)
        except (RulebookError, ScoringError) as error:
            raise CommandError(str(error)) from error

    def import_rulebook(self, *, file: Path, publish: bool, note: str, **_: Any) -> None:
        if publish and not note.strip():
            raise ScoringError("Publishing needs a note: add --note TEXT that says what changed, and why.")
        form = read_document(read_file(file), vocabulary())
        if not publish:
            book = save_draft(form=form, by=None, note=note)
            self.stdout.write(f"Saved “{form.name}” as draft {book.pk}: {len(form.rules)} rules.")
            return
        run = publish_form(form, note)
        self.stdout.write(f"Published {run.rulebook}, unsigned. Scoring all leads with it ...")
        run = see_through(run.pk)
        self.stdout.write(
            f"Leads scored: {run.scored:,}; scores changed: {run.changed:,}; offered to sales: {run.promoted:,}."
        )
        if run.state != ScoringRun.State.DONE:
            raise ScoringError(why_not_done(run))

    def export_rulebook(self, *, number: int | None, **_: Any) -> None:
        book = published() if number is None else Rulebook.objects.filter(number=number).first()
        if book is None:
            numbers = ", ".join(
                str(n) for n in Rulebook.objects.exclude(number=None).values_list("number", flat=True)
            )
            raise ScoringError(f"There is no version {number}; there are: {numbers or 'none yet'}.")
        self.stdout.write(write_document(form_of(book)), ending="")

    def list_rulebook(self, **_: Any) -> None:
        books = list(Rulebook.objects.all())
        if not books:
            self.stdout.write("There are no rulebooks.")
        for book in books:
            number = f"version {book.number}" if book.number else f"draft {book.pk}"
            when = f" on {timezone.localtime(book.published_at):%Y-%m-%d}" if book.published_at else ""
            note = f": {book.note}" if book.note else ""
            self.stdout.write(f"{number:<12} {book.get_state_display().lower()}{when}  {book.name}{note}")


def read_file(path: Path) -> bytes:
    """The bytes of the file; ScoringError where it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ScoringError(f"{path} has more than {MAX_FILE_BYTES:,} bytes; that is no rulebook.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScoringError(f"Cannot read {path}: {reason}.") from error


@transaction.atomic
def publish_form(form: Form, note: str) -> ScoringRun:
    now = timezone.now()
    publish(book=save_draft(form=form, by=None), note=note, at=now, origin="command line")
    return request_run(kind=ScoringRun.Kind.PUBLISH, at=now)


def version_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"“{text}” is no version; write its number, such as 3.")
    return int(text)
