"""What a backtest found, as its page shows it: numbers that each know the lines that they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from scoring.backtest.asked import Asked
from scoring.models import BacktestHandoff, Study

Side, Kind = BacktestHandoff.Side, BacktestHandoff.Kind


@dataclass(frozen=True)
class Number:
    """A count of lines; `query` is the address of their list."""

    value: int
    query: str


@dataclass(frozen=True)
class Share:
    """Of so many so many: a part of a whole, each with its list. Nothing of nothing is no share."""

    part: Number
    whole: Number

    @property
    def percent(self) -> float | None:
        return 100 * self.part.value / self.whole.value if self.whole.value else None


@dataclass(frozen=True)
class Reasons:
    """Rejections for one reason that were really made."""

    label: str
    total: Number
    spared: Mapping[str, Number]  # by side


def number(value: int, **query: object) -> Number:
    return Number(value, urlencode(query))


@dataclass(frozen=True)
class Outcomes:
    """Real handoffs by what became of them."""

    counts: Mapping[str, int]
    query: Mapping[str, object]

    def __getitem__(self, outcome: str) -> Number:
        return number(self.counts[outcome], **self.query, outcome=outcome)

    @property
    def total(self) -> Number:
        return number(self.counts["total"], **self.query)

    @property
    def won(self) -> Number:
        return number(self.counts["won"], **self.query, won=1)

    @property
    def accepted(self) -> Number:
        return self["accepted"]

    @property
    def rejected(self) -> Number:
        return self["rejected"]

    @property
    def withdrawn(self) -> Number:
        return self["withdrawn"]

    @property
    def waiting(self) -> Number:
        return self["waiting"]

    @property
    def decided(self) -> Number:
        value = self.counts["accepted"] + self.counts["rejected"]
        return number(value, **self.query, outcome="decided")


class SideResult:
    """What one rulebook would have done."""

    def __init__(self, side: str, name: str, found: Mapping[str, Any], real: Outcomes) -> None:
        self.side, self.name, self.found, self.real = side, name, found, real
        self.same = Outcomes(found["same"], {"side": side, "kind": Kind.SAME.value})
        self.missed = Outcomes(found["missed"], {"side": side, "kind": Kind.MISSED.value})
        self.made = number(found["made"], side=side, made=1)
        self.new = self._kind(Kind.NEW)
        self.start = self._kind(Kind.START)
        self.before = number(found["before"], side=side, kind=Kind.SAME.value, before=1)

    def _kind(self, kind: BacktestHandoff.Kind) -> Number:
        return number(self.found[kind.value], side=self.side, kind=kind.value)

    @property
    def precision(self) -> Share:
        return Share(self.same.accepted, self.same.decided)

    @property
    def kept_accepted(self) -> Share:
        return Share(self.same.accepted, self.real.accepted)

    @property
    def kept_won(self) -> Share:
        return Share(self.same.won, self.real.won)

    @property
    def spared(self) -> Share:
        return Share(self.missed.rejected, self.real.rejected)

    @property
    def days(self) -> Sequence[tuple[int, int]]:
        """(days later than the real handoff, how many)."""
        return [(days, count) for days, count in self.found["days"]]

    def on_days(self, days: int, count: int) -> Number:
        return number(count, side=self.side, kind=Kind.SAME.value, days=days)

    @property
    def earlier(self) -> int:
        return sum(count for days, count in self.days if days < 0)

    @property
    def later(self) -> int:
        return sum(count for days, count in self.days if days > 0)

    @property
    def median_words(self) -> str:
        """`3 days earlier`."""
        median = self.found["median_days"]
        if median is None:
            return "–"
        return when_words(median)


def when_words(days: float) -> str:
    if days == 0:
        return "the same day"
    size = f"{abs(days):g}"
    return f"{size} day{'' if size == '1' else 's'} {'earlier' if days < 0 else 'later'}"


class Result:
    """A backtest that is done."""

    def __init__(self, study: Study) -> None:
        found = study.result or {}
        self.study = study
        self.asked = Asked.from_json(study.asked)
        self.found = found
        self.published_number: int | None = found["published"]
        self.real = Outcomes(found["real"], {"side": "real"})
        self.weeks = [date.fromisoformat(week) for week in found["weeks"]]
        self.draft = self._side(Side.DRAFT, self.name)
        published = f"Published version {self.published_number}"
        is_compared = Side.PUBLISHED.value in found["sides"]
        self.published = self._side(Side.PUBLISHED, published) if is_compared else None

    def _side(self, side: BacktestHandoff.Side, name: str) -> SideResult:
        return SideResult(side.value, name, self.found["sides"][side.value], self.real)

    @property
    def name(self) -> str:
        book = self.study.rulebook
        return "This draft" if book.is_draft else f"Version {book.number}"

    @property
    def sides(self) -> list[SideResult]:
        """The published version first, then the one that was tried."""
        return [side for side in (self.published, self.draft) if side is not None]

    @property
    def precision(self) -> Share:
        """What sales accepted of what it decided, as it was."""
        return Share(self.real.accepted, self.real.decided)

    @property
    def does_the_same(self) -> bool:
        return self.published is not None and self.published.found == self.draft.found

    @cached_property
    def weekly(self) -> list[tuple[date, list[Number]]]:
        """For each week: what happened, then each side."""
        rows = []
        for index, week in enumerate(self.weeks):
            real = number(self.found["real"]["weekly"][index], side="real", week=week)
            made = [
                number(side.found["weekly"][index], side=side.side, made=1, week=week) for side in self.sides
            ]
            rows.append((week, [real, *made]))
        return rows

    @cached_property
    def timing(self) -> list[tuple[int, str, list[Number]]]:
        """For each number of days that there is: in words, and how many by each side."""
        counts = [dict(side.days) for side in self.sides]
        all_days = sorted({days for count in counts for days in count})
        return [
            (
                days,
                when_words(days) + (" or more" if days == -self.asked.within and days else ""),
                [s.on_days(days, count.get(days, 0)) for s, count in zip(self.sides, counts, strict=True)],
            )
            for days in all_days
        ]

    @cached_property
    def reasons(self) -> list[Reasons]:
        spared = {
            side.side: {row["pk"]: row["missed"] for row in side.found["reasons"]} for side in self.sides
        }
        return [
            Reasons(
                row["label"],
                number(row["total"], side="real", reason=row["pk"]),
                {
                    side: number(found[row["pk"]], side=side, kind=Kind.MISSED.value, reason=row["pk"])
                    for side, found in spared.items()
                },
            )
            for row in self.draft.found["reasons"]
        ]
