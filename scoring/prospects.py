"""What next, in words: what time alone does to a score, what is missing, and what would lift it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from leads.conditions.wording import condition_wording, either
from scoring.engine.lifts import ActivityLift, FactLift
from scoring.engine.outlook import Outlook, Step
from scoring.engine.result import ScoreResult
from scoring.explanations import NextExplained
from scoring.rulebook.form import Form
from scoring.rulebook.wording import Words, days, minus, nights, on

# The strongest are enough to act on.
SHOWN = 6


@dataclass(frozen=True)
class Prospect:
    """One thing that would lift the score: what, how much it adds, and where that leads."""

    what: str
    detail: str
    gain: int
    outcome: str
    qualifies: bool


@dataclass(frozen=True)
class Coming:
    """A day on which time alone changes the score."""

    day: date
    before: int
    total: int
    words: str

    @property
    def points(self) -> int:
        return self.total - self.before


@dataclass(frozen=True)
class Prospects:
    verdict: str
    is_qualified: bool
    by_time: Sequence[str]
    coming: Sequence[Coming]
    missing: Sequence[str]
    activities: Sequence[Prospect]
    facts: Sequence[Prospect]
    together: str
    no_gain: str


def prospects_of(found: NextExplained) -> Prospects:
    explained, ahead, lifts = found.today, found.outlook, found.lifts
    form, score = explained.form, explained.explanation.score
    return Prospects(
        verdict=_verdict(score, form),
        is_qualified=score.qualified,
        by_time=_by_time(ahead, form),
        coming=list(_coming(ahead)),
        missing=[] if score.qualified else list(_missing(found)),
        activities=[_activity(lift, explained.words) for lift in lifts.activities[:SHOWN]],
        facts=[_fact(lift) for lift in _strongest(lifts.facts)][:SHOWN],
        together=_together(lifts.together, lifts.together_score),
        no_gain=_no_gain([rule.name for rule in lifts.no_gain]),
    )


def _verdict(score: ScoreResult, form: Form) -> str:
    threshold = f"{minus(score.total)} points, threshold {minus(form.mql.threshold)}"
    if score.disqualified:
        return f"Disqualified by a rule ({threshold})."
    if score.fast_tracked:
        return f"Qualified by fast track ({threshold})."
    return f"{'Qualified' if score.qualified else 'Not qualified'} ({threshold})."


# Time alone -----------------------------------------------------------------------------------------------------------


def _by_time(ahead: Outlook, form: Form) -> list[str]:
    today, score = ahead.today.day, ahead.today.score
    found: list[tuple[date, str]] = []
    below, stops, starts = ahead.below_threshold, ahead.stops_qualifying, ahead.starts_qualifying
    if below is not None:
        found.append((below.day, _sentence("falls below the threshold", below, today)))
    if stops is not None and (below is None or stops.day != below.day):
        found.append((stops.day, _sentence(f"stops being qualified{_why_not(stops, form)}", stops, today)))
    if starts is not None:
        found.append((starts.day, _sentence("qualifies", starts, today)))
    if ahead.leaves_line is not None:
        found.append((ahead.leaves_line.day, _withdrawal(ahead.leaves_line, form)))
    sentences = [text for _, text in sorted(found, key=lambda item: item[0])]
    if score.qualified and stops is None:
        sentences.append(f"If nothing happens, it stays qualified{_as_far_as(ahead)}.")
    if not score.qualified and starts is None:
        sentences.append(f"Time alone does not qualify it{_as_far_as(ahead)}.")
    return sentences


def _why_not(step: Step, form: Form) -> str:
    """Why it does not qualify, where that is not the threshold."""
    mql, score = form.mql, step.score
    if score.disqualified:
        return ", since a rule disqualifies it,"
    if score.total < mql.threshold:
        return ""
    name = "fit" if mql.min_fit is not None and score.fit < mql.min_fit else "engagement"
    return f" for lack of {name}"


def _as_far_as(ahead: Outlook) -> str:
    return "" if ahead.looked_to is None else f", as far as {on(ahead.looked_to)}"


def _sentence(what: str, step: Step, today: date) -> str:
    ahead = (step.day - today).days
    return f"If nothing happens, it {what} on {on(step.day)}, in {ahead} day{'s' if ahead > 1 else ''}."


def _withdrawal(step: Step, form: Form) -> str:
    mql = form.mql
    return (
        f"From {on(step.day)} it is more than {mql.demote_margin} points below the line; after"
        f" {nights(mql.demote_after_nights)} of that, an offer that nobody has taken up is withdrawn."
    )


def _coming(ahead: Outlook) -> Iterator[Coming]:
    before = ahead.today.score.total
    for step in ahead.steps:
        rules = [
            f"{old.rule.name} {_from_to(old.contribution, new.contribution)}" for old, new in step.changes
        ]
        words = ", ".join(rules[:3]) + (f" and {len(rules) - 3} more" if len(rules) > 3 else "")
        yield Coming(step.day, before, step.score.total, words)
        before = step.score.total


def _from_to(before: int, after: int) -> str:
    return f"{minus(before)} → {minus(after)}"


# What would lift it ---------------------------------------------------------------------------------------------------


def _missing(found: NextExplained) -> Iterator[str]:
    mql, explanation = found.today.form.mql, found.today.explanation
    score = explanation.score
    if score.disqualified:
        names = [r.rule.name for r in explanation.reasons if r.is_met and r.rule.disqualifies]
        yield f"Nothing qualifies it while {either([f'“{name}”' for name in names])} is met."
        return
    for name, value, bound in [
        ("the threshold", score.total, mql.threshold),
        ("the minimum fit", score.fit, mql.min_fit),
        ("the minimum engagement", score.engagement, mql.min_engagement),
    ]:
        if bound is not None and value < bound:
            yield f"{bound - value} short of {name} of {minus(bound)}."


def _activity(lift: ActivityLift, words: Words) -> Prospect:
    times = "One more" if lift.times == 1 else f"{lift.times} more"
    spread = f", on {days(lift.days)} in a row" if lift.days > 1 else ""
    return Prospect(
        f"{times}{spread}: {lift.rule.name}", words.rule(lift.rule), lift.gain, *_outcome(lift.score)
    )


def _strongest(found: Sequence[FactLift]) -> list[FactLift]:
    """One for each unknown fact: that it is not known is the news, and this is the most that it could be worth."""
    by_fields: dict[object, FactLift] = {}
    for lift in found:
        by_fields.setdefault(lift.fields, lift)
    return list(by_fields.values())


def _fact(lift: FactLift) -> Prospect:
    unknown = {field.name for field in lift.fields}
    asked = [condition_wording(item) for item in lift.rule.conditions if item.field.name in unknown]
    known = " and ".join(field.label for field in lift.fields)
    return Prospect(
        f"{known} not known yet",
        f"At best: {lift.rule.name}, if {' and '.join(asked)}",
        lift.gain,
        *_outcome(lift.score),
    )


def _outcome(score: ScoreResult) -> tuple[str, bool]:
    if score.qualified:
        how = ", fast-tracked" if score.fast_tracked else ""
        return f"{minus(score.total)} points: qualifies{how}", True
    return f"{minus(score.total)} points: not enough by itself", False


def _together(chosen: Sequence[ActivityLift], score: ScoreResult | None) -> str:
    if score is None:
        return ""
    parts = [f"{lift.times} x {lift.rule.name}" for lift in chosen]
    return f"{' + '.join(parts)}: {minus(score.total)} points, qualifies."


def _no_gain(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"More of these adds nothing now (caps, or counted once): {', '.join(names[:SHOWN])}{more}."
