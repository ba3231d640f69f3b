"""A suggestion of weights becomes edits of the draft, each to be seen and undone like any other."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import RulebookEvent, Study
from scoring.rulebook.editing import Edit, apply_edit


@transaction.atomic
def apply_weights(*, study: Study, rules: Collection[str], by: User, at: datetime) -> list[RulebookEvent]:
    """Give the rules with these keys the points that the study suggests: all of them or, with an error, none.

    Raises what apply_edit raises: EditConflict where somebody has changed the same since the study was asked for.
    """
    if study.kind != Study.Kind.WEIGHTS or not study.result:
        raise ScoringError("There is no suggestion to apply: it is not done.")
    suggested = {rule["key"]: rule["to"] for rule in study.result["rules"]}
    if unknown := sorted(set(rules) - set(suggested)):
        raise ScoringError(f"The suggestion is not about {', '.join(unknown)}.")
    events = []
    for key in suggested:
        if key in rules:
            edit = Edit(f"rules.{key}.points", suggested[key], seen=study.revision)
            saved = apply_edit(draft=study.rulebook_id, edit=edit, by=by, at=at)
            events += [saved.event] if saved.event else []
    return events
