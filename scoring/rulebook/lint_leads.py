"""What is odd about a rulebook, told from what its rules do to real leads.

On a request path a sample of leads is looked at (scoring.sampling), so that a page costs the same with a million
leads; the command looks at all of them where it is asked to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from scoring.engine.hits import Hits, RuleHits, recent_hits, rule_hits
from scoring.rulebook.findings import Finding, FindingKind, about, quoted
from scoring.rulebook.form import AnyRule, EngagementRule, Form
from scoring.sampling import Look

RECENT_DAYS = 90
NEARLY_ALL_PERCENT = 95
CAPPED_PERCENT = 80
# With fewer leads a share says nothing.
FEWEST_LEADS = 20
# Shares of a group's cut are floating-point sums; what is exactly at the limit must not be over it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LeadsLint:
    """What the leads looked at say: `leads` is how many they were."""

    leads: int
    is_sample: bool
    findings: tuple[Finding, ...]

    @property
    def are_enough(self) -> bool:
        return self.leads >= FEWEST_LEADS

    @property
    def whom(self) -> str:
        return looked_at(self.leads, is_sample=self.is_sample)


def looked_at(leads: int, *, is_sample: bool) -> str:
    """For example: all 3,812 leads."""
    return f"{leads:,} leads drawn at random" if is_sample else f"all {leads:,} leads"


def lint_leads(form: Form, *, day: date, look: Look) -> LeadsLint:
    """The findings about what the rules do to these leads on a day, in the order of the rules."""
    hits = _hits(form, day=day, look=look)
    findings = tuple(findings_of(form, hits, is_sample=look.is_sample))
    return LeadsLint(hits.leads, look.is_sample, findings)


def _hits(form: Form, *, day: date, look: Look) -> Hits:
    since = day - timedelta(days=RECENT_DAYS - 1)
    none = Hits(0, {rule.key: RuleHits() for rule in form.enabled_rules})
    hits = sum((rule_hits(form, day=day, since=since, target=target) for target in look.targets), none)
    # A rule with a short window has forgotten most of the 90 days; those that saw nobody are asked again.
    forgetful = [
        rule
        for rule in form.enabled_rules
        if isinstance(rule, EngagementRule)
        and rule.window_days is not None
        and rule.window_days < RECENT_DAYS
        and not hits.rules[rule.key].recent
    ]
    if not forgetful or hits.leads < FEWEST_LEADS:
        return hits
    again = sum(
        (recent_hits(form, forgetful, day=day, since=since, target=target) for target in look.targets),
        Hits(0, {}),
    )
    recent = {key: RuleHits(recent=found.recent) for key, found in again.rules.items()}
    return hits + Hits(0, recent)


# What they say ---------------------------------------------------------------------------------------


def findings_of(form: Form, hits: Hits, *, is_sample: bool) -> Iterator[Finding]:
    """The findings about rules that do too little, too much, or in vain; none for too few leads."""
    if hits.leads < FEWEST_LEADS:
        return
    whom = looked_at(hits.leads, is_sample=is_sample)
    groups = {group.key: group.name for group in form.groups}
    for rule in form.enabled_rules:
        found = hits.rules[rule.key]
        if not found.recent:
            yield _nobody(rule, hits.leads, is_sample=is_sample)
        if found.met * 100 > hits.leads * NEARLY_ALL_PERCENT:
            yield about(
                FindingKind.NEARLY_ALL,
                [rule],
                f"{quoted(rule.name)} is met by {_percent(found.met, hits.leads)} of {whom}, so it tells them hardly"
                " apart. Ask for more, or lower the threshold by its points and remove it.",
            )
        taken = found.raw - found.given
        if _is_capped(taken, found.raw):
            yield about(
                FindingKind.RULE_CAP,
                [rule],
                f"The cap of {quoted(rule.name)} ({rule.max_points}) takes {_percent(taken, found.raw)} of its points"
                f" over {whom}. Lower its points, or raise the cap.",
            )
        if _is_capped(found.taken_by_group, found.given):
            bound = "cap" if rule.points > 0 else "floor"
            yield about(
                FindingKind.GROUP_CAP,
                [rule],
                f"The {bound} of the group {quoted(groups[rule.group])} takes"
                f" {_percent(found.taken_by_group, found.given)} of the points of {quoted(rule.name)} over {whom}."
                f" Lower the points in this group, or move its {bound}.",
            )


def _nobody(rule: AnyRule, leads: int, *, is_sample: bool) -> Finding:
    is_asked_of_activities = isinstance(rule, EngagementRule)
    what = f"by an activity of the last {RECENT_DAYS} days" if is_asked_of_activities else "today"
    whom = looked_at(leads, is_sample=True) if is_sample else f"the {leads:,} leads"
    # Of n drawn at random none: with 95 % confidence fewer than 3 in n of all (the rule of three).
    sure = f" (at most about {_share(3 / leads)} of all leads do)" if is_sample else ""
    return about(
        FindingKind.NOBODY,
        [rule],
        f"{quoted(rule.name)} is met by none of {whom} {what}{sure}. Check what it asks, or switch it off.",
    )


def _is_capped(taken: float, points: int) -> bool:
    return taken * 100 > points * CAPPED_PERCENT * (1 + _ROUNDING)


def _percent(part: float, whole: int) -> str:
    """To a tenth, rounded down: what is not all is never called 100 %."""
    return f"{int(part * 1000 / whole + _ROUNDING) / 10:g} %"


def _share(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")
