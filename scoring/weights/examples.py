"""Past decisions as examples: what each rule of a draft gave to the lead when it was offered, and what sales decided.

From the frozen evidence, where the version that made the offer asked the same as the draft does. What it did not ask,
new or changed rules, is computed as of the day of the offer from what was known by then. Facts are those of today:
their history is not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import QuerySet

from leads.models import Handoff
from scoring.engine.compiler import CompiledRulebook, activity_type_ids
from scoring.evidence.subjects import questions_of
from scoring.models import Rulebook
from scoring.rulebook.form import AnyRule, Form
from scoring.rulebook.rows import document_of

# Handoffs that are looked at together.
BATCH = 500


@dataclass(frozen=True)
class Example:
    """`units`: what each rule gave, by its place among the rules, in units of its points; nothing is absent."""

    accepted: bool
    units: Mapping[int, float]


@dataclass(frozen=True)
class _Version:
    """What a version says of the draft's rules: points that were given for one unit, by key; others it did not ask."""

    points: Mapping[str, int]
    unasked: tuple[AnyRule, ...]


class Examples:
    """Reads the examples of these decided handoffs, in the order of their decisions, a batch at a time."""

    def __init__(self, book: Rulebook, form: Form, handoffs: QuerySet[Handoff]) -> None:
        self._questions = questions_of(document_of(book))
        self._rules = form.enabled_rules
        self._form = form
        self._places = {rule.key: place for place, rule in enumerate(form.enabled_rules)}
        self._handoffs = handoffs.filter(total__isnull=False).order_by("decided_at", "pk")
        self._type_ids = activity_type_ids()
        self._versions = self._read_versions()

    def __len__(self) -> int:
        return self._handoffs.count()

    @property
    def accepted(self) -> int:
        return self._handoffs.filter(state=Handoff.State.ACCEPTED).count()

    def batches(self) -> Iterator[list[Example]]:
        place: tuple[datetime, int] | None = None
        while batch := self._after(place):
            yield self._examples(batch)
            last = batch[-1]
            assert last.decided_at is not None  # decided ones only
            place = (last.decided_at, last.pk)

    def _after(self, place: tuple[datetime, int] | None) -> list[Handoff]:
        """By keyset: a cursor would have to stay open for minutes."""
        rows = self._handoffs
        if place is not None:
            at, pk = place
            rows = rows.filter(decided_at__gte=at).exclude(decided_at=at, pk__lte=pk)
        fields = (
            "lead_id",
            "state",
            "decided_at",
            "offered_at",
            "offered_day",
            "rulebook_version",
            "contributions",
        )
        return list(rows.only(*fields)[:BATCH])

    def _read_versions(self) -> dict[int, _Version]:
        numbers = self._handoffs.order_by().values_list("rulebook_version", flat=True).distinct()
        books = Rulebook.objects.filter(number__in=[number for number in numbers if number is not None])
        found = {}
        for book in books:
            then = document_of(book)
            asked, points = questions_of(then), {rule["key"]: rule["points"] for rule in then["rules"]}
            same = {
                key: points[key] for key, question in self._questions.items() if asked.get(key) == question
            }
            unasked = tuple(rule for rule in self._rules if rule.key not in same)
            assert book.number is not None  # chosen by it
            found[book.number] = _Version(same, unasked)
        return found

    def _examples(self, batch: Sequence[Handoff]) -> list[Example]:
        computed = self._computed(batch)
        return [
            Example(
                handoff.state == Handoff.State.ACCEPTED, {**self._frozen(handoff), **computed[handoff.pk]}
            )
            for handoff in batch
        ]

    def _frozen(self, handoff: Handoff) -> dict[int, float]:
        version = self._versions.get(handoff.rulebook_version or 0)
        if version is None:
            return {}
        return {
            self._places[given["rule"]]: given["points"] / version.points[given["rule"]]
            for given in handoff.contributions
            if given["rule"] in version.points and given["points"]
        }

    def _computed(self, batch: Sequence[Handoff]) -> dict[int, dict[int, float]]:
        """What rules that were not asked then would have given, by handoff; those offered at once together."""
        together: dict[tuple[datetime, date, int], list[Handoff]] = defaultdict(list)
        for handoff in batch:
            version = self._versions.get(handoff.rulebook_version or 0)
            if version is None or version.unasked:
                assert handoff.offered_day is not None  # the column is never empty
                together[handoff.offered_at, handoff.offered_day, handoff.rulebook_version or 0].append(
                    handoff
                )
        found: dict[int, dict[int, float]] = {handoff.pk: {} for handoff in batch}
        for (at, day, number), handoffs in together.items():
            version = self._versions.get(number)
            rules = version.unasked if version else self._rules
            compiled = CompiledRulebook(replace(self._form, rules=rules), day, self._type_ids, known_by=at)
            given = compiled.evidence([handoff.lead_id for handoff in handoffs])
            for handoff in handoffs:
                found[handoff.pk] = {
                    self._places[one.rule.key]: one.points / one.rule.points
                    for one in given.get(handoff.lead_id, ())
                    if one.points
                }
        return found
