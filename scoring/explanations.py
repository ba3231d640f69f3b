"""One lead explained: why it has its score, why that changed, and what comes next. For command line and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest
from typing import cast

from django.db.models import Q

from leads.conditions.parsing import is_storable
from leads.errors import LeadError
from leads.folding import fold
from leads.models import ActivityType, ChangeLogEntry, Lead, LeadIdentifier, LeadScore
from scoring.engine.difference import Difference, difference
from scoring.engine.explainer import Explanation, explain
from scoring.engine.history import LeadFacts
from scoring.engine.lifts import Lifts, lifts
from scoring.engine.loading import load_leads
from scoring.engine.outlook import Outlook, outlook
from scoring.engine.result import ScoreResult
from scoring.errors import ScoringError
from scoring.models import Rulebook, ScoreChange, ScoringRun
from scoring.rulebook.form import Form
from scoring.rulebook.rows import form_of
from scoring.rulebook.versions import published
from scoring.rulebook.wording import Words, on

# As many changes of a score are offered for a closer look.
RECENT_CHANGES = 12


@dataclass(frozen=True)
class Explained:
    """An explanation with what it takes to tell it."""

    lead: Lead
    book: Rulebook
    form: Form
    facts: LeadFacts
    explanation: Explanation
    words: Words


def explain_lead(lead: Lead, *, day: date, version: int | None = None) -> Explained:
    """The score of the lead on a day, by a version of the rulebook (default: the published one).

    By facts and activities as they are known now. Raises NothingPublished, ScoringError where
    there is no such version.
    """
    return _explained(lead, published() if version is None else rulebook(version), day)


def _explained(lead: Lead, book: Rulebook, day: date) -> Explained:
    form = form_of(book)
    (facts,) = load_leads(form, [lead.pk])
    return Explained(lead, book, form, facts, explain(form, facts, day), words())


def rulebook(version: int) -> Rulebook:
    """The version with this number; ScoringError where it was never published."""
    book = Rulebook.objects.filter(number=version).first()
    if book is None:
        known = Rulebook.objects.filter(number__isnull=False).order_by("number")
        numbers = ", ".join(str(number) for number in known.values_list("number", flat=True))
        raise ScoringError(f"There is no rulebook {version}; published so far: {numbers or 'none'}.")
    return book


def words() -> Words:
    """The words of this installation. One query."""
    return Words(dict(ActivityType.objects.values_list("code", "label")))


# Which lead -----------------------------------------------------------------------------------------------------------


def find_lead(text: str) -> Lead:
    """The lead with this e-mail, external id or number; LeadError where there is none, or more than one."""
    wanted = text.strip()
    found: dict[int, Lead] = {}
    if wanted and is_storable(wanted):
        found = _identified(wanted)
    if not found:
        raise LeadError(f"There is no lead with the e-mail, external id or number “{text}”.")
    if len(found) > 1:
        numbers = ", ".join(str(pk) for pk in sorted(found))
        raise LeadError(
            f"“{text}” is an id of several leads: {numbers}. Name the one you mean by its e-mail."
        )
    return next(iter(found.values()))


def _identified(text: str) -> dict[int, Lead]:
    by_identifier = LeadIdentifier.objects.filter(value=text).values("lead_id")
    leads = Lead.objects.filter(Q(email_folded=fold(text)) | Q(external_id=text) | Q(pk__in=by_identifier))[
        :5
    ]
    if not leads and text.isascii() and text.isdigit() and len(text) < 19:
        leads = Lead.objects.filter(pk=int(text))
    return {lead.pk: lead for lead in leads}


# Why this score -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScoreExplained:
    """A stored score, explained as of a day on which it was right, and what it would be now.

    Rules, groups and dimensions add up to `explained`, and with `unexplained` to the stored total.
    """

    score: LeadScore
    explained: Explained
    today: Explained  # by the published rulebook
    due: tuple[str, ...]  # why a rescore is due, in sentences; empty where none is

    @property
    def unexplained(self) -> int:
        """What facts that became known after the run make out. Past facts are not kept, so nothing says more."""
        return self.score.total - self.explained.explanation.score.total

    @property
    def is_of_today(self) -> bool:
        return self.explained.explanation.day == self.today.explanation.day

    @property
    def is_current(self) -> bool:
        """Whether a rescore now would leave the score as it is."""
        return self.score.rulebook_version == self.today.book.number and is_same(
            self.score, self.today.explanation.score
        )


def explain_score(score: LeadScore, *, today: date) -> ScoreExplained:
    """By the rulebook that made it: as of today where it still adds up to the score, else as of the score's own day."""
    lead, version = score.lead, score.rulebook_version
    now = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    made_it = now if now is not None and now.number == version else rulebook(version)
    as_of_today = _explained(lead, made_it, today)
    explained = as_of_today
    if not is_same(score, as_of_today.explanation.score):
        explained = _on(as_of_today, cast("date", score.day))
    if now is not None and now is not made_it:
        as_of_today = _explained(lead, now, today)
    return ScoreExplained(score, explained, as_of_today, tuple(_due(score, now, today)))


