from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leads.models import Handoff, HandoffDecision, Lead, Reason, Role, Stage, User
from scoring.backtest.asked import Asked
from scoring.models import BacktestHandoff, Rulebook, Study
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.studies.ledger import request_study
from scoring.studies.working import work_on
from tests.factories import ActivityFactory, HandoffFactory, LeadFactory, UserFactory, change_of
from tests.scoring.conftest import document

# All that happens here happens in March 2026; the backtest is asked for on 1 April.
ASKED_AT = datetime(2026, 4, 1, 12, tzinfo=UTC)
MARCH = Asked(date(2026, 3, 1), date(2026, 3, 31))


def at(day: int, hour: int = 12) -> datetime:
    """A day of March; 0 and less are of February."""
    return datetime(2026, 3, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)


def lead_of(created: int = -60, **facts: Any) -> Lead:
    return LeadFactory(created_at=at(created), **facts)


def views(lead: Lead, *days: int, known: int | None = None, hour: int = 12, code: str = "page_view") -> None:
    """An activity on each day; known at once, or only on a later day."""
    for day in days:
        known_at = at(day, hour) if known is None else at(known, hour)
        ActivityFactory(lead=lead, code=code, occurred_at=at(day, hour), known_at=known_at)


def handed_over(
    lead: Lead,
    day: int,
    decided: int | None = None,
    state: str = "accepted",
    reason: str = "",
    *,
    hour: int = 12,
    **fields: Any,
) -> Handoff:
    """What the program leaves behind: the handoff, and the moves of the lead."""
    offered_at = at(day, hour)
    handoff = HandoffFactory(lead=lead, offered_at=offered_at, **fields)
    change_of(lead, Stage.MQL, at=offered_at, from_stage="lead")
    if decided is None:
        return handoff
    why = Reason.objects.get(key=reason) if reason else None
    to = {"accepted": Stage.SQL, "withdrawn": Stage.LEAD}.get(state) or Stage(why.leads_to)  # type: ignore[union-attr]
    decided_at = at(decided, hour) + timedelta(hours=1)
    Handoff.objects.filter(pk=handoff.pk).update(state=state, decided_at=decided_at, reason=why)
    change = change_of(lead, to, at=decided_at, from_stage="mql", reason=why)
    action = {"accepted": "accept", "withdrawn": "withdraw"}.get(state, "reject")
    HandoffDecision.objects.create(
        handoff=handoff, action=action, at=decided_at, reason=why, stage_change=change.pk
    )
    handoff.refresh_from_db()
    return handoff


Run = Callable[..., Study]


@pytest.fixture
def marketer(db: None) -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


def draft_of(*rules: dict[str, Any], **mql: Any) -> Rulebook:
    return save_draft(form=read_form(document(*rules, **mql), vocabulary()), by=None)


def backtest_of(book: Rulebook, by: User, asked: Asked = MARCH, when: datetime = ASKED_AT) -> Study:
    """A backtest of this rulebook over March, or as told."""
    study = request_study(kind=Study.Kind.BACKTEST, book=book, asked=asked.as_json(), by=by, at=when)
    work_on(study.pk, clock=lambda: when)
    study.refresh_from_db()
    assert study.state == Study.State.DONE, study.error
    return study


@pytest.fixture
def run(marketer: User) -> Run:
    def run(book: Rulebook, asked: Asked = MARCH, when: datetime = ASKED_AT) -> Study:
        return backtest_of(book, marketer, asked, when)

    return run


def lines(study: Study, side: str = "draft") -> list[tuple[Any, ...]]:
    """(lead, kind, day of March or None) of each line, in the order of leads."""
    rows = BacktestHandoff.objects.filter(study=study, side=side).order_by("lead", "pk")
    return [(row.lead_id, row.kind, march(row.day)) for row in rows]


def march(day: date | None) -> int | None:
    return None if day is None else (day - date(2026, 2, 28)).days
