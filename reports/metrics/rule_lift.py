"""What rules tell: acceptance with a rule against acceptance without, as the evidence pages count it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reports.scope import Scope
from scoring.evidence.asking import Asked
from scoring.evidence.counting import tally
from scoring.evidence.proportions import Difference, Share
from scoring.models import Rulebook


@dataclass(frozen=True)
class RuleLift:
    """Of a rule of the published rulebook. `points`: the difference in percentage points; None: a side is empty."""

    key: str
    name: str
    with_: Share
    without: Share

    @property
    def difference(self) -> Difference:
        return Difference(self.with_, self.without)

    @property
    def points(self) -> float | None:
        return None if self.difference.value is None else self.difference.value * 100

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.difference.value is None:
            return None
        return self.difference.interval.low * 100, self.difference.interval.high * 100


def rule_lift(scope: Scope) -> Sequence[RuleLift]:
    """From the greatest difference on. Handoffs decided in the period and by the as-of day; of filters the source only.

    Rules about which nothing was decided are left out.
    """
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    last = min(scope.period.end - timedelta(days=1), scope.as_of)
    if book is None or last < scope.period.start:
        return []
    asked = Asked(book=book, first=scope.period.start, last=last, source=scope.chosen.get("source"))
    names = dict(book.rules.values_list("key", "name"))
    found = [
        RuleLift(key, names[key], counted.with_.acceptance, counted.without.acceptance)
        for key, counted in tally(asked).rules.items()
        if counted.with_.decided
    ]
    return sorted(found, key=lambda lift: (lift.points is None, -(lift.points or 0), lift.name))
