"""How long a draft's effect takes on the sample that a page looks at, and on all leads.

    make bench-effect DATABASE_URL=postgres://... [REPEATS=5] [ALL=1]

On any database with leads and a published rulebook, such as one that `make bench KEEP=1` leaves behind. A draft
is made of the published rulebook, one rule halved and the threshold lowered, and taken away again.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import add
from statistics import median
from typing import cast

GOAL = 1.0  # seconds, on the sample, whatever the number of leads


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    import django

    django.setup()
    from leads.models import Lead, LeadScore
    from scoring.effect.effect import SAMPLE, Forms, sample_effect
    from scoring.effect.page import page_of
    from scoring.effect.tally import Tally
    from scoring.ranges import all_ranges
    from scoring.rulebook.rows import form_of, save_draft
    from scoring.rulebook.versions import published

    form = form_of(published())
    first, *rest = form.rules
    halved = replace(first, points=first.points // 2 or 1)
    changed = replace(form, rules=(halved, *rest), mql=replace(form.mql, threshold=form.mql.threshold - 5))
    draft = save_draft(form=changed, by=None)
    # The day that the data is made for: on another one its activities would be too old to count.
    day = cast("date", LeadScore.objects.order_by("-day").values_list("day", flat=True).first())
    try:
        took = []
        for _ in range(int(os.environ.get("REPEATS") or 5) + 1):
            began = time.perf_counter()
            page = page_of(sample_effect(draft, day=day, shown=6), shown=6)
            took.append(time.perf_counter() - began)
        leads = Lead.objects.count()
        seconds = median(took[1:])
        verdict = "met" if seconds < GOAL else "MISSED"
        print(
            f"effect on a sample of {SAMPLE:,} of {leads:,} leads: {seconds:.2f} s, the first time {took[0]:.2f} s"
            f" (goal: {GOAL:g} s, {verdict}); {page.entering} enter, {page.leaving} leave"
        )
        if os.environ.get("ALL") == "1":
            comparison = Forms.of(draft).compared_on(day)
            began = time.perf_counter()
            tally = reduce(add, map(comparison.tally, all_ranges()), Tally())
            seconds = time.perf_counter() - began
            print(
                f"effect on all leads: {seconds:.1f} s, {seconds / tally.leads * 1e6:.0f} µs a lead;"
                f" {tally.entering:,} enter, {tally.leaving:,} leave"
            )
    finally:
        draft.delete()


if __name__ == "__main__":
    main()
