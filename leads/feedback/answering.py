"""Marketing answers what sales said: one answer to one thing or to many at once. Answers are added, never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from leads.errors import LeadError
from leads.feedback.reading import Key
from leads.models import Deal, FeedbackAnswer, Lead, Notification, StageChange, User
from leads.notifications.telling import Message, line, notify_each
from leads.permissions import can_answer_feedback

# More at once is rather a meeting than an answer.
MOST_AT_ONCE = 200
MOST_LINES = 20


class AnswerRefused(LeadError):
    """The answer lacks something, or is to nothing."""


class NotAnswerer(LeadError):
    """The user reads feedback and answers none."""


@dataclass(frozen=True)
class About:
    """The rulebook that an answer points to: its id, its number where it is published, and its name."""

    pk: int
    version: int | None
    name: str


@transaction.atomic
def answer_feedback(
    *, keys: Sequence[Key], text: str, about: About | None, by: User, at: datetime
) -> Sequence[FeedbackAnswer]:
    """Answer each of them. Who presses twice answers once: the same words of the same person are not repeated.

    Raises NotAnswerer, AnswerRefused.
    """
    if not can_answer_feedback(by):
        raise NotAnswerer("Feedback of sales is answered by marketers.")
    text = text.strip()
    if not text:
        raise AnswerRefused("Write an answer first.")
    if not keys:
        raise AnswerRefused("Choose what you answer: nothing was selected.")
    if len(keys) > MOST_AT_ONCE:
        raise AnswerRefused(f"At most {MOST_AT_ONCE} can be answered at once; narrow the filters.")
    moves, deals = _locked(keys)
    same = FeedbackAnswer.objects.filter(text=text, by=by)
    said = set(same.filter(stage_change__in=moves).values_list("stage_change", flat=True))
    said_of_deals = set(same.filter(deal__in=deals).values_list("deal", flat=True))
    common = {"by": by, "at": at, "text": text, **_about_fields(about)}
    answers = FeedbackAnswer.objects.bulk_create(
        [
            *(FeedbackAnswer(stage_change=move, **common) for move in moves if move.pk not in said),
            *(FeedbackAnswer(deal=deal, **common) for deal in deals if deal.pk not in said_of_deals),
        ]
    )
    _tell(answers, text, by=by, at=at)
    return answers


def _about_fields(about: About | None) -> dict[str, Any]:
    if about is None:
        return {}
    return {"rulebook": about.pk, "rulebook_version": about.version, "rulebook_name": about.name[:200]}


def _locked(keys: Sequence[Key]) -> tuple[list[StageChange], list[Deal]]:
    """The moves and the deals, locked in order so that two presses come one after the other."""
    moves = StageChange.objects.filter(pk__in=[key.pk for key in keys if not key.is_deal])
    moves = moves.filter(reason__isnull=False, undone=False).select_related("lead", "actor_user")
    deals = Deal.objects.filter(pk__in=[key.pk for key in keys if key.is_deal], state=Deal.State.LOST)
    deals = deals.select_related("lead", "owner")
    found_moves = list(moves.select_for_update(of=("self",), no_key=True).order_by("pk"))
    found_deals = list(deals.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if len(found_moves) + len(found_deals) != len(set(keys)):
        raise AnswerRefused("Some of these are gone: a decision was undone meanwhile. Nothing was answered.")
    return found_moves, found_deals


def _tell(answers: Sequence[FeedbackAnswer], text: str, *, by: User, at: datetime) -> None:
    """Each seller once, however many of their leads are answered."""
    of_seller: dict[User, list[tuple[FeedbackAnswer, Lead]]] = defaultdict(list)
    for answer in answers:
        said = answer.stage_change or answer.deal
        assert said is not None  # an answer is to one of them
        seller = said.owner if isinstance(said, Deal) else said.actor_user
        if seller is not None:
            of_seller[seller].append((answer, said.lead))
    notify_each(messages=[(seller, _message(found, text, by)) for seller, found in of_seller.items()], at=at)


def _message(found: Sequence[tuple[FeedbackAnswer, Lead]], text: str, by: User) -> Message:
    (answer, first), more = found[0], len(found) - 1
    others = f" and {more} more" if more else ""
    lines = [line(str(lead), reverse("leads:detail", args=[lead.pk])) for _, lead in found[:MOST_LINES]]
    return Message(
        kind=Notification.Kind.ANSWER,
        title=f"{by} answered on {first}{others}: {text}",
        lines=lines if more else (),
        link=reverse("leads:detail", args=[first.pk]),
        key=f"answer:{answer.pk}",
    )
