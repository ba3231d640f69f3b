from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leads.errors import LeadError
from leads.models.fields import day_of
from scoring.errors import ScoringError
from scoring.explanations import explain_lead, explanation_json, explanation_lines, find_lead
from scoring.management.arguments import day_argument
from scoring.rulebook.reading import RulebookError


class Command(BaseCommand):
    help = "Say why a lead has its score, rule by rule, by the published rulebook."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lead", metavar="LEAD", help="Its e-mail, external id or number.")
        parser.add_argument(
            "--day", type=day_argument, metavar="YYYY-MM-DD", help="As of this day; default: today."
        )
        parser.add_argument("--json", action="store_true", help="Write it as JSON.")

    def handle(self, *, lead: str, day: date | None, **options: Any) -> None:
        try:
            found = find_lead(lead)
            explained = explain_lead(found, day=day or day_of(timezone.now()))
        except (LeadError, ScoringError, RulebookError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(explanation_json(explained), indent=2, ensure_ascii=False))
        else:
            for line in explanation_lines(explained):
                self.stdout.write(line)
