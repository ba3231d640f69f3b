"""The page of rules: the draft, or what is in force, with what is different and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Organisation, RoutingEdit, RoutingRules, User
from leads.permissions import can_edit_routing
from leads.routing.document import in_force, read_rules
from leads.routing.drafting import changes, edited, is_changed
from leads.routing.facts import routing_fields
from leads.routing.form import Rule
from leads.routing.wording import Names, rule_wording

MOST_EDITS, MOST_LISTS = 12, 10


@dataclass(frozen=True)
class RuleLine:
    rule: Rule
    number: int
    words: str
    target: str
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class RulesPage:
    """`changes` is what putting the draft in force would change; `lists` are those in force until now."""

    rules: RoutingRules
    now: RoutingRules | None
    lines: Sequence[RuleLine]
    floor: str
    is_draft: bool
    changes: Sequence[str]
    edits: Sequence[RoutingEdit]
    lists: Sequence[RoutingRules]
    may_edit: bool

    @property
    def may_undo(self) -> bool:
        """Whether the latest edit is one of this draft: what is in force is not taken back by it."""
        return bool(self.edits) and self.edits[0].rules_id == self.rules.pk and self.is_draft


def rules_page(*, user: User) -> RulesPage:
    """A constant number of queries."""
    rules, now, fields = edited(), in_force(), routing_fields()
    is_draft = is_changed(rules, now)
    read = read_rules(rules.document, fields)
    before = read_rules(now.document, fields) if now else []
    names = Names.load()
    default = Organisation.current().default_team
    return RulesPage(
        rules=rules,
        now=now,
        lines=[
            RuleLine(
                rule, at + 1, rule_wording(rule), names.target(rule.target), at == 0, at + 1 == len(read)
            )
            for at, rule in enumerate(read)
        ],
        floor=f"Shared queue of {default}" if default and default.is_active else "Every rep may take it",
        is_draft=is_draft,
        changes=changes(before, read) if is_draft else (),
        edits=list(RoutingEdit.objects.select_related("by").order_by("-pk")[:MOST_EDITS]),
        lists=list(RoutingRules.objects.exclude(number=None).select_related("in_force_by")[:MOST_LISTS]),
        may_edit=can_edit_routing(user),
    )
