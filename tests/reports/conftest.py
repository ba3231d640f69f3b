from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from leads.folding import fold
from leads.models import Campaign, Lead, Role, Stage, StageChange
from leads.models.fields import day_of
from reports.store.folding import fold as fold_in
from tests.factories import UserFactory

Moves = dict[str, str] | list[tuple[str, str]]


def instant(text: str) -> datetime:
    """ "2026-01-31" or "2026-01-31 23:59:59", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def a_lead(db) -> Callable[..., Lead]:
    return lead_maker()


def lead_maker() -> Callable[..., Lead]:
    """Makes a lead with its history: created (and first entered `lead`) then, and moved as said."""
    numbers = count(1)

    def make(created: str, moves: Moves = (), *, undone: Moves = (), imported: bool = False, **facts) -> Lead:
        number = next(numbers)
        if campaign := facts.get("campaign"):
            facts["campaign"] = Campaign.objects.get_or_create(
                name_folded=fold(campaign), defaults={"name": campaign}
            )[0]
        lead = Lead.objects.create(
            external_id=f"lead-{number}", first_name=f"Lead {number}", created_at=instant(created), **facts
        )
        rows = [("lead", created, False)]
        rows += [(stage, at, False) for stage, at in (moves.items() if isinstance(moves, dict) else moves)]
        rows += [(stage, at, True) for stage, at in (undone.items() if isinstance(undone, dict) else undone)]
        StageChange.objects.bulk_create(
            StageChange(
                lead=lead,
                to_stage=stage,
                to_position=Stage(stage).position,
                occurred_at=instant(at),
                day=day_of(instant(at)),
                undone=is_undone,
                imported=imported,
            )
            for stage, at, is_undone in rows
        )
        return lead

    return make


@pytest.fixture(autouse=True)
def nothing_kept():
    """What is kept until the next fold belongs to another database."""
    cache.clear()


@pytest.fixture
def in_november() -> Iterator[None]:
    """Of 2026, whatever the day is: as of its end, a report knows all that is so by then, and what is still open."""
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def refresh(db) -> Callable[[], None]:
    """Brings what reports read up to date with the leads, as a worker does each minute."""
    return fold_in


@pytest.fixture
def signed_in(client, db):
    """A client whose user may read reports: anybody who is signed in."""
    client.force_login(UserFactory())
    return client


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The world of tests.reports.world, for a whole module, on its own day."""
    from tests.reports.world import NOW, make_world

    with django_db_blocker.unblock(), transaction.atomic(), time_machine.travel(NOW, tick=False):
        make_world()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def reader(world, db) -> Client:
    """Signed in, in that world."""
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))
    return client


@pytest.fixture
def eight_leads(a_lead) -> dict[str, Lead]:
    """Seven leads of January 2026 and one of December, each with another story.

    |   | created | source    | moves                                                            |
    |---|---------|-----------|------------------------------------------------------------------|
    | a | 2 Jan   | Webinar   | mql 5 Jan, sql 6 Jan, opportunity 20 Jan, customer 10 Feb        |
    | b | 3 Jan   | Webinar   | mql 7 Jan, recycled 8 Jan, mql 20 Feb, sql 21 Feb (came back)    |
    | c | 4 Jan   | (blank)   | customer 9 Jan (skipped mql, sql and opportunity)                |
    | d | 5 Jan   | unknown   | mql 30 Jan (still waiting)                                       |
    | e | 6 Jan   | unknown   | none                                                             |
    | f | 31 Jan  | WEBINAR   | mql 31 Jan 23:59:59, lead 1 Feb 00:00:00 (withdrawn)             |
    | g | 8 Jan   | Webinar   | mql 9 Jan; sql 10 Jan undone; disqualified 11 Jan                |
    | h | 20 Dec  | Event     | mql 2 Jan, sql 3 Jan                                             |
    """
    return {
        "a": a_lead(
            "2026-01-02",
            {"mql": "2026-01-05", "sql": "2026-01-06", "opportunity": "2026-01-20", "customer": "2026-02-10"},
            source="Webinar",
            country="DE",
            campaign="Webinar January",
        ),
        "b": a_lead(
            "2026-01-03",
            [("mql", "2026-01-07"), ("recycled", "2026-01-08"), ("mql", "2026-02-20"), ("sql", "2026-02-21")],
            source="Webinar",
            country="FR",
        ),
        "c": a_lead("2026-01-04", {"customer": "2026-01-09"}),
        "d": a_lead("2026-01-05", {"mql": "2026-01-30"}, source="unknown", country="DE"),
        "e": a_lead("2026-01-06", source="unknown"),
        "f": a_lead("2026-01-31", [("mql", "2026-01-31 23:59:59"), ("lead", "2026-02-01")], source="WEBINAR"),
        "g": a_lead(
            "2026-01-08",
            {"mql": "2026-01-09", "disqualified": "2026-01-11"},
            undone=[("sql", "2026-01-10"), ("mql", "2026-01-10")],
            source="Webinar",
        ),
        "h": a_lead("2025-12-20", {"mql": "2026-01-02", "sql": "2026-01-03"}, source="Event"),
    }
