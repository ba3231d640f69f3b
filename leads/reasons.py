"""The reasons why sales gives leads back, as managers edit them.

What was decided keeps its meaning. A cool-down, the note, the order and whether a reason is in use are changed in
place: they speak of decisions to come, and a hold that was set stays as it was set. Name and outcome of a reason that
was used once are what past decisions say: changing them puts it out of use and makes a new one in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from leads.errors import LeadError
from leads.models import Deal, Handoff, HandoffDecision, Reason, ReasonChange, StageChange, User
from leads.permissions import can_edit_reasons

KEY_LENGTH = 50


class ReasonNotChanged(LeadError):
    """The change would leave sales without a clear choice of reasons."""


class NotReasonEditor(LeadError):
    """The user reads reasons and changes none."""


@dataclass(frozen=True)
class ReasonSheet:
    """All that is said of a reason. `cooldown_days` is None where it disqualifies."""

    label: str
    leads_to: Reason.LeadsTo
    cooldown_days: int | None
    note_required: bool
    is_active: bool

    @classmethod
    def of(cls, reason: Reason) -> ReasonSheet:
        return cls(
            reason.label,
            Reason.LeadsTo(reason.leads_to),
            reason.cooldown_days,
            reason.note_required,
            reason.is_active,
        )

    @property
    def outcome(self) -> str:
        return (
            self.leads_to.label if self.cooldown_days is None else f"recycled for {self.cooldown_days} days"
        )


def is_used(reason: Reason) -> bool:
    """Whether anything was ever decided with it. Four looks into indexes at most."""
    return any(
        rows.exists()
        for rows in (
            StageChange.objects.filter(reason=reason),
            Handoff.objects.filter(reason=reason),
            HandoffDecision.objects.filter(reason=reason),
            Deal.objects.filter(lost_reason=reason),
        )
    )


@transaction.atomic
def add_reason(*, sheet: ReasonSheet, by: User, at: datetime) -> Reason:
    """A new reason, last of all. Raises NotReasonEditor, ReasonNotChanged."""
    reasons = _locked(by)
    _check_name(sheet, reasons)
    last = max((reason.position for reason in reasons), default=-1)
    reason = _create(sheet, position=last + 1)
    _record(reason, f"New: {sheet.label}, {sheet.outcome}", by=by, at=at)
    return reason


@transaction.atomic
def change_reason(*, reason: Reason, sheet: ReasonSheet, by: User, at: datetime) -> Reason:
    """The reason as it is from now on: the same row, or the one that took its place.

    Raises NotReasonEditor, ReasonNotChanged.
    """
    reasons = _locked(by)
    reason = next(one for one in reasons if one.pk == reason.pk)
    before, others = ReasonSheet.of(reason), [one for one in reasons if one.pk != reason.pk]
    if sheet == before:
        return reason
    _check_name(sheet, others)
    if not sheet.is_active and not any(other.is_active for other in others):
        raise ReasonNotChanged(
            f"“{reason}” is the last reason in use; sales could reject nothing without it."
        )
    means_else = (sheet.label, sheet.leads_to) != (before.label, before.leads_to)
    if means_else and is_used(reason):
        return _replace(reason, before, sheet, by=by, at=at)
    _write(reason, sheet)
    _record(reason, "; ".join(_differences(before, sheet)), by=by, at=at)
    return reason


@transaction.atomic
def move_reason(*, reason: Reason, up: bool, by: User, at: datetime) -> None:
    """One place up or down among those in use. Raises NotReasonEditor."""
    reasons = _locked(by)
    in_use = [one for one in reasons if one.is_active]
    place = next((number for number, one in enumerate(in_use) if one.pk == reason.pk), None)
    if place is None or not 0 <= (to := place - 1 if up else place + 1) < len(in_use):
        return
    in_use[place], in_use[to] = in_use[to], in_use[place]
    for number, one in enumerate([*in_use, *(one for one in reasons if not one.is_active)]):
        one.position = number
    Reason.objects.bulk_update(reasons, ["position"])
    _record(reason, f"Moved {'up' if up else 'down'} to place {to + 1}", by=by, at=at)


def _locked(by: User) -> list[Reason]:
    """All of them, in order: there are few, and names and places concern them all."""
    if not can_edit_reasons(by):
        raise NotReasonEditor("Reasons are edited by sales managers.")
    return list(Reason.objects.select_for_update().order_by("position", "label", "pk"))


def _check_name(sheet: ReasonSheet, others: Sequence[Reason]) -> None:
    same = [one for one in others if one.is_active and one.label.casefold() == sheet.label.casefold()]
    if same and sheet.is_active:
        raise ReasonNotChanged(f"There is a reason “{same[0]}” in use already; choose another name.")


def _replace(reason: Reason, before: ReasonSheet, sheet: ReasonSheet, *, by: User, at: datetime) -> Reason:
    Reason.objects.filter(pk=reason.pk).update(is_active=False)
    successor = _create(sheet, position=reason.position)
    _record(reason, f"Out of use: “{sheet.label}” takes its place", by=by, at=at)
    changes = "; ".join(_differences(before, sheet))
    _record(successor, f"In the place of “{before.label}”: {changes}", by=by, at=at)
    return successor


def _create(sheet: ReasonSheet, *, position: int) -> Reason:
    reason = Reason(key=_free_key(sheet.label), position=position)
    return _write(reason, sheet)


def _write(reason: Reason, sheet: ReasonSheet) -> Reason:
    reason.label, reason.leads_to = sheet.label, sheet.leads_to
    reason.cooldown_days, reason.note_required = sheet.cooldown_days, sheet.note_required
    reason.is_active = sheet.is_active
    reason.save()
    return reason


def _free_key(label: str) -> str:
    stem = slugify(label).replace("-", "_")[: KEY_LENGTH - 5] or "reason"
    taken = set(Reason.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return next(key for number in range(1, len(taken) + 2) if (key := _numbered(stem, number)) not in taken)


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}_{number}"


def _differences(before: ReasonSheet, after: ReasonSheet) -> list[str]:
    said = []
    if before.label != after.label:
        said.append(f"Name from “{before.label}” to “{after.label}”")
    if before.outcome != after.outcome:
        said.append(f"From {before.outcome.lower()} to {after.outcome.lower()}")
    if before.note_required != after.note_required:
        said.append("A note is required" if after.note_required else "A note is no longer required")
    if before.is_active != after.is_active:
        said.append("In use" if after.is_active else "Out of use")
    return said


def _record(reason: Reason, what: str, *, by: User, at: datetime) -> None:
    ReasonChange.objects.create(reason=reason, at=at, by=by, what=what[:500])
