"""What a score is, and the last steps to it: from the two dimensions to a decision (docs/scoring.md)."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.rulebook.form import Form


@dataclass(frozen=True)
class ScoreResult:
    """The score of one lead on one day."""

    fit: int
    engagement: int
    total: int
    grade: str
    qualified: bool
    fast_tracked: bool
    disqualified: bool
    known_facts: int
    asked_facts: int
    holds_line: bool


@dataclass(frozen=True)
class Flags:
    """What some met rule says, whatever the points."""

    fast_track: bool
    disqualifies: bool


def decide(form: Form, *, fit: int, engagement: int, flags: Flags, known_facts: int) -> ScoreResult:
    """Total, grade and qualification from clamped dimensions."""
    mql, total = form.mql, fit + engagement
    fast_tracked = flags.fast_track and _reaches(fit, mql.fast_track_min_fit)
    return ScoreResult(
        fit=fit,
        engagement=engagement,
        total=total,
        grade=grade_of(form, fit, engagement),
        qualified=not flags.disqualifies and (fast_tracked or meets_threshold(form, fit, engagement)),
        fast_tracked=fast_tracked,
        disqualified=flags.disqualifies,
        known_facts=known_facts,
        asked_facts=len(form.asked_fields),
        holds_line=not flags.disqualifies
        and (fast_tracked or meets_threshold(form, fit, engagement, margin=mql.demote_margin)),
    )


def grade_of(form: Form, fit: int, engagement: int) -> str:
    grade = form.grade
    letter = "A" if fit >= grade.fit_a else "B" if fit >= grade.fit_b else "C"
    number = "1" if engagement >= grade.engagement_1 else "2" if engagement >= grade.engagement_2 else "3"
    return letter + number


def meets_threshold(form: Form, fit: int, engagement: int, *, margin: int = 0) -> bool:
    """Whether the points alone, without any fast track, reach the threshold and both minimums, less a margin."""
    mql = form.mql
    return (
        _reaches(fit + engagement, mql.threshold - margin)
        and _reaches(fit + margin, mql.min_fit)
        and _reaches(engagement + margin, mql.min_engagement)
    )


def _reaches(value: int, bound: int | None) -> bool:
    return bound is None or value >= bound
