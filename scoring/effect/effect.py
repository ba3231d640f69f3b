"""The effect of a draft against the published rulebook, today: what was counted, and of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import add

from django.db import DatabaseError

from scoring.effect.comparison import Comparison
from scoring.effect.estimates import Scale
from scoring.effect.reasons import Reason, reasons_of
from scoring.effect.tally import Tally
from scoring.models import Rulebook
from scoring.rulebook.form import Form
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.sampling import a_sample, number_of_leads

# Twice as many would halve neither the margins nor a second: 3,000 leads take 0.3 s, and their margins are
# 2 % of all leads at most.
SAMPLE = 3_000


@dataclass(frozen=True)
class Sketch:
    """What is told of a rulebook beside the numbers: also when it has been edited since."""

    threshold: int
    rules: Mapping[str, str] = field(default_factory=dict)  # names of those switched on, by key, in order

    @classmethod
    def of(cls, form: Form) -> Sketch:
        return cls(form.mql.threshold, {rule.key: rule.name for rule in form.enabled_rules})


@dataclass(frozen=True)
class Effect:
    """`published` and `before`: the rulebook in force then; None where there was none. `why`: by lead id."""

    book: Rulebook
    published: Rulebook | None
    before: Sketch | None
    after: Sketch
    day: date
    tally: Tally
    scale: Scale
    why: Mapping[int, Sequence[Reason]]


@dataclass(frozen=True)
class Forms:
    """The rulebook, and the one in force."""

    form: Form
    published: Rulebook | None
    published_form: Form | None

    @classmethod
    def of(cls, book: Rulebook) -> Forms:
        """Raises RulebookError for what is wrong with the draft."""
        published = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
        return cls(form_of(book), published, None if published is None else form_of(published))

    def compared_on(self, day: date) -> Comparison:
        return Comparison.of(self.published_form, self.form, day)

    @property
    def before(self) -> Sketch | None:
        return None if self.published_form is None else Sketch.of(self.published_form)


def sample_effect(book: Rulebook, *, day: date, shown: int) -> Effect:
    """By a fixed sample of the leads, the same for both rulebooks, with reasons for the first of each list.

    Raises RulebookError.
    """
    forms, look = Forms.of(book), a_sample(SAMPLE)
    comparison = forms.compared_on(day)
    try:
        tally = reduce(add, map(comparison.tally, look.targets))
    except DatabaseError as error:  # it is the judge of what it can compute
        raise RulebookError(f"The database cannot compute this rulebook: {error}".strip()) from error
    leads = number_of_leads() if look.is_sample else tally.leads
    return Effect(
        book=book,
        published=forms.published,
        before=forms.before,
        after=Sketch.of(forms.form),
        day=day,
        tally=tally,
        scale=Scale(tally.leads, max(leads, tally.leads), look.is_sample),
        why=reasons_of([*tally.enter[:shown], *tally.leave[:shown]], comparison),
    )
