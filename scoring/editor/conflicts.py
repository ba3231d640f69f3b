"""A conflict in words: who changed what, how long ago, and what you wanted."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads.conditions.wording import lower_first
from scoring.rulebook.edit_wording import value_wording
from scoring.rulebook.editing import EditConflict

_JUST_NOW = timedelta(seconds=45)


def conflict_sentence(conflict: EditConflict, *, at: datetime) -> str:
    """For example: Bob changed points of Pricing page from 20 to 5 a minute ago; you typed 7."""
    theirs, edit = conflict.theirs, conflict.edit
    who, when = theirs.by or theirs.origin, _when(at - theirs.at)
    if theirs.path == edit.path and theirs.before is not None and theirs.after is not None:
        old, new = value_wording(edit.path, theirs.before), value_wording(edit.path, theirs.after)
        did = f"{who} changed {lower_first(conflict.label)} from {old} to {new} {when}"
    else:
        did = f"{who} changed this {when} ({theirs.what})"
    return f"{did}; {_yours(conflict)}."


def _yours(conflict: EditConflict) -> str:
    path, value = conflict.edit.path, conflict.edit.value
    if path.endswith(".place"):
        return "you moved it"
    if value is None and path.count(".") == 1 and path.startswith(("rules.", "groups.")):
        return "you deleted it"
    if path == "document":
        return "you replaced all of it"
    return f"you typed {value_wording(path, value)}"


def _when(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if span < _JUST_NOW:
        return "just now"
    if minutes < 2:
        return "a minute ago"
    if minutes < 60:
        return f"{minutes} minutes ago"
    hours = round(minutes / 60)
    return "an hour ago" if hours == 1 else f"{hours} hours ago" if hours < 24 else f"{hours // 24} days ago"