def is_same(score: LeadScore, result: ScoreResult) -> bool:
    """Whether the stored score is this one, as far as screens show it."""
    names = ("fit", "engagement", "grade", "qualified", "fast_tracked", "disqualified")
    return all(getattr(score, name) == getattr(result, name) for name in names)


def _on(explained: Explained, day: date) -> Explained:
    explanation = explain(explained.form, explained.facts, day)
    return Explained(**{**vars(explained), "explanation": explanation})


def _due(score: LeadScore, now: Rulebook | None, today: date) -> list[str]:
    due = []
    if now is not None and now.number != score.rulebook_version:
        due.append(f"Rulebook {now.number} has been published since.")
    if ChangeLogEntry.objects.filter(lead_id=score.pk).exists():
        due.append("Activities or facts have come in since.")
    if score.valid_until is not None and score.valid_until <= today:
        due.append(f"Time alone may have changed it since {on(score.valid_until)}.")
    return due


# Why did it change ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One end of a comparison: a day, and a version of the rulebook."""

    day: date
    version: int


@dataclass(frozen=True)
class ChangeExplained:
    before: Explained
    after: Explained
    difference: Difference

    @property
    def is_of_two_rulebooks(self) -> bool:
        return self.before.book.number != self.after.book.number


def explain_change(lead: Lead, *, before: Side, after: Side) -> ChangeExplained:
    """What differs between the lead's scores at two sides, by facts and activities as they are known now.

    Raises ScoringError where there is no such version.
    """
    first = explain_lead(lead, day=before.day, version=before.version)
    if before.version == after.version:
        second = _on(first, after.day)
    else:
        second = explain_lead(lead, day=after.day, version=after.version)
    return ChangeExplained(first, second, difference(first.explanation, second.explanation))


def side_of_run(number: int) -> Side:
    """The day and the rulebook of a run; ScoringError where there is no such run."""
    run = ScoringRun.objects.select_related("rulebook").filter(pk=number).first()
    if run is None or run.rulebook.number is None:
        raise ScoringError(f"There is no run {number}.")
    return Side(cast("date", run.day), run.rulebook.number)


@dataclass(frozen=True)
class RecentChange:
    """A recorded change of the score, and the two sides whose comparison explains it; none for the first score."""

    change: ScoreChange
    before: Side | None
    after: Side


def recent_changes(lead: Lead) -> list[RecentChange]:
    """The latest recorded changes of the lead's score, newest first. One query."""
    rows = list(ScoreChange.objects.filter(lead=lead).order_by("-pk")[: RECENT_CHANGES + 1])
    return [_recent(row, previous) for row, previous in zip_longest(rows, rows[1:])][:RECENT_CHANGES]


def _recent(change: ScoreChange, previous: ScoreChange | None) -> RecentChange:
    day = cast("date", change.day)
    after = Side(day, change.rulebook_version)
    if change.fit_before is None:
        return RecentChange(change, None, after)
    version = previous.rulebook_version if previous else change.rulebook_version
    # A score stands until it changes: the day before is the nearest on which the old one was right, unless
    # another rulebook changed it on the same day.
    same_day = previous is not None and previous.day == day and version != change.rulebook_version
    return RecentChange(change, Side(day if same_day else day - timedelta(days=1), version), after)


# What next ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextExplained:
    """What time alone does to the score from today on, and what would lift the lead to the threshold."""

    today: Explained
    outlook: Outlook
    lifts: Lifts


def explain_next(today: Explained) -> NextExplained:
    """From the day of the explanation on, by its rulebook."""
    form, facts, explanation = today.form, today.facts, today.explanation
    return NextExplained(today, outlook(form, facts, explanation), lifts(form, facts, explanation))
