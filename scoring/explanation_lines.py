"""Explanations as lines of text, for the command line."""

from __future__ import annotations

from collections.abc import Iterator

from leads.models.fields import day_from_number
from scoring.changes import changes_of
from scoring.engine.explainer import RuleReason
from scoring.explanations import ChangeExplained, Explained, NextExplained, ScoreExplained
from scoring.prospects import prospects_of


def explanation_lines(explained: Explained) -> Iterator[str]:
    """Why this score; rules that are not met are left out."""
    explanation, score = explained.explanation, explained.explanation.score
    verdict = "disqualified" if score.disqualified else "qualified" if score.qualified else "not qualified"
    if score.fast_tracked:
        verdict += ", fast-tracked"
    yield f"{explained.lead} on {explanation.day} by rulebook {explained.book.number} ({explained.book.name})"
    known = f"{score.known_facts} of {score.asked_facts} facts known"
    yield f"{score.total:+,d} total, grade {score.grade}, {verdict}; {known}"
    for part in (explanation.fit, explanation.engagement):
        yield f"{part.points:+6,d} {part.dimension}{_clamped(part.raw_points, part.points)}"
        for group in part.groups:
            yield f"{group.points:+6,d}   {group.group.name}{_clamped(group.raw_points, group.points)}"
            for reason in group.rules:
                if reason.is_met:
                    yield f"{reason.contribution:+6,d}     {reason.rule.name}{_detail(reason)}"


def _clamped(raw: int, points: int) -> str:
    return "" if raw == points else f" (its parts sum to {raw:+,d}; floor and cap leave {points:+,d})"


def _detail(reason: RuleReason) -> str:
    parts = []
    if reason.latest is not None and reason.silent_since is None:
        noun = "match" if reason.matches == 1 else "matches"
        parts.append(f"{reason.matches:,} {noun}, the latest on {day_from_number(reason.latest.day)}")
    if reason.silent_since is not None:
        parts.append(f"silent since {day_from_number(reason.silent_since)}")
    if reason.taken_by_decay:
        parts.append(f"decay took {abs(reason.taken_by_decay):,}")
    if reason.taken_by_cap:
        parts.append(f"cap took {abs(reason.taken_by_cap):,}")
    return f" ({'; '.join(parts)})" if parts else ""


def stored_lines(found: ScoreExplained) -> Iterator[str]:
    """How the stored score stands to what is known now."""
    score = found.score
    current = "up to date" if found.is_current else "out of date"
    yield f"Stored: {score.total:+,d} by rulebook {score.rulebook_version}, written for {score.day}; {current}"
    for reason in found.due:
        yield f"  {reason}"
    if found.unexplained:
        yield f"  {found.unexplained:+,d} of it is by facts that have changed since"


def change_lines(found: ChangeExplained) -> Iterator[str]:
    """Why did it change; rules that did not are left out."""
    before, after = found.before, found.after
    old, new = before.explanation.score, after.explanation.score
    yield (
        f"{after.lead} from {before.explanation.day} by rulebook {before.book.number}"
        f" to {after.explanation.day} by rulebook {after.book.number}"
    )
    yield f"{found.difference.points:+,d} total: {old.total} -> {new.total}, grade {old.grade} -> {new.grade}"
    if old.qualified != new.qualified:
        yield "now qualified" if new.qualified else "no longer qualified"
    changes = changes_of(found)
    for part in changes.dimensions:
        yield f"{part.points:+6,d} {part.dimension}: {part.before} -> {part.after}"
        for group in part.groups:
            yield f"{group.points:+6,d}   {group.name}: {group.before} -> {group.after}"
            for line in group.lines:
                words = f" ({line.words})" if line.words else ""
                yield f"{line.points:+6,d}     {line.name}: {line.before} -> {line.after}{words}"
        if part.bounds:
            yield f"{part.bounds.points:+6,d}   {part.bounds.name}"
    yield f"{changes.unchanged} rules without a change"


def next_lines(found: NextExplained) -> Iterator[str]:
    """What next: what time alone does, and what would lift the lead."""
    words = prospects_of(found)
    yield f"Next: {words.verdict}"
    yield from (f"  {text}" for text in (*words.by_time, *words.missing))
    for coming in words.coming:
        yield f"{coming.points:+6,d} on {coming.day}, to {coming.total}: {coming.words}"
    for prospect in (*words.activities, *words.facts):
        yield f"{prospect.gain:+6,d} {prospect.what} ({prospect.outcome})"
    if words.together:
        yield f"  Together: {words.together}"
    if words.no_gain:
        yield f"  {words.no_gain}"
