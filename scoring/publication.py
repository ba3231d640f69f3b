"""Publication with what follows from it: a full rescore, in the ledger before anybody is told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook, ScoringRun
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.versions import publish
from scoring.runs import request_run


@transaction.atomic
def publish_signed(*, book: Rulebook, revision: int, note: str, by: User, at: datetime) -> ScoringRun:
    """Publish the revision that both sides have signed, and ask for the rescore. Raises as `publish` does."""
    if not can_edit_rulebooks(by):
        raise ScoringError("Marketers publish a rulebook, once both sides have signed it.")
    publish(book=book, note=note, at=at, by=by, revision=revision)
    return request_run(kind=ScoringRun.Kind.PUBLISH, at=at, by=by)


@transaction.atomic
def publish_unsigned(*, book: Rulebook, note: str, at: datetime, origin: str) -> ScoringRun:
    """The operator's override on the server: publishes whatever the signatures, and is recorded as such."""
    publish(book=book, note=note, at=at, origin=origin)
    return request_run(kind=ScoringRun.Kind.PUBLISH, at=at)
