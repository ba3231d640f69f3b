from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import pytest

from leads.folding import fold
from leads.models import Campaign, Lead, Stage, StageChange
from leads.models.fields import day_of

Moves = dict[str, str] | list[tuple[str, str]]


def instant(text: str) -> datetime:
    """ "2026-01-31" or "2026-01-31 23:59:59", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def a_lead(db) -> Callable[..., Lead]:
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
