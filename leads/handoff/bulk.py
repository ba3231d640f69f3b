"""A selection of handoffs decided, or taken back, in one act: each on its own, and the answer says what became of each.

There is no transaction around them: whoever else decides one of them meanwhile waits for that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.errors import LeadError
from leads.handoff.decisions import accept, check_reason, reject
from leads.handoff.reassigning import MOST_AT_ONCE, Answer, Recipient, TooMany, reassign_each
from leads.handoff.undoing import undo
from leads.models import Handoff, Reason, User


@dataclass(frozen=True)
class BulkAnswer:
    """`done` and `refused` are what happened, in the order of the selection; `undoable` what one act takes back."""

    what: str  # "accepted"
    answers: Sequence[Answer]
    undoable: Sequence[int] = ()

    @property
    def done(self) -> int:
        return sum(answer.is_done for answer in self.answers)

    @property
    def refused(self) -> Sequence[Answer]:
        return [answer for answer in self.answers if not answer.is_done]


def accept_each(*, handoff_ids: Sequence[int], by: User, at: datetime) -> BulkAnswer:
    """Raises TooMany; all else is an answer about one of them."""

    def act(handoff: Handoff) -> str:
        accept(handoff=handoff, by=by, at=at)
        return f"{handoff.lead} is yours now."

    return _decided("accepted", _each(handoff_ids, act))


def reject_each(
    *, handoff_ids: Sequence[int], reason: Reason, by: User, at: datetime, note: str = ""
) -> BulkAnswer:
    """All for one reason, with one note. Raises TooMany, ReasonRefused; all else is an answer about one of them."""
    check_reason(reason, note)

    def act(handoff: Handoff) -> str:
        reject(handoff=handoff, reason=reason, by=by, at=at, note=note)
        return f"{handoff.lead} was rejected: {reason}."

    return _decided("rejected", _each(handoff_ids, act))


def undo_each(*, handoff_ids: Sequence[int], by: User, at: datetime) -> BulkAnswer:
    """As far as each can be taken back (leads.handoff.undoing). Raises TooMany."""

    def act(handoff: Handoff) -> str:
        undo(handoff=handoff, by=by, at=at)
        return f"{handoff.lead} waits again."

    return BulkAnswer("taken back", _each(handoff_ids, act))


def give_each(*, handoff_ids: Sequence[int], to: Recipient, by: User, at: datetime) -> BulkAnswer:
    """Raises NotYours (no manager), RecipientRefused, TooMany."""
    return BulkAnswer("reassigned", reassign_each(handoff_ids=handoff_ids, to=to, by=by, at=at))


def _decided(what: str, answers: Sequence[Answer]) -> BulkAnswer:
    undoable = [one.what.pk for one in answers if one.is_done and one.what is not None]
    return BulkAnswer(what, answers, undoable)


def _each(handoff_ids: Sequence[int], act: Callable[[Handoff], str]) -> list[Answer]:
    ids = list(dict.fromkeys(handoff_ids))
    if len(ids) > MOST_AT_ONCE:
        raise TooMany(
            f"At most {MOST_AT_ONCE} leads are decided at once; you chose {len(ids):,}. Nothing was changed."
        )
    found = Handoff.objects.select_related("lead", "team").in_bulk(ids)
    return [_answer(found.get(pk), act) for pk in ids]


def _answer(handoff: Handoff | None, act: Callable[[Handoff], str]) -> Answer:
    if handoff is None:
        return Answer(None, is_done=False, words="One of them is no longer there.")
    try:
        return Answer(handoff, is_done=True, words=act(handoff))
    except LeadError as refusal:
        return Answer(handoff, is_done=False, words=str(refusal))
