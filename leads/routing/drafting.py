"""Rules are edited in a draft that managers share, and put in force in one act. Each edit is a row.

The draft is a copy of what is in force, made with its first edit. Every edit locks it, so that two at once are two
edits, and nobody's is lost. Revisions go on from list to list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from leads.errors import LeadError
from leads.models import RoutingEdit, RoutingRules, Team, User
from leads.routing.document import MAX_RULES, in_force, mistakes_of, read_rules
from leads.routing.facts import routing_fields
from leads.routing.form import Rule

Rules = list[dict[str, Any]]
Change = Callable[[Rules], str]
_KEY = re.compile(r"r(\d+)")


class RulesRefused(LeadError):
    """What was asked cannot be; `sentences` say why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class RuleChanged(LeadError):
    """Somebody else changed the rule since it was opened."""


def current_draft() -> RoutingRules | None:
    return RoutingRules.objects.filter(state=RoutingRules.State.DRAFT).first()


def edited() -> RoutingRules:
    """The draft, or what is in force, or nothing yet: what the page of rules shows. Not to be saved."""
    return current_draft() or in_force() or RoutingRules()


def is_changed(rules: RoutingRules, now: RoutingRules | None) -> bool:
    """Whether putting the draft in force would change anything."""
    return rules.state == RoutingRules.State.DRAFT and rules.document != (
        now.document if now else {"rules": []}
    )


# Edits ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def edit(*, change: Change, by: User, at: datetime) -> RoutingEdit:
    """Change the draft's rules in place; `change` returns what it did in words. Raises RulesRefused, RuleChanged."""
    draft = _locked_draft(at)
    before = draft.document
    rules: Rules = [dict(rule) for rule in before["rules"]]
    what = change(rules)
    if len(rules) > MAX_RULES:
        raise RulesRefused(f"There are {MAX_RULES} rules already, the most there may be; delete one first.")
    draft.document, draft.revision = {"rules": rules}, draft.revision + 1
    draft.save(update_fields=["document", "revision"])
    return RoutingEdit.objects.create(
        rules=draft,
        revision=draft.revision,
        by=by,
        at=at,
        what=what[:300],
        before=before,
        after=draft.document,
    )


def saved(rule: Rule, *, seen: int) -> Change:
    """A rule as its form says, at its place or, when it is new, at the end. `seen`: the revision its editor saw."""

    def change(rules: Rules) -> str:
        people = set(User.objects.in_sales().filter(is_active=True).values_list("pk", flat=True))
        teams = set(Team.objects.filter(is_active=True).values_list("pk", flat=True))
        if mistakes := mistakes_of(rule, teams=teams, users=people):
            raise RulesRefused(*mistakes)
        if not rule.key:
            rules.append(rule.json | {"key": _new_key(rules)})
            return f"Added “{rule.name}”"
        place = _place(rules, rule.key)
        _check_unchanged(rule.key, seen)
        rules[place] = rule.json
        return f"Changed “{rule.name}”"

    return change


def moved(key: str, *, before: str | None = None, step: int = 0) -> Change:
    """One up or down, or in front of another rule (None: to the end)."""

    def change(rules: Rules) -> str:
        place = _place(rules, key)
        rule = rules.pop(place)
        target = _place(rules, before) if before else len(rules)
        if step:
            target = min(max(place + step, 0), len(rules))
        rules.insert(target, rule)
        return f"Moved “{rule['name']}” to place {target + 1}"

    return change


def switched(key: str, *, on: bool) -> Change:
    def change(rules: Rules) -> str:
        rule = rules[_place(rules, key)]
        rule["enabled"] = on
        return f"Switched “{rule['name']}” {'on' if on else 'off'}"

    return change


def copied(key: str) -> Change:
    """Beside the original, and off, for two that say the same do nothing."""

    def change(rules: Rules) -> str:
        place = _place(rules, key)
        rule = rules[place]
        name = f"{rule['name'][:90]} (copy)"
        rules.insert(place + 1, {**rule, "key": _new_key(rules), "name": name, "enabled": False})
        return f"Copied “{rule['name']}”"

    return change


def deleted(key: str) -> Change:
    def change(rules: Rules) -> str:
        return f"Deleted “{rules.pop(_place(rules, key))['name']}”"

    return change


def taken_back(past: RoutingEdit) -> Change:
    """The latest edit undone; or, of an older one, what it deleted brought back to its place."""

    def change(rules: Rules) -> str:
        if rules == past.after["rules"]:
            rules[:] = past.before["rules"]
            return f"Took back: {past.what}"
        kept = {rule["key"] for rule in past.after["rules"]} | {rule["key"] for rule in rules}
        gone = [rule for rule in past.before["rules"] if rule["key"] not in kept]
        if not gone:
            raise RulesRefused("The rules have been changed since; change back what you do not want.")
        for rule in gone:
            rules.insert(min(past.before["rules"].index(rule), len(rules)), rule)
        return f"Brought back “{gone[0]['name']}”"

    return change


