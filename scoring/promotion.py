"""Qualified leads are offered to sales, and offers of leads that fell below the line are taken back.

Both select by state, never by what a run has changed: what a crash left undone, the next run does.
See docs/lifecycle.md and docs/scoring.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.handoff.decisions import demote
from leads.handoff.evidence import Contribution as FrozenContribution
from leads.handoff.evidence import Evidence
from leads.handoff.offering import Occasion, offer_leads
from leads.models import NOT_OFFERED, OFFERED, Activity, Handoff, Lead, LeadScore, Stage
from leads.models.fields import day_of
from scoring.engine.compiler import CompiledRulebook, Contribution, Reentry, Standing
from scoring.engine.outcomes import Outcome as ScoreOutcome
from scoring.engine.result import meets_threshold
from scoring.models import ScoringRun
from scoring.rulebook.form import KIND_OF, EngagementRule, Form

# A batch is a transaction; on SQLite a web write waits for it.
BATCH = 250


@dataclass(frozen=True)
class Outcome:
    promoted: int
    left_over: int  # qualified leads that the limit leaves for later


def promote_batch(
    *,
    run: ScoringRun,
    compiled: CompiledRulebook,
    version: int,
    at: datetime,
    limit: int | None,
    only: Collection[int] | None = None,
) -> Outcome:
    """Offer the highest totals among those who may be offered: at most a batch, and at most `limit`.

    `only`: among these leads; None: among all.
    Call it in a transaction, again and again, until it promotes nobody.
    """
    candidates = _candidates(version)
    if only is not None:
        candidates = candidates.filter(pk__in=only)
    if not candidates.order_by().exists():  # mostly: nobody need be put in order, or looked at for a hold
        return Outcome(0, 0)
    free = _free(compiled, candidates)
    released = list(_released(compiled, candidates.exclude(lead__evidence_after=None)))
    wanted = BATCH if limit is None else min(BATCH, limit)
    first = list(free[: wanted + 1])
    # Mostly nobody is left over: then they need not be counted apart.
    eligible = (len(first) if len(first) <= wanted else free.count()) + len(released)
    chosen = sorted([*first, *released], key=lambda score: (-score.total, score.lead_id))[:wanted]
    if not chosen:
        return Outcome(0, eligible)
    frozen = freeze_evidence(compiled, chosen)
    handoffs = offer_leads(
        evidence={score.lead_id: frozen[score.lead_id] for score in chosen},
        occasion=Occasion(origin=Handoff.Origin.SCORING, at=at, run=run.pk),
    )
    return Outcome(len(handoffs), eligible - len(handoffs))


def lock_candidates(*, version: int, only: Collection[int]) -> None:
    """Lock whoever may be offered, where two batches share a transaction: all who offer lock leads by ascending id."""
    candidates = _candidates(version).filter(pk__in=only).order_by().values("pk")
    list(Lead.objects.select_for_update(no_key=True).filter(pk__in=candidates).order_by("pk"))


def _free(compiled: CompiledRulebook, candidates: QuerySet[LeadScore]) -> QuerySet[LeadScore]:
    """Qualified leads that nothing holds back."""
    free = candidates.filter(lead__evidence_after=None)
    return free.filter(Q(lead__hold_until=None) | Q(lead__hold_until__lte=compiled.day))


def _candidates(version: int) -> QuerySet[LeadScore]:
    waiting = Handoff.objects.waiting().filter(lead_id=OuterRef("lead_id"))
    # Says nothing new, but an index has few such leads: mostly they are all who qualify, and no lead is looked up.
    is_with_sales = Lead.objects.filter(pk=OuterRef("lead_id"), stage__in=NOT_OFFERED)
    return LeadScore.objects.filter(
        ~Exists(is_with_sales),
        ~Exists(waiting),
        qualified=True,
        rulebook_version=version,
        lead__stage__in=OFFERED,
    ).order_by("-total", "lead_id")


def _released(compiled: CompiledRulebook, held: QuerySet[LeadScore]) -> Iterable[LeadScore]:
    """Those held leads whose hold is over: by a fast track of their own since, or by time and new engagement.

    Fast-track evidence from before the hold counts for nothing: such a lead must reach the threshold.
    """
    scores = held.select_related("lead").iterator(chunk_size=2000)
    while batch := list(islice(scores, 2000)):
        since = compiled.reentry([score.lead_id for score in batch])
        for score in batch:
            if is_released(compiled, score, since[score.lead_id], hold_until=score.lead.hold_until):
                yield score


def is_released(
    compiled: CompiledRulebook,
    score: LeadScore | ScoreOutcome | Standing,
    since: Reentry,
    *,
    hold_until: date | None,
) -> bool:
    """Whether the hold of a qualified lead is over, by what it did `since` its hold began."""
    is_time = hold_until is None or compiled.day >= hold_until
    is_again = meets_threshold(compiled.form, score.fit, score.engagement)
    is_new_fast_track = since.is_fast_track and score.fast_tracked
    return is_new_fast_track or (
        is_time and is_again and since.engagement >= compiled.form.mql.reentry_points
    )


def freeze_evidence(compiled: CompiledRulebook, scores: Sequence[LeadScore]) -> dict[int, Evidence]:
    """The evidence of each lead as it stands, by lead id. Three queries for all of them."""
    contributions = compiled.evidence([score.lead_id for score in scores])
    assets = _assets(contributions)
    groups = {group.key: group for group in compiled.form.groups}
    return {
        score.lead_id: Evidence(
            fit=score.fit,
            engagement=score.engagement,
            grade=score.grade,
            fast_tracked=score.fast_tracked,
            rulebook_version=score.rulebook_version,
            known_facts=score.known_facts,
            asked_facts=score.asked_facts,
            contributions=[
                FrozenContribution(
                    rule=item.rule.key,
                    name=item.rule.name,
                    kind=str(KIND_OF[type(item.rule)]),
                    group=item.rule.group,
                    dimension=str(groups[item.rule.group].dimension),
                    points=item.points,
                    matches=item.matches,
                    latest=_latest_day(item),
                    asset=assets.get((score.lead_id, item.rule.key)),
                )
                for item in contributions[score.lead_id]
            ],
        )
        for score in scores
    }


def _latest_day(item: Contribution) -> str | None:
    if item.latest is not None:
        return day_of(item.latest).isoformat()
    return item.silent_since.isoformat() if item.silent_since else None


def _assets(contributions: dict[int, list[Contribution]]) -> dict[tuple[int, str], str]:
    """What the latest match of each rule was about, by lead and rule. One query."""
    instants = {item.latest for items in contributions.values() for item in items if item.latest}
    latest: dict[tuple[int, datetime], list[Activity]] = {}
    rows = Activity.objects.filter(lead_id__in=contributions, occurred_at__in=instants, asset__isnull=False)
    for activity in rows.select_related("asset", "type").order_by("pk"):
        latest.setdefault((activity.lead_id, activity.occurred_at), []).append(activity)
    return {
        (lead_id, item.rule.key): cast("str", activity.asset and activity.asset.name)
        for lead_id, items in contributions.items()
        for item in items
        if isinstance(item.rule, EngagementRule) and item.latest is not None
        for activity in latest.get((lead_id, item.latest), ())
        if activity.type.code in item.rule.activity_types
    }


def demote_batch(*, run: ScoringRun, form: Form, at: datetime) -> int:
    """Take back a batch of offers, made by scoring and unclaimed, of leads below the line for enough nights."""
    first_day = cast("date", run.day) - timedelta(days=form.mql.demote_after_nights - 1)
    below = LeadScore.objects.filter(lead_id=OuterRef("lead_id"), below_since__lte=first_day)
    handoffs = (
        Handoff.objects.waiting()
        .unclaimed(at=at)
        .filter(Exists(below), origin=Handoff.Origin.SCORING, lead__stage=Stage.MQL)
        .order_by("pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    note = f"Below the line of the rulebook for {form.mql.demote_after_nights} nights."
    return demote(handoff_ids=list(handoffs), at=at, run=run.pk, note=note)
