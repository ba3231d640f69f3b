"""Writes a changed rulebook: only rows that differ, and of those only the columns that do."""

from __future__ import annotations

from typing import Any

from scoring.models import Condition, Rule, Rulebook, RuleGroup
from scoring.rulebook.document import condition_json
from scoring.rulebook.form import AnyRule, EngagementRule, FitRule, Form
from scoring.rulebook.rows import book_columns, group_columns, rule_columns


def save_changes(*, book: Rulebook, form: Form) -> None:
    """Make the rows of the rulebook those of the form; groups and rules are the same where their key is."""
    _update(book, book_columns(form))
    groups = {group.key: group for group in book.groups.all()}
    for position, group in enumerate(form.groups):
        columns = {**group_columns(group), "position": position}
        if group.key in groups:
            _update(groups[group.key], columns)
        else:
            groups[group.key] = RuleGroup.objects.create(rulebook=book, **columns)
    _save_rules(book, form, groups)
    # Last, when no rule is in them any more: they would take theirs along.
    RuleGroup.objects.filter(
        pk__in=[row.pk for key, row in groups.items() if key not in {group.key for group in form.groups}]
    ).delete()


def _save_rules(book: Rulebook, form: Form, groups: dict[str, RuleGroup]) -> None:
    rules = {row.key: row for row in book.rules.prefetch_related("conditions")}
    kept = {rule.key: rule for rule in form.rules}
    # A key that came back as a rule of another kind is another rule.
    gone = [
        row for key, row in rules.items() if key not in kept or row.kind != rule_columns(kept[key])["kind"]
    ]
    for row in gone:
        del rules[row.key]
    Rule.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for position, rule in enumerate(form.rules):
        columns = {**_all_columns(rule), "position": position, "group_id": groups[rule.group].pk}
        if rule.key in rules:
            _update(rules[rule.key], columns)
            _save_conditions(rules[rule.key], rule)
        else:
            _save_conditions(Rule.objects.create(rulebook=book, **columns), rule)


def _all_columns(rule: AnyRule) -> dict[str, Any]:
    """Also those that are back at their default: no decay any more, for one."""
    columns = rule_columns(rule)
    return {"decay_kind": Rule.Decay.NONE, "decay_percent": None, "decay_days": None, **columns}


def _save_conditions(row: Rule, rule: AnyRule) -> None:
    wanted = [
        {"values": [], **condition_json(condition)}
        for condition in (rule.conditions if isinstance(rule, FitRule | EngagementRule) else ())
    ]
    present = [
        {"field": one.field, "operator": one.operator, "values": one.values} for one in row.conditions.all()
    ]
    if wanted == present:
        return
    row.conditions.all().delete()
    Condition.objects.bulk_create(
        Condition(rule=row, position=position, **condition) for position, condition in enumerate(wanted)
    )


def _update(row: Rulebook | RuleGroup | Rule, columns: dict[str, Any]) -> None:
    different = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, columns[name])
    if different:
        row.save(update_fields=[name.removesuffix("_id") for name in different])
