"""What a backtest found, in a sentence or two."""

from __future__ import annotations

from scoring.backtest.result import Result, SideResult


def verdict(result: Result) -> str:
    """The answer to "what would this have meant for sales?"."""
    side, real = result.draft, result.real.total.value
    name = "this draft" if result.study.rulebook.is_draft else f"version {result.study.rulebook.number}"
    if not real:
        return (
            f"Nothing was handed over in this period, so there is nothing to compare with;"
            f" {name} would have handed over {_leads(side.made.value)}."
        )
    sentences = [f"With {name} sales would have got {_difference(side.made.value, real)}."]
    sentences.append(_skipped(side))
    if side.new.value:
        sentences.append(f"Of {_new(side.new.value)} nobody can tell how sales would have decided.")
    if result.does_the_same:
        sentences.append(f"Version {result.published_number}, the published one, would have done the same.")
    return " ".join(sentences)


def _difference(made: int, real: int) -> str:
    if made == real:
        return f"as many handoffs as it did, {real:,}"
    word = "fewer" if made < real else "more"
    plural = "" if abs(made - real) == 1 else "s"
    return f"{abs(made - real):,} {word} handoff{plural}: {made:,} instead of {real:,}"


def _skipped(side: SideResult) -> str:
    missed = side.missed
    if not missed.total.value:
        return "It would have skipped none of those that were made."
    subject = "the one" if missed.total.value == 1 else f"the {missed.total.value:,}"
    decided = [
        f"{word} {number.value:,}"
        for word, number in (("rejected", missed.rejected), ("accepted", missed.accepted))
        if number.value
    ]
    parts = []
    if decided:
        won = f", {missed.won.value:,} of them won" if missed.won.value else ""
        parts.append(f"sales had {' and '.join(decided)}{won}")
    if missed.withdrawn.value:
        parts.append(f"{missed.withdrawn.value:,} had been withdrawn")
    if missed.waiting.value:
        parts.append(f"{missed.waiting.value:,} had not been decided yet")
    return f"Of {subject} it would have skipped, {'; '.join(parts)}."


def _new(count: int) -> str:
    return "its one new handoff" if count == 1 else f"its {count:,} new handoffs"


def _leads(count: int) -> str:
    return "one lead" if count == 1 else f"{count:,} leads"