def replaced_by(other: RoutingRules | None) -> Change:
    """All rules as another list has them: what is in force (the draft is given up), or an earlier one."""

    def change(rules: Rules) -> str:
        rules[:] = other.document["rules"] if other else []
        return f"Brought back the rules of list {other.number}" if other else "Emptied the list"

    return change


def _locked_draft(at: datetime) -> RoutingRules:
    drafts = RoutingRules.objects.select_for_update().filter(state=RoutingRules.State.DRAFT)
    if found := drafts.first():
        return found
    now = in_force()
    try:
        with transaction.atomic():
            document, revision = (now.document, now.revision) if now else ({"rules": []}, 0)
            RoutingRules.objects.create(document=document, revision=revision, created_at=at)
    except IntegrityError:  # somebody else began one at the same moment
        pass
    return drafts.get()


def _place(rules: Rules, key: str) -> int:
    for place, rule in enumerate(rules):
        if rule["key"] == key:
            return place
    raise RulesRefused("This rule is no longer there: somebody deleted it.")


def _new_key(rules: Rules) -> str:
    """Never that of a rule there ever was, so that a share is not told of another rule than its own."""
    documents = [{"rules": rules}, *RoutingRules.objects.values_list("document", flat=True)]
    documents += RoutingEdit.objects.order_by("-pk").values_list("before", flat=True)[:MAX_RULES]
    keys = (_KEY.fullmatch(rule["key"]) for document in documents for rule in document["rules"])
    return f"r{max((int(found[1]) for found in keys if found), default=0) + 1}"


def _check_unchanged(key: str, seen: int) -> None:
    since = RoutingEdit.objects.filter(revision__gt=seen)
    for one in since.select_related("by").order_by("-pk"):
        if _of(one.before, key) != _of(one.after, key):
            raise RuleChanged(f"{one.by} has changed this rule since you opened it ({one.what}).")


def _of(document: dict[str, Any], key: str) -> dict[str, Any] | None:
    return next((rule for rule in document["rules"] if rule["key"] == key), None)


# Putting in force ------------------------------------------------------------------------------------------------


@transaction.atomic
def put_in_force(*, by: User, at: datetime, seen: int, note: str = "") -> RoutingRules:
    """The draft becomes the rules, from the next lead on. `seen`: the revision that was looked at.

    Raises RulesRefused where it is not as it was seen, changes nothing, or has a rule that cannot be applied.
    """
    draft = RoutingRules.objects.select_for_update().filter(state=RoutingRules.State.DRAFT).first()
    now = in_force()
    if draft is None or not is_changed(draft, now):
        raise RulesRefused("The draft is what is in force already; nothing was changed.")
    if draft.revision != seen:
        last = draft.edits.select_related("by").first()
        who = f"{last.by} ({last.what})" if last else "somebody"
        raise RulesRefused(f"The draft has been changed by {who} since you looked; look again.")
    if wrong := _wrong(draft):
        raise RulesRefused(*wrong)
    if now is not None:
        RoutingRules.objects.filter(pk=now.pk).update(state=RoutingRules.State.RETIRED)
    draft.number = (RoutingRules.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    draft.state, draft.in_force_at, draft.in_force_by = RoutingRules.State.IN_FORCE, at, by
    draft.note = " ".join(note.split())[:300]
    draft.save(update_fields=["number", "state", "in_force_at", "in_force_by", "note"])
    return draft


def _wrong(draft: RoutingRules) -> list[str]:
    teams = set(Team.objects.filter(is_active=True).values_list("pk", flat=True))
    people = set(User.objects.in_sales().filter(is_active=True).values_list("pk", flat=True))
    return [
        f"“{rule.name}”: {sentence}"
        for rule in read_rules(draft.document, routing_fields())
        if rule.enabled
        for sentence in mistakes_of(rule, teams=teams, users=people)
    ]


def changes(before: Sequence[Rule], after: Sequence[Rule]) -> list[str]:
    """What putting `after` in force would change, in a few words each."""
    was, will = {rule.key: rule for rule in before}, {rule.key: rule for rule in after}
    found = [f"“{rule.name}” is new" for key, rule in will.items() if key not in was]
    found += [f"“{rule.name}” is deleted" for key, rule in was.items() if key not in will]
    for key in will.keys() & was.keys():
        if will[key].enabled != was[key].enabled:
            found.append(f"“{will[key].name}” is switched {'on' if will[key].enabled else 'off'}")
        if _said(will[key]) != _said(was[key]):
            found.append(f"“{will[key].name}” is changed")
    if [key for key in was if key in will] != [key for key in will if key in was]:
        found.append("the order is another")
    return sorted(found)


def _said(rule: Rule) -> dict[str, Any]:
    return {**rule.json, "enabled": True}


def rules_of(rules: RoutingRules | None) -> list[Rule]:
    """Read with what rules may ask now. One query."""
    return read_rules(rules.document, routing_fields()) if rules else []
