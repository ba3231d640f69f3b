"""The lines that a number of a backtest counts, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models.query import QuerySet

from leads.models import Handoff, Reason
from scoring.backtest.asked import BacktestRefused
from scoring.backtest.result import when_words
from scoring.models import BacktestHandoff, Study

PAGE_SIZE = 50
Kind = BacktestHandoff.Kind
SIDES = ("real", *BacktestHandoff.Side.values)
OUTCOMES = ("decided", *Handoff.State.values)
_KEYS = ("side", "kind", "outcome", "won", "made", "before", "reason", "week", "days")
_KIND_WORDS = {
    Kind.SAME: "Handoffs that it would have made, too",
    Kind.MISSED: "Handoffs that it would not have made",
    Kind.NEW: "New handoffs, which nobody can judge",
    Kind.START: "Qualified from the start",
}
_OUTCOME_WORDS = {
    "decided": "decided",
    "accepted": "accepted",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "waiting": "not decided yet",
}


@dataclass(frozen=True)
class Part:
    """Which lines: as the address of a list names them. Empty: whatever."""

    side: str
    kind: str = ""
    outcome: str = ""
    won: bool = False
    made: bool = False
    before: bool = False
    reason: int | None = None
    week: date | None = None
    days: int | None = None
    query: str = ""


@dataclass(frozen=True)
class Row:
    """A line, and how it compares with the real handoff, in words."""

    line: BacktestHandoff

    @property
    def compared(self) -> str:
        days = self.line.days_later
        kind = self.line.get_kind_display()
        return kind if days is None else f"{kind}, {when_words(days)}"


@dataclass(frozen=True)
class LinePage:
    rows: Sequence[Row]
    total: int
    after: int | None  # the last id of this page, where another one follows


def part_of(asked: Mapping[str, str]) -> Part:
    """Raises BacktestRefused where the address names what cannot be."""
    side, kind, outcome = (asked.get(key, "") for key in ("side", "kind", "outcome"))
    for name, value, allowed in [
        ("side", side, SIDES),
        ("kind", kind, ("", *Kind.values)),
        ("outcome", outcome, ("", *OUTCOMES)),
    ]:
        if value not in allowed:
            raise BacktestRefused(
                f"“{value}” is no {name}; it is one of: {', '.join(filter(None, allowed))}."
            )
    return Part(
        side=side,
        kind=kind,
        outcome=outcome,
        won="won" in asked,
        made="made" in asked,
        before="before" in asked,
        reason=_whole(asked, "reason"),
        week=_day(asked),
        days=_whole(asked, "days"),
        query=urlencode({key: asked[key] for key in _KEYS if key in asked}),
    )


def _whole(asked: Mapping[str, str], key: str) -> int | None:
    text = asked.get(key, "")
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        number = 10**9
    if abs(number) >= 10**9:
        raise BacktestRefused(f"“{text[:50]}” is no whole number for “{key}”.")
    return number


def _day(asked: Mapping[str, str]) -> date | None:
    text = asked.get("week", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BacktestRefused(f"“{text[:50]}” is no week; write its Monday as YYYY-MM-DD.") from None


def lines_of(study: Study, part: Part) -> QuerySet[BacktestHandoff]:
    # Each rulebook has a line for each real handoff; those of the one that was tried stand for them.
    side = BacktestHandoff.Side.DRAFT if part.side == "real" else part.side
    found = BacktestHandoff.objects.filter(study=study, side=side)
    if part.side == "real":
        found = found.filter(handoff__isnull=False)
    if part.kind:
        found = found.filter(kind=part.kind)
    if part.outcome:
        decided = (Handoff.State.ACCEPTED, Handoff.State.REJECTED)
        found = found.filter(outcome__in=decided if part.outcome == "decided" else (part.outcome,))
    if part.won:
        found = found.filter(is_won=True)
    if part.made:
        found = found.filter(counted_on__isnull=False)
    if part.before:
        found = found.filter(handed_before__isnull=False)
    if part.reason is not None:
        found = found.filter(reason=part.reason)
    if part.days is not None:
        found = found.filter(days_later=part.days)
    return _of_week(found, part)


def _of_week(found: QuerySet[BacktestHandoff], part: Part) -> QuerySet[BacktestHandoff]:
    if part.week is None:
        return found
    column = "offered_on" if part.side == "real" else "counted_on"
    last = part.week + timedelta(days=min(6, (date.max - part.week).days))
    return found.filter(**{f"{column}__gte": part.week, f"{column}__lte": last})


def page_of_lines(study: Study, part: Part, *, after: int = 0) -> LinePage:
    """By keyset, in the order in which they were found."""
    found = lines_of(study, part)
    rows = list(found.filter(pk__gt=after).select_related("lead", "reason").order_by("pk")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    return LinePage(
        [Row(line) for line in rows[:PAGE_SIZE]], found.count(), rows[PAGE_SIZE - 1].pk if more else None
    )


def title_of(part: Part) -> str:
    """`Handoffs that it would not have made: rejected, No budget`."""
    what = _KIND_WORDS.get(Kind(part.kind)) if part.kind else None
    if what is None:
        what = "Handoffs that were really made" if part.side == "real" else "Handoffs that it would have made"
    details = [_OUTCOME_WORDS[part.outcome]] if part.outcome else []
    if part.won:
        details.append("won")
    if part.before:
        details.append("handed over before")
    if part.reason is not None:
        reason = Reason.objects.filter(pk=part.reason).first()
        details.append(reason.label if reason else "unknown reason")
    if part.week is not None:
        details.append(f"week of {part.week.day} {part.week:%b %Y}")
    if part.days is not None:
        details.append(when_words(part.days))
    return f"{what}: {', '.join(details)}" if details else what
