from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leads.errors import LeadError
from leads.models import Lead, LeadScore
from leads.models.fields import day_of
from scoring.errors import ScoringError
from scoring.explanation_json import change_json, explanation_json, next_json, stored_json
from scoring.explanation_lines import change_lines, explanation_lines, next_lines, stored_lines
from scoring.explanations import (
    Side,
    explain_change,
    explain_lead,
    explain_next,
    explain_score,
    find_lead,
    side_of_run,
)
from scoring.management.arguments import day_argument
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.versions import published


@dataclass(frozen=True)
class Asked:
    """What was asked on the command line."""

    day: date | None
    rulebook: int | None
    first: date | None
    last: date | None
    first_rulebook: int | None
    last_rulebook: int | None
    runs: list[int] | None

    @property
    def is_change(self) -> bool:
        return self.runs is not None or self.first is not None

    def check(self) -> None:
        """Raise CommandError where the options do not go together."""
        if (self.first is None) != (self.last is None):
            raise CommandError("--from and --to go together: name both days.")
        if self.runs is not None and self.first is not None:
            raise CommandError("Compare two days (--from, --to) or two runs (--between), not both.")
        if self.first is None and (self.first_rulebook or self.last_rulebook):
            raise CommandError("--from-rulebook and --to-rulebook go with --from and --to.")
        if self.is_change and (self.day or self.rulebook):
            raise CommandError("--day and --rulebook are for one explanation; a comparison has two sides.")

    def sides(self, today: date) -> tuple[Side, Side]:
        if self.runs is not None:
            return side_of_run(self.runs[0]), side_of_run(self.runs[1])
        version = self.last_rulebook or self.first_rulebook or published().number
        assert version is not None  # what is published has a number
        return (
            Side(self.first or today, self.first_rulebook or version),
            Side(self.last or today, self.last_rulebook or version),
        )


class Command(BaseCommand):
    help = "Say why a lead has its score, rule by rule, what comes next, and why it changed between two days or runs."

    def add_arguments(self, parser: CommandParser) -> None:
        day: dict[str, Any] = {"type": day_argument, "metavar": "YYYY-MM-DD"}
        number: dict[str, Any] = {"type": int, "metavar": "NUMBER"}
        parser.add_argument("lead", metavar="LEAD", help="Its e-mail, external id or number.")
        parser.add_argument("--day", **day, help="As of this day; default: today.")
        parser.add_argument("--rulebook", **number, help="By this version; default: the published one.")
        parser.add_argument("--from", dest="first", **day, help="Why did it change: from this day ...")
        parser.add_argument("--to", dest="last", **day, help="... to this day.")
        parser.add_argument(
            "--from-rulebook", dest="first_rulebook", **number, help="The version on the first day."
        )
        parser.add_argument(
            "--to-rulebook", dest="last_rulebook", **number, help="The version on the last day."
        )
        parser.add_argument(
            "--between",
            dest="runs",
            nargs=2,
            type=int,
            metavar="RUN",
            help="Why did it change between two runs.",
        )
        parser.add_argument("--json", action="store_true", help="Write it as JSON.")

    def handle(self, *, lead: str, **options: Any) -> None:
        asked = Asked(**{name: options[name] for name in Asked.__dataclass_fields__})
        asked.check()
        today = day_of(timezone.now())
        try:
            found = find_lead(lead)
            answer = change(found, asked, today) if asked.is_change else explanation(found, asked, today)
        except (LeadError, ScoringError, RulebookError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer.json, indent=2, ensure_ascii=False))
        else:
            for line in answer.lines:
                self.stdout.write(line)


@dataclass(frozen=True)
class Answer:
    json: dict[str, Any]
    lines: list[str]


def change(lead: Lead, asked: Asked, today: date) -> Answer:
    before, after = asked.sides(today)
    found = explain_change(lead, before=before, after=after)
    return Answer(change_json(found), list(change_lines(found)))


def explanation(lead: Lead, asked: Asked, today: date) -> Answer:
    """With what comes next; of today also how the stored score stands to it."""
    explained = explain_lead(lead, day=asked.day or today, version=asked.rulebook)
    ahead = explain_next(explained)
    data = {**explanation_json(explained), "next": next_json(ahead)}
    lines = list(explanation_lines(explained))
    score = LeadScore.objects.select_related("lead").filter(pk=lead.pk).first()
    if score is not None and asked.day is None and asked.rulebook is None:
        stored = explain_score(score, today=today)
        data["stored"] = stored_json(stored)
        lines += stored_lines(stored)
    return Answer(data, [*lines, *next_lines(ahead)])
