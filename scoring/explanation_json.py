"""Explanations as JSON values, for the command line and other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leads.models import LeadScore
from leads.models.fields import day_from_number
from scoring.changes import changes_of
from scoring.engine.explainer import DimensionReason, GroupReason, RuleReason
from scoring.engine.lifts import ActivityLift, FactLift
from scoring.engine.outlook import Step
from scoring.engine.result import ScoreResult
from scoring.explanations import ChangeExplained, Explained, NextExplained, ScoreExplained
from scoring.prospects import prospects_of
from scoring.rulebook.form import KIND_OF

Json = dict[str, Any]


def explanation_json(explained: Explained) -> Json:
    """Contributions sum to groups but for their bounds, groups to dimensions, these to the total."""
    return {
        **_head(explained),
        **_score(explained.explanation.score),
        "dimensions": [
            _dimension(part, explained)
            for part in (explained.explanation.fit, explained.explanation.engagement)
        ],
    }


def _head(explained: Explained) -> Json:
    return {
        "lead": explained.lead.pk,
        "email": explained.lead.email,
        "external_id": explained.lead.external_id,
        "day": explained.explanation.day.isoformat(),
        "rulebook": explained.book.number,
    }


def _score(score: ScoreResult) -> Json:
    return {key: value for key, value in asdict(score).items() if key != "holds_line"}


def _dimension(part: DimensionReason, explained: Explained) -> Json:
    return {
        "dimension": str(part.dimension),
        "raw_points": part.raw_points,
        "min": part.bounds.low,
        "max": part.bounds.high,
        "points": part.points,
        "groups": [_group(group, explained) for group in part.groups],
    }


def _group(reason: GroupReason, explained: Explained) -> Json:
    return {
        "group": reason.group.key,
        "name": reason.group.name,
        "raw_points": reason.raw_points,
        "min": reason.group.bounds.low,
        "max": reason.group.bounds.high,
        "points": reason.points,
        "rules": [_rule(rule, explained) for rule in reason.rules],
    }


def _rule(reason: RuleReason, explained: Explained) -> Json:
    latest = reason.latest
    since = reason.silent_since
    return {
        "rule": reason.rule.key,
        "name": reason.rule.name,
        "kind": str(KIND_OF[type(reason.rule)]),
        "wording": explained.words.rule(reason.rule),
        "met": reason.is_met,
        "matches": reason.matches,
        "counted": reason.counted,
        "raw_points": reason.raw_points,
        "taken_by_decay": reason.taken_by_decay,
        "taken_by_caps": reason.taken_by_cap,
        "points": reason.contribution,
        "fast_track": reason.rule.fast_track,
        "disqualifies": reason.rule.disqualifies,
        "latest": latest
        and {
            "activity": latest.pk,
            "type": latest.type,
            "occurred_at": latest.occurred_at.isoformat(),
            "asset": latest.asset or None,
        },
        "silent_since": None if since is None else day_from_number(since).isoformat(),
    }


def stored_json(found: ScoreExplained) -> Json:
    """The stored score. Its total is that of `explained` plus `unexplained`: what became known after the run."""
    score = found.score
    names = ("fit", "engagement", "total", "grade", "qualified", "fast_tracked", "disqualified")
    return {
        **{name: getattr(score, name) for name in names},
        "rulebook": score.rulebook_version,
        "day": _day(score, "day"),
        "valid_until": _day(score, "valid_until"),
        "below_since": _day(score, "below_since"),
        "explained": explanation_json(found.explained),
        "unexplained": found.unexplained,
        "is_current": found.is_current,
        "due": list(found.due),
    }


def _day(score: LeadScore, name: str) -> str | None:
    day = getattr(score, name)
    return None if day is None else day.isoformat()


# Why did it change ----------------------------------------------------------------------------------------------------


def change_json(found: ChangeExplained) -> Json:
    """Two scores and their difference. Changes of rules and `by_bounds` sum to the change of their group, and so on."""
    words = {
        (group.key, line.name): line.words
        for part in changes_of(found).dimensions
        for group in part.groups
        for line in group.lines
    }
    return {
        "before": {**_head(found.before), **_score(found.before.explanation.score)},
        "after": {**_head(found.after), **_score(found.after.explanation.score)},
        "points": found.difference.points,
        "dimensions": [
            {
                "dimension": str(part.dimension),
                "before": part.before.points,
                "after": part.after.points,
                "points": part.points,
                "by_bounds": part.by_bounds,
                "groups": [
                    {
                        "group": group.key,
                        "name": group.name,
                        "before": group.before.points if group.before else None,
                        "after": group.after.points if group.after else None,
                        "points": group.points,
                        "by_bounds": group.by_bounds,
                        "rules": [
                            {
                                "rule": rule.reason.rule.key,
                                "name": rule.reason.rule.name,
                                "before": rule.before and _rule(rule.before, found.before),
                                "after": rule.after and _rule(rule.after, found.after),
                                "points": rule.points,
                                "words": words.get((group.key, rule.reason.rule.name), ""),
                            }
                            for rule in group.rules
                            if rule.is_change
                        ],
                    }
                    for group in part.groups
                ],
            }
            for part in found.difference.dimensions
        ],
    }


# What next ------------------------------------------------------------------------------------------------------------


def next_json(found: NextExplained) -> Json:
    """Days are null where there is none up to `looked_to`; that is null where nothing more can change by time."""
    ahead = found.outlook
    words = prospects_of(found)
    return {
        "verdict": words.verdict,
        "missing": list(words.missing),
        "falls_below_threshold_on": _on(ahead.below_threshold),
        "stops_qualifying_on": _on(ahead.stops_qualifying),
        "leaves_line_on": _on(ahead.leaves_line),
        "starts_qualifying_on": _on(ahead.starts_qualifying),
        "looked_to": ahead.looked_to and ahead.looked_to.isoformat(),
        "by_time": [
            {"day": _on(step), "total": step.score.total, "rules": _changes(step)} for step in ahead.steps
        ],
        "activities": [_activity(lift) for lift in found.lifts.activities],
        "together": [_activity(lift) for lift in found.lifts.together],
        "facts": [_fact(lift) for lift in found.lifts.facts],
        "nothing_to_gain": [rule.key for rule in found.lifts.no_gain],
    }


def _on(step: Step | None) -> str | None:
    return None if step is None else step.day.isoformat()


def _changes(step: Step) -> list[Json]:
    return [
        {"rule": old.rule.key, "name": old.rule.name, "before": old.contribution, "after": new.contribution}
        for old, new in step.changes
    ]


def _activity(lift: ActivityLift) -> Json:
    return {
        "rule": lift.rule.key,
        "name": lift.rule.name,
        "times": lift.times,
        "days": lift.days,
        "gain": lift.gain,
        "total": lift.score.total,
        "qualifies": lift.score.qualified,
    }


def _fact(lift: FactLift) -> Json:
    return {
        "rule": lift.rule.key,
        "name": lift.rule.name,
        "fields": [field.name for field in lift.fields],
        "gain": lift.gain,
        "total": lift.score.total,
        "qualifies": lift.score.qualified,
    }
