"""The effect on all leads, as a study: range by range, added up, and kept as it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet

from scoring.effect.effect import Effect, Forms, Sketch
from scoring.effect.estimates import Scale
from scoring.effect.reasons import Reason, reasons_of
from scoring.effect.tally import Tally, document_of, tally_of
from scoring.errors import ScoringError
from scoring.models import Rulebook, Study
from scoring.ranges import all_ranges
from scoring.rulebook.reading import RulebookError
from scoring.studies.progress import Progress


def work(study: Study, progress: Progress) -> dict[str, Any]:
    """What latest_effect and effect_of read again. Raises ScoringError where the draft is not what was asked about."""
    forms = _pinned(study)
    published = forms.published.pk if forms.published else None
    comparison = forms.compared_on(cast("date", study.day))
    ranges = all_ranges()
    tally, done = _so_far(progress.kept, published)
    progress.expect(len(ranges))
    for leads in ranges:
        if leads.last <= done:
            continue
        tally += comparison.tally(leads)
        kept = {"tally": document_of(tally), "published": published, "done": leads.last}
        progress.keep(kept, steps_done=ranges.index(leads) + 1)
    why = reasons_of([*tally.enter, *tally.leave], comparison)
    return {
        "published": published,
        "before": forms.before and asdict(forms.before),
        "after": asdict(Sketch.of(forms.form)),
        "tally": document_of(tally),
        "why": {pk: [[reason.what, reason.points] for reason in found] for pk, found in why.items()},
    }


def _pinned(study: Study) -> Forms:
    """The rules as they were when the study was asked for."""
    book = study.rulebook
    try:
        forms = Forms.of(book)
    except RulebookError as error:
        raise ScoringError(f"This draft cannot score yet: {error}") from error
    # Read after the rules: an edit in between would have moved it.
    book.refresh_from_db(fields=["revision"])
    if book.revision != study.revision:
        raise ScoringError("The draft was edited before all leads were counted. Count them again.")
    return forms


def _so_far(kept: Mapping[str, Any] | None, published: int | None) -> tuple[Tally, int]:
    """What the worker before us counted, and up to which lead: nothing where another rulebook is in force by now."""
    if not kept or kept["published"] != published:
        return Tally(), -1
    return tally_of(kept["tally"]), kept["done"]


# Reading it again --------------------------------------------------------------------------------------


def effect_of(study: Study) -> Effect:
    """What a study that is done has found."""
    assert study.result is not None
    result: Mapping[str, Any] = study.result
    tally = tally_of(result["tally"])
    return Effect(
        book=study.rulebook,
        published=Rulebook.objects.filter(pk=result["published"]).first(),
        before=Sketch(**result["before"]) if result["before"] else None,
        after=Sketch(**result["after"]),
        day=cast("date", study.day),
        tally=tally,
        scale=Scale(tally.leads, tally.leads, is_sample=False),
        why={int(pk): [Reason(*one) for one in found] for pk, found in result["why"].items()},
    )


def latest_effect(book: Rulebook) -> Effect | None:
    """The latest effect on all leads of the rulebook as it is now, against what is published now; None where
    nobody has asked for it since the last edit, or it is not done yet.
    """
    study = latest_count(book)
    return None if study is None or outdated(study) else effect_of(study)


def latest_count(book: Rulebook) -> Study | None:
    """The latest study that is done, however old."""
    return _studies(book).filter(state=Study.State.DONE).first()


def latest_study(book: Rulebook) -> Study | None:
    """The latest study, however it stands."""
    return _studies(book).defer("result", "kept").first()


def _studies(book: Rulebook) -> QuerySet[Study]:
    found = Study.objects.filter(kind=Study.Kind.EFFECT, rulebook=book).order_by("-pk")
    return found.select_related("rulebook", "requested_by", "cancelled_by")


def outdated(study: Study) -> str:
    """Why what was counted does not hold any more; empty where it does."""
    if study.revision != study.rulebook.revision:
        return "The draft was edited after this was counted."
    in_force = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).values_list("pk", flat=True).first()
    if study.result is not None and study.result["published"] != in_force:
        return "Another rulebook was published after this was counted."
    return ""
