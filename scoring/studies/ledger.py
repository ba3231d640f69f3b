"""The ledger of studies: who asked for what, who works on it, and how it ended.

As with runs, a message carries no more than "work on study N". A worker takes a study by a conditional
UPDATE and holds a lease on it, so that a killed worker, a lost message or a double delivery loses nothing
and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from leads.models import User
from leads.models.fields import day_of
from scoring.errors import ScoringError
from scoring.models import Rulebook, Study

# After a worker was killed, another one takes over no earlier than this. Each step renews it.
LEASE = timedelta(minutes=3)
MAX_ATTEMPTS = 3
# The tick hands out every minute what waits; after two of them nobody listens.
PATIENCE = timedelta(minutes=2)
State, Kind = Study.State, Study.Kind
ACTIVE = (State.PENDING, State.RUNNING)


class StudyEnded(ScoringError):
    """There is nothing left to cancel."""

    def __init__(self, study: Study) -> None:
        super().__init__(
            f"“{study.get_kind_display()}” has ended already: {study.get_state_display().lower()}."
            " Nothing was cancelled."
        )


@transaction.atomic
def request_study(
    *, kind: Study.Kind, book: Rulebook, asked: Mapping[str, Any], by: User, at: datetime
) -> Study:
    """Write a study of the rulebook as it is now into the ledger; it pins the revision and the day.

    Whoever asks for the same (kind, revision, day, `asked`) while it is active gets that one. An effect on
    all leads of an older revision is cancelled: nobody waits for it any more.
    Hand it out after the commit with scoring.tasks.hand_out.
    """
    # Two people may ask at once: the row of the rulebook lets one through after the other.
    book = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    active = Study.objects.filter(kind=kind, rulebook=book, state__in=ACTIVE)
    wanted = {"revision": book.revision, "day": day_of(at)}
    # Compared here: equality of JSON differs between the databases.
    for study in active.filter(**wanted).order_by("pk"):
        if study.asked == asked:
            return study
    if kind == Kind.EFFECT:
        _cancel(active.filter(revision__lt=book.revision), by=by, at=at)
    return Study.objects.create(
        kind=kind, rulebook=book, asked=dict(asked), requested_at=at, requested_by=by, **wanted
    )


def cancel(*, study: Study, by: User, at: datetime) -> None:
    """End the study; its worker stops at its next step. Raises StudyEnded."""
    # Its worker may end it at this moment: the row decides, not the page that was seen.
    cancelled = _cancel(Study.objects.filter(pk=study.pk, state__in=ACTIVE), by=by, at=at)
    study.refresh_from_db()
    if not cancelled:
        raise StudyEnded(study)


def _cancel(studies: QuerySet[Study], *, by: User, at: datetime) -> int:
    return studies.update(state=State.CANCELLED, ended_at=at, cancelled_at=at, cancelled_by=by)


# For workers ---------------------------------------------------------------------------------------------------------


def take(study_id: int, *, at: datetime) -> Study | None:
    """The study, ours by a lease; None if it has ended or another worker is on it."""
    _give_up(study_id, at)
    taken = (
        Study.objects.filter(_free(at), pk=study_id)
        .filter(attempts__lt=MAX_ATTEMPTS)
        .update(state=State.RUNNING, lease_token=uuid4(), leased_until=at + LEASE, attempts=F("attempts") + 1)
    )
    if not taken:
        return None
    Study.objects.filter(pk=study_id, started_at=None).update(started_at=at)
    return Study.objects.select_related("rulebook").get(pk=study_id)


def _free(at: datetime) -> Q:
    """Not begun, laid down by its worker, or left behind by one that has not been heard of for a lease."""
    return Q(state=State.PENDING) | Q(state=State.RUNNING, leased_until__lte=at)


def _give_up(study_id: int, at: datetime) -> None:
    Study.objects.filter(
        pk=study_id, state=State.RUNNING, leased_until__lte=at, attempts__gte=MAX_ATTEMPTS
    ).update(
        state=State.FAILED,
        ended_at=at,
        error=f"Begun {MAX_ATTEMPTS} times, and each time the worker disappeared. Ask for it again.",
    )


def ours(study_id: int, token: UUID | None) -> QuerySet[Study]:
    """The study, if it is still running and the lease is still ours: update it through this."""
    return Study.objects.filter(pk=study_id, state=State.RUNNING, lease_token=token)


def finish(study: Study, *, result: Mapping[str, Any], at: datetime) -> bool:
    """False if it was cancelled or taken over meanwhile: then nothing is written."""
    return bool(
        ours(study.pk, study.lease_token).update(
            state=State.DONE,
            ended_at=at,
            result=dict(result),
            kept=None,
            error="",
            steps_done=F("steps"),
            leased_until=None,
        )
    )


def fail(study: Study, *, error: str, at: datetime) -> None:
    ours(study.pk, study.lease_token).update(
        state=State.FAILED, ended_at=at, error=error[:2000], leased_until=None
    )


def lay_down(study: Study, *, at: datetime, error: str = "") -> None:
    """Let go of it for another worker, or for a later message, to take up."""
    ours(study.pk, study.lease_token).update(leased_until=at, error=error[:2000])


def studies_to_work_on(*, at: datetime) -> list[int]:
    """Active studies that nobody is on."""
    free = Study.objects.filter(_free(at), state__in=ACTIVE)
    return list(free.order_by("pk").values_list("pk", flat=True))
