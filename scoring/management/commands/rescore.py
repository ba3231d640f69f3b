from __future__ import annotations

import argparse
import json
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leads.models.fields import day_of
from scoring.errors import ScoringError
from scoring.management.arguments import day_argument
from scoring.management.outcomes import why_not_done
from scoring.models import ScoringRun
from scoring.rulebook.reading import RulebookError
from scoring.runs import request_run, see_through
from scoring.verification import Verification, verify


class Command(BaseCommand):
    help = (
        "Score by the published rulebook, now, the leads whose score time or new facts can have changed,"
        " and offer those who qualify to sales."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--full", action="store_true", help="Score all leads, due or not.")
        what.add_argument(
            "--verify",
            action="store_true",
            help="Write nothing: compare stored scores with a recomputation, and list every mismatch.",
        )
        what.add_argument(
            "--day",
            type=day_argument,
            metavar="YYYY-MM-DD",
            help="Score as of another day. That promotes and demotes nobody; the next run scores all leads anew.",
        )
        parser.add_argument(
            "--sample", type=sample_size, metavar="N", help="With --verify: only N leads, picked at random."
        )
        parser.add_argument("--json", action="store_true", help="Write the result as JSON.")

    def handle(self, *, verify: bool, sample: int | None, **options: Any) -> None:
        if sample is not None and not verify:
            raise CommandError("--sample says how much to verify: add --verify, or leave it out.")
        try:
            if verify:
                self._verify(sample, as_json=options["json"])
            else:
                self._rescore(options["day"], full=options["full"], as_json=options["json"])
        except (ScoringError, RulebookError) as error:
            raise CommandError(str(error)) from error

    def _rescore(self, day: date | None, *, full: bool, as_json: bool) -> None:
        begun = time.monotonic()
        run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now(), day=day, full=full)
        run = see_through(run.pk)
        result = {**summary(run), "seconds": round(time.monotonic() - begun, 3)}
        self.stdout.write(json.dumps(result) if as_json else sentence(result))
        if run.state != ScoringRun.State.DONE:
            raise CommandError(why_not_done(run))

    def _verify(self, sample: int | None, *, as_json: bool) -> None:
        found = verify(day=day_of(timezone.now()), sample=sample)
        if as_json:
            self.stdout.write(json.dumps(verification_json(found)))
        else:
            for mismatch in found.mismatches:
                self.stdout.write(str(mismatch))
            self.stdout.write(
                f"Compared as of {found.day} by rulebook {found.version}: {found.compared:,} leads;"
                f" mismatches: {len(found.mismatches):,}. Not compared, since they are due: {found.due:,}."
            )
        if found.mismatches:
            raise CommandError(f"Scores that are not what a rescore gives: {len(found.mismatches):,}.")


def sample_size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10**9):
        raise argparse.ArgumentTypeError(f"“{text}” is no number of leads; write a whole number from 1 on.")
    return int(text)


def verification_json(found: Verification) -> dict[str, Any]:
    return {
        "day": str(found.day),
        "rulebook": found.version,
        "compared": found.compared,
        "due": found.due,
        "mismatches": [
            {
                "lead": mismatch.lead_id,
                "columns": {
                    name: {"stored": stored, "expected": expected}
                    for name, (stored, expected) in mismatch.columns.items()
                },
            }
            for mismatch in found.mismatches
        ],
    }


def summary(run: ScoringRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "state": run.state,
        "day": str(run.day),
        "rulebook": run.rulebook.number,
        "full": run.full,
        "scored": run.scored,
        "changed": run.changed,
        "promoted": run.promoted,
        "demoted": run.demoted,
        "left_over": run.left_over,
    }


def sentence(result: dict[str, Any]) -> str:
    whom = "all leads" if result["full"] else "the leads that were due"
    text = (
        f"Scored {whom} as of {result['day']} by rulebook {result['rulebook']} in {result['seconds']:.1f} s."
        f" Leads: {result['scored']:,}; scores changed: {result['changed']:,}; offered to sales:"
        f" {result['promoted']:,}; offers withdrawn: {result['demoted']:,}."
    )
    if result["left_over"]:
        text += f" Qualified leads that wait, since the promotion limit is reached: {result['left_over']:,}."
    return text
