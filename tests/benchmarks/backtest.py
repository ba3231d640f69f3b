"""How long a backtest of 90 days takes, against full rescores of the same leads.

    make bench-backtest DATABASE_URL=postgres://...

On any database with a published rulebook, leads and decisions, such as one that `manage.py seed_demo --leads 100000`
has filled. A draft is made of the published rulebook, one rule halved and the threshold raised; it is taken away again.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta

DAYS = 90
GOAL = 1.5  # times as long as one full rescore for each day that is scored


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    import django

    django.setup()
    from django.utils import timezone

    from leads.models import Lead, User
    from scoring.backtest.asked import Asked
    from scoring.backtest.result import Result
    from scoring.backtest.verdict import verdict
    from scoring.models import Study
    from scoring.rulebook.rows import form_of, save_draft
    from scoring.rulebook.versions import published
    from scoring.studies import working
    from scoring.studies.ledger import request_study

    rescore = _full_rescore()
    form = form_of(published())
    first, *rest = form.rules
    halved = replace(first, points=first.points // 2 or 1)
    mql = replace(form.mql, threshold=form.mql.threshold + 5)
    draft = save_draft(form=replace(form, rules=(halved, *rest), mql=mql), by=None)
    today = timezone.localdate()
    asked = Asked(today - timedelta(days=DAYS), today - timedelta(days=1))
    by = User.objects.order_by("pk")[0]
    study = request_study(
        kind=Study.Kind.BACKTEST, book=draft, asked=asked.as_json(), by=by, at=timezone.now()
    )
    try:
        began = time.perf_counter()
        working.work_on(study.pk)
        took = time.perf_counter() - began
        study.refresh_from_db()
        allowed = GOAL * DAYS * rescore
        print(
            f"backtest of {DAYS} days, {Lead.objects.count():,} leads, against the published version: {took:.1f} s;"
            f" a full rescore: {rescore:.2f} s; {took / (DAYS * rescore):.2f} x {DAYS} rescores"
            f" (goal: {GOAL:g} x, {allowed:.0f} s, {'met' if took <= allowed else 'MISSED'})"
        )
        print(verdict(Result(study)) if study.result else study.error)
    finally:
        study.delete()
        draft.delete()


def _full_rescore() -> float:
    """Seconds for one pass over all leads that has nothing to write, promotion left out: the least of three."""
    from django.db import transaction
    from django.utils import timezone

    from scoring.models import ScoringRun
    from scoring.ranges import all_ranges
    from scoring.rescoring import job_of, rescore_range
    from scoring.runs import request_run, work_on

    run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now(), full=True)
    work_on(run.pk)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        job = job_of(run)
        for leads in all_ranges():
            with transaction.atomic():
                rescore_range(job, leads, full=True, clock=timezone.now)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
