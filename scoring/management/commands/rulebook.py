from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring import sampling
from scoring.errors import ScoringError
from scoring.linting import RulebookLint, lint_rulebook
from scoring.management import override
from scoring.management.outcomes import why_not_done
from scoring.models import Rulebook, ScoringRun
from scoring.rulebook.document import read_document, write_document
from scoring.rulebook.reading import MAX_FILE_BYTES, RulebookError
from scoring.rulebook.rows import form_of, vocabulary
from scoring.rulebook.signing import Side, signed_sides
from scoring.rulebook.versions import published
from scoring.runs import see_through


class Command(BaseCommand):
    help = "Import, export, list and check rulebooks; publish one without signatures."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(
            dest="action", required=True, metavar="import|publish|rollback|export|list|lint"
        )
        reading = actions.add_parser("import", help="Save a rulebook file as a draft, or publish it.")
        reading.add_argument("file", type=Path, metavar="FILE")
        reading.add_argument(
            "--publish", action="store_true", help="Publish it over the heads of both signatories."
        )
        reading.add_argument(
            "--note", default="", metavar="TEXT", help="What changed, and why; publishing needs it."
        )
        add_override_arguments(actions)
        writing = actions.add_parser(
            "export", help="Write a rulebook as JSON; the published one, or version N."
        )
        writing.add_argument("number", type=version_number, nargs="?", metavar="N")
        actions.add_parser("list", help="List all rulebooks.")
        add_lint_arguments(actions.add_parser("lint", help="Say what is odd about a rulebook."))

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
            book = override.keep_draft(form, note=note, made_from=f"the file {file.name}")
            self.stdout.write(f"Saved “{form.name}” as draft {book.pk}: {len(form.rules)} rules.")
            return
        self.see_published(override.publish_form(form, note=note, made_from=f"the file {file.name}"))

    def publish_rulebook(self, *, draft: int, note: str, **_: Any) -> None:
        self.see_published(override.publish_draft(chosen_draft(draft), note=note))

    def rollback_rulebook(self, *, number: int, note: str, **_: Any) -> None:
        version = chosen_version(number)
        if version.state == Rulebook.State.PUBLISHED:
            raise ScoringError(f"Version {number} is the published one: there is nothing to roll back to.")
        self.see_published(override.roll_back(version, note=note))

    def see_published(self, run: ScoringRun) -> None:
        signed = len(signed_sides(run.rulebook)) == len(Side)
        how = (
            "signed by both sides"
            if signed
            else "unsigned"
            if not signed_sides(run.rulebook)
            else "half signed"
        )
        self.stdout.write(f"Published {run.rulebook}, {how}. Scoring all leads with it ...")
        run = see_through(run.pk)
        self.stdout.write(
            f"Leads scored: {run.scored:,}; scores changed: {run.changed:,}; offered to sales: {run.promoted:,}."
        )
        if run.state != ScoringRun.State.DONE:
            raise ScoringError(why_not_done(run))

    def export_rulebook(self, *, number: int | None, **_: Any) -> None:
        book = chosen_version(number)
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

    def lint_rulebook(
        self, *, number: int | None, draft: int | None, all_leads: bool, as_json: bool, **_: Any
    ) -> None:
        book = chosen_draft(draft) if draft is not None else chosen_version(number)
        look = sampling.all_leads() if all_leads else sampling.a_sample()
        result = lint_rulebook(book, day=timezone.localdate(), look=look)
        self.stdout.write(lint_json(book, result) if as_json else lint_text(book, result))


def add_override_arguments(actions: Any) -> None:
    publishing = actions.add_parser("publish", help="Publish a draft over the heads of both signatories.")
    publishing.add_argument(
        "--draft", type=version_number, required=True, metavar="ID", help="The draft with this id."
    )
    rolling = actions.add_parser("rollback", help="Publish a copy of version N, over both heads as well.")
    rolling.add_argument("number", type=version_number, metavar="N")
    for parser in (publishing, rolling):
        parser.add_argument("--note", required=True, metavar="TEXT", help="What changed, and why.")


def add_lint_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "number", type=version_number, nargs="?", metavar="N", help="Version N; else the published one."
    )
    which.add_argument("--draft", type=version_number, metavar="ID", help="The draft with this id.")
    parser.add_argument(
        "--all-leads",
        action="store_true",
        help=f"Look at all leads, not at about {sampling.SAMPLE:,} of them.",
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="Write JSON.")


def chosen_version(number: int | None) -> Rulebook:
    """The published version, or version N; ScoringError where there is none."""
    book = published() if number is None else Rulebook.objects.filter(number=number).first()
    if book is None:
        numbers = ", ".join(
            str(n) for n in Rulebook.objects.exclude(number=None).values_list("number", flat=True)
        )
        raise ScoringError(f"There is no version {number}; there are: {numbers or 'none yet'}.")
    return book


def chosen_draft(pk: int) -> Rulebook:
    drafts = Rulebook.objects.filter(state=Rulebook.State.DRAFT)
    book = drafts.filter(pk=pk).first()
    if book is None:
        ids = ", ".join(str(one) for one in drafts.values_list("pk", flat=True))
        raise ScoringError(f"There is no draft {pk}; there are: {ids or 'none'}.")
    return book


def lint_text(book: Rulebook, result: RulebookLint) -> str:
    leads = result.leads
    assert leads is not None
    enough = "" if leads.are_enough else ", too few to judge rules by"
    lines = [f"{book}: {result.headline}. Looked at {leads.whom}{enough}."]
    return "\n".join([*lines, *(f"- {found.kind.label}: {found.sentence}" for found in result.findings)])


def lint_json(book: Rulebook, result: RulebookLint) -> str:
    leads = result.leads
    assert leads is not None
    value = {
        "rulebook": book.number,
        "draft": book.pk if book.is_draft else None,
        "leads": leads.leads,
        "is_sample": leads.is_sample,
        "findings": [asdict(found) for found in result.findings],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def read_file(path: Path) -> bytes:
    """The bytes of the file; ScoringError where it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ScoringError(f"{path} has more than {MAX_FILE_BYTES:,} bytes; that is no rulebook.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScoringError(f"Cannot read {path}: {reason}.") from error


def version_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"“{text}” is no version; write its number, such as 3.")
    return int(text)
