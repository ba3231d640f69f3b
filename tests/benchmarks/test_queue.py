"""The benchmark of the queue, on so few leads that it only shows that it still runs. Nothing is timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from leads.models import Handoff, HandoffDecision, User
from tests.benchmarks import queue, queueworld
from tests.benchmarks.queuerush import rush, web_server
from tests.benchmarks.queueside import PAGES, Side, sessions, violations

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
LEADS, WAITING = 700, 600
REPS, SECONDS = 4, 2


class InThisProcess:
    """A side that needs no process of its own."""

    def __init__(self) -> None:
        self._side = Side()

    def ask(self, **order: Any) -> Any:
        return self._side.obey(order)


@pytest.fixture
def loaded(transactional_db: None) -> None:
    queueworld.load(leads=LEADS, waiting=WAITING)


def test_benchmark_measures_every_screen_and_finds_no_double_decision(loaded: None, tmp_path: Path) -> None:
    sides = InThisProcess(), InThisProcess()  # two desks of everybody, at the same rows
    lines = queue.measure(*sides, username="rep0", repeats=1, rows=1, at_once=1)

    names = [line.name for line in lines]
    assert [name for name in names if name.endswith(", p95")] == [f"{name}, p95" for name in PAGES]
    assert {line.verdict for line in lines if line.name.endswith("queries more")} == {"met"}
    assert len(names) == 3 * len(PAGES) + 4
    assert not Handoff.objects.filter(state=Handoff.State.ACCEPTED).exists()

    with web_server(
        {"DATABASE_URL": _url(), "DEBUG": "true", "SECRET_KEY": settings.SECRET_KEY}, tmp_path
    ) as port:
        found = rush(port=port, signed_in=sessions(count=REPS), seconds=SECONDS)

    assert (found.errors, violations(accepted=found.standing())) == (0, [])
    assert found.decided > 0
    assert {line.verdict for line in found.lines(0)} == {"met", ""}
    _see_that_violations_are_found()


def _see_that_violations_are_found() -> None:
    """A second decision on one handoff, and an owner who is not who accepted it."""
    handoff = Handoff.objects.filter(state=Handoff.State.WAITING).first()
    assert handoff is not None
    by = User.objects.get(username="rep0")
    Handoff.objects.filter(pk=handoff.pk).update(
        state=Handoff.State.ACCEPTED, decided_by=by, decided_at=handoff.offered_at
    )
    for _ in range(2):
        HandoffDecision.objects.create(
            handoff=handoff, action=HandoffDecision.Action.ACCEPT, by=by, at=handoff.offered_at
        )
    words = " ".join(violations(accepted=[(handoff.pk, [by.pk, by.pk + 1])]))

    assert f"handoff {handoff.pk} is accepted with 2 standing decisions" in words
    assert f"lead {handoff.lead_id} was accepted by user {by.pk} and is owned by None" in words
    assert f"handoff {handoff.pk} was given to users [{by.pk}, {by.pk + 1}]" in words


def _url() -> str:
    """Of the database of the test, for another process."""
    given = connection.settings_dict
    return (
        f"postgres://{quote(given['USER'])}:{quote(given['PASSWORD'])}@{given['HOST']}:{given['PORT'] or 5432}"
        f"/{given['NAME']}"
    )
