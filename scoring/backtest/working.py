"""The backtest as a study: range after range of leads, each kept as it is done, then the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db import transaction

from leads.models.fields import day_number
from scoring.backtest.asked import Asked, BacktestRefused
from scoring.backtest.counting import count
from scoring.backtest.lines import Occasion, lines_of
from scoring.backtest.walk import news_of
from scoring.engine.compiler import LeadRange, activity_type_ids
from scoring.models import BacktestHandoff, Rulebook, Study
from scoring.ranges import all_ranges
from scoring.rulebook.document import read_form
from scoring.rulebook.form import Form
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import document_of, form_of, vocabulary
from scoring.studies.progress import Progress, Stopped

Side = BacktestHandoff.Side
# Leads at once, on both databases. A range has to end within a message's time, and each day's statements cost
# something however few leads they are about.
RANGE = 25_000


@dataclass(frozen=True)
class Pinned:
    """What the first worker found, for those that go on after it. `document`: the rulebook that is tried."""

    document: dict[str, Any]
    published: int | None
    done: int = 0

    def as_json(self, *, done: int) -> dict[str, Any]:
        return {"document": self.document, "published": self.published, "done": done}


def work_on_backtest(study: Study, progress: Progress) -> Mapping[str, Any]:
    """Write the lines of a backtest, and return its numbers. Raises BacktestRefused."""
    asked = Asked.from_json(study.asked)
    pinned = Pinned(**progress.kept) if progress.kept else _pinned(study)
    occasion = Occasion(
        asked=asked,
        yesterday=day_number(cast("date", study.day)) - 1,
        type_ids=activity_type_ids(),
        forms=_forms(pinned),
    )
    ranges = all_ranges(RANGE)
    steps = len(occasion.forms) * len(asked.steps)
    progress.expect(steps * len(ranges), done=steps * pinned.done)
    try:
        for done, leads in enumerate(ranges[pinned.done :], start=pinned.done):
            _work_on_range(study, occasion, leads, progress)
            progress.keep(pinned.as_json(done=done + 1), steps_done=steps * (done + 1))
    except Stopped:
        _forget_if_cancelled(study)
        raise
    version = pinned.published and Rulebook.objects.get(pk=pinned.published).number
    return {"published": version, **count(study, asked, occasion.forms)}


def _pinned(study: Study) -> Pinned:
    book = Rulebook.objects.get(pk=study.rulebook_id)
    if book.revision != study.revision:
        raise BacktestRefused("The draft was changed before the backtest began. Ask for it again.")
    published = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    return Pinned(document_of(book), published.pk if published else None)


def _forms(pinned: Pinned) -> dict[Side, Form]:
    """The rulebooks that are tried; without a published one there is nothing to compare with."""
    try:
        forms = {Side.DRAFT: read_form(pinned.document, vocabulary())}
        if pinned.published is not None:
            forms[Side.PUBLISHED] = form_of(Rulebook.objects.get(pk=pinned.published))
    except RulebookError as error:
        raise BacktestRefused(f"The rulebook cannot be used as it is: {error}") from error
    return forms


def _work_on_range(study: Study, occasion: Occasion, leads: LeadRange, progress: Progress) -> None:
    news = news_of(leads, occasion.asked.steps)
    found = lines_of(occasion, leads, news, step=lambda: progress.advance(), beat=lambda: progress.advance(0))
    with transaction.atomic():
        progress.advance(0)  # nobody takes the study over before these lines are committed
        # Of a worker that was killed here.
        lines = BacktestHandoff.objects.filter(study=study)
        lines.filter(lead__gte=leads.first, lead__lte=leads.last).delete()
        for line in found:
            line.study = study
        BacktestHandoff.objects.bulk_create(found, batch_size=1000)


def _forget_if_cancelled(study: Study) -> None:
    if Study.objects.filter(pk=study.pk, state=Study.State.CANCELLED).exists():
        BacktestHandoff.objects.filter(study=study).delete()
