from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leadfunnel.demo.again import wake_customers
from leadfunnel.demo.answers import answer_latest_feedback
from leadfunnel.demo.logins import PASSWORD, USERNAMES
from leadfunnel.demo.plans import plan_steps
from leadfunnel.demo.queue import offer_todays_leads
from leadfunnel.demo.routing import set_up_routing
from leadfunnel.demo.seeding import Seeded, SeedRefused, seed
from leadfunnel.demo.telling import tell_everybody
from leadfunnel.demo.world import Plan
from reports.period import today

MOST_LEADS = 20_000_000
# What a try-out needs, and what benchmarks are defined with.
ACTIVITIES, BENCHMARK_ACTIVITIES, BENCHMARK_LEADS = 12, 20, 100_000


class Command(BaseCommand):
    help = (
        "Fills an empty database with an invented B2B SaaS company: 18 months of leads, decisions and deals."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--leads", type=int, default=5000, help="how many leads (default: 5000)")
        parser.add_argument(
            "--seed", type=int, default=1, help="another number gives other people (default: 1)"
        )
        parser.add_argument(
            "--activities",
            type=int,
            help=f"mean number a lead (default: {ACTIVITIES}; {BENCHMARK_ACTIVITIES} from {BENCHMARK_LEADS} leads on)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("seed_demo is for trying out: it refuses to run with DEBUG=false.")
        began, plan = time.monotonic(), _plan(options)
        try:
            seeded = seed(plan, progress=self._progress(plan))
        except SeedRefused as refusal:
            raise CommandError(str(refusal)) from None
        set_up_routing(at=timezone.now())
        wake_customers()
        offered = offer_todays_leads()
        plan_steps(today=today())
        answer_latest_feedback(today=today())
        tell_everybody(at=timezone.now())
        self.stdout.write(
            f"Wrote {seeded.leads:,} leads of {seeded.companies:,} companies with {seeded.activities:,} activities, "
            f"{seeded.handoffs:,} handoffs and {seeded.deals:,} deals in {time.monotonic() - began:.0f} s; "
            f"{offered:,} more are offered to sales today."
        )
        self.stdout.write(f"Sign in as {', '.join(USERNAMES.values())} with the password {PASSWORD}.")

    def _progress(self, plan: Plan) -> Any:
        def show(seeded: Seeded) -> None:
            if plan.leads >= BENCHMARK_LEADS:
                self.stdout.write(
                    f"{seeded.leads:,} leads, {seeded.activities:,} activities ...", ending="\r"
                )
                self.stdout.flush()

        return show


def _plan(options: dict[str, Any]) -> Plan:
    leads, activities = options["leads"], options["activities"]
    if not 1 <= leads <= MOST_LEADS:
        raise CommandError(f"--leads must be a whole number from 1 to {MOST_LEADS:,}, not {leads}.")
    if activities is None:
        activities = ACTIVITIES if leads < BENCHMARK_LEADS else BENCHMARK_ACTIVITIES
    if not 6 <= activities <= 100:
        raise CommandError(f"--activities must be a whole number from 6 to 100, not {activities}.")
    return Plan(leads=leads, seed=options["seed"], today=today(), activities=activities)
