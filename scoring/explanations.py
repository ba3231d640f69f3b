"""One lead's score explained, for the command line and the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from leads.conditions.parsing import is_storable
from leads.errors import LeadError
from leads.folding import fold
from leads.models import ActivityType, Lead, LeadIdentifier
from leads.models.fields import day_from_number
from scoring.engine.explainer import DimensionReason, Explanation, GroupReason, RuleReason, explain
from scoring.engine.loading import load_leads
from scoring.models import Rulebook
from scoring.rulebook.form import KIND_OF, Form
from scoring.rulebook.rows import form_of
from scoring.rulebook.versions import published
from scoring.rulebook.wording import Words


@dataclass(frozen=True)
class Explained:
    """An explanation with what it takes to tell it."""

    lead: Lead
    book: Rulebook
    form: Form
    explanation: Explanation
    words: Words


def explain_lead(lead: Lead, *, day: date) -> Explained:
    """The score of the lead on a day by the published rulebook. Raises NothingPublished."""
    book = published()
    form = form_of(book)
    (facts,) = load_leads(form, [lead.pk])
    return Explained(lead, book, form, explain(form, facts, day), words())


def words() -> Words:
    """The words of this installation. One query."""
    return Words(dict(ActivityType.objects.values_list("code", "label")))


def find_lead(text: str) -> Lead:
    """The lead with this e-mail, external id or number; LeadError where there is none, or more than one."""
    wanted = text.strip()
    found: dict[int, Lead] = {}
    if wanted and is_storable(wanted):
        found = _identified(wanted)
    if not found:
        raise LeadError(f"There is no lead with the e-mail, external id or number “{text}”.")
    if len(found) > 1:
        numbers = ", ".join(str(pk) for pk in sorted(found))
        raise LeadError(
            f"“{text}” is an id of several leads: {numbers}. Name the one you mean by its e-mail."
        )
    return next(iter(found.values()))


def _identified(text: str) -> dict[int, Lead]:
    by_identifier = LeadIdentifier.objects.filter(value=text).values("lead_id")
    leads = Lead.objects.filter(Q(email_folded=fold(text)) | Q(external_id=text) | Q(pk__in=by_identifier))[
        :5
    ]
    if not leads and text.isascii() and text.isdigit() and len(text) < 19:
        leads = Lead.objects.filter(pk=int(text))
    return {lead.pk: lead for lead in leads}


def explanation_json(explained: Explained) -> dict[str, Any]:
    """The explanation as JSON values. Contributions sum to groups, groups to dimensions, these to the total."""
    explanation = explained.explanation
    return {
        "lead": explained.lead.pk,
        "email": explained.lead.email,
        "external_id": explained.lead.external_id,
        "day": explanation.day.isoformat(),
        "rulebook": explained.book.number,
        **{key: value for key, value in asdict(explanation.score).items() if key != "holds_line"},
        "dimensions": [
            _dimension_json(part, explained) for part in (explanation.fit, explanation.engagement)
        ],
    }


def _dimension_json(part: DimensionReason, explained: Explained) -> dict[str, Any]:
    return {
        "dimension": str(part.dimension),
        "raw_points": part.raw_points,
        "min": part.bounds.low,
        "max": part.bounds.high,
        "points": part.points,
        "groups": [_group_json(group, explained) for group in part.groups],
    }


def _group_json(reason: GroupReason, explained: Explained) -> dict[str, Any]:
    return {
        "group": reason.group.key,
        "name": reason.group.name,
        "raw_points": reason.raw_points,
        "min": reason.group.bounds.low,
        "max": reason.group.bounds.high,
        "points": reason.points,
        "rules": [_rule_json(rule, explained) for rule in reason.rules],
    }


def _rule_json(reason: RuleReason, explained: Explained) -> dict[str, Any]:
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


def explanation_lines(explained: Explained) -> Iterator[str]:
    """The explanation as lines of text; rules that are not met are left out."""
    explanation, score = explained.explanation, explained.explanation.score
    verdict = "disqualified" if score.disqualified else "qualified" if score.qualified else "not qualified"
    if score.fast_tracked:
        verdict += ", fast-tracked"
    yield f"{explained.lead} on {explanation.day} by rulebook {explained.book.number} ({explained.book.name})"
    known = f"{score.known_facts} of {score.asked_facts} facts known"
    yield f"{score.total:+d} total, grade {score.grade}, {verdict}; {known}"
    for part in (explanation.fit, explanation.engagement):
        yield f"{part.points:+6d} {part.dimension}{_clamped(part.raw_points, part.points)}"
        for group in part.groups:
            yield f"{group.points:+6d}   {group.group.name}{_clamped(group.raw_points, group.points)}"
            for reason in group.rules:
                if reason.is_met:
                    yield f"{reason.contribution:+6d}     {reason.rule.name}{_detail(reason)}"


def _clamped(raw: int, points: int) -> str:
    return "" if raw == points else f" (its parts sum to {raw:+d}; floor and cap leave {points:+d})"


def _detail(reason: RuleReason) -> str:
    parts = []
    if reason.latest is not None and reason.silent_since is None:
        parts.append(f"{reason.matches} matches, the latest on {day_from_number(reason.latest.day)}")
    if reason.silent_since is not None:
        parts.append(f"silent since {day_from_number(reason.silent_since)}")
    if reason.taken_by_decay:
        parts.append(f"decay took {abs(reason.taken_by_decay)}")
    if reason.taken_by_cap:
        parts.append(f"cap took {abs(reason.taken_by_cap)}")
    return f" ({'; '.join(parts)})" if parts else ""
