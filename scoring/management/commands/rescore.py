from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.management.arguments import day_argument
from scoring.management.outcomes import why_not_done
from scoring.models import ScoringRun
from scoring.runs import request_run, see_through


class Command(BaseCommand):
    help = "Score all leads by the published rulebook, now, and offer those who qualify to sales."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day",
            type=day_argument,
            metavar="YYYY-MM-DD",
            help="Score as of another day. That promotes and demotes nobody; the next run scores all leads anew.",
        )
        parser.add_argument("--json", action="store_true", help="Write the result as JSON.")

    def handle(self, *, day: date | None, **options: Any) -> None:
        begun = time.monotonic()
        try:
            run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now(), day=day)
        except ScoringError as error:
            raise CommandError(str(error)) from error
        run = see_through(run.pk)
        result = {**summary(run), "seconds": round(time.monotonic() - begun, 3)}
        self.stdout.write(json.dumps(result) if options["json"] else sentence(result))
        if run.state != ScoringRun.State.DONE:
            raise CommandError(why_not_done(run))


def summary(run: ScoringRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "state": run.state,
        "day": str(run.day),
        "rulebook": run.rulebook.number,
        "scored": run.scored,
        "changed": run.changed,
        "promoted": run.promoted,
        "demoted": run.demoted,
        "left_over": run.left_over,
    }


def sentence(result: dict[str, Any]) -> str:
    text = (
        f"Scored all leads as of {result['day']} by rulebook {result['rulebook']} in {result['seconds']:.1f} s."
        f" Leads: {result['scored']:,}; scores changed: {result['changed']:,}; offered to sales:"
        f" {result['promoted']:,}; offers withdrawn: {result['demoted']:,}."
    )
    if result["left_over"]:
        text += f" Qualified leads that wait, since the promotion limit is reached: {result['left_over']:,}."
    return text
