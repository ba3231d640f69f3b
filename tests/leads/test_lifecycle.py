from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from leads.lifecycle import (
    MOVES,
    UNDOABLE,
    InvalidStageMove,
    Mover,
    begin_lifecycles,
    change_stage,
    change_stages,
    check_move,
    record_history,
    restart_lifecycles,
)
from leads.models import NOT_OFFERED, OFFERED, Lead, Stage, StageChange
from tests.factories import LeadFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(("start", "end", "mover"), list(product(Stage, Stage, Mover)))
def test_check_move_allows_what_the_table_says_and_nothing_else(
    start: Stage, end: Stage, mover: Mover
) -> None:
    allowed = (start, end) in UNDOABLE if mover is Mover.UNDO else mover in MOVES.get((start, end), ())

    if allowed:
        check_move(start=start, end=end, mover=mover)
    else:
        with pytest.raises(InvalidStageMove, match=f"from {start.label} to {end.label}"):
            check_move(start=start, end=end, mover=mover)


def test_change_stage_moves_the_lead_and_records_it() -> None:
    lead, by = LeadFactory(), UserFactory()

    change = change_stage(lead=lead, to=Stage.MQL, mover=Mover.MARKETER, at=NOW, by=by, note="asked for us")

    stored = Lead.objects.get(pk=lead.pk)
    assert (stored.stage, stored.stage_entered_at) == (Stage.MQL, NOW)
    assert (change.from_stage, change.to_stage, change.actor_user, change.note) == (
        "lead",
        "mql",
        by,
        "asked for us",
    )


def test_change_stage_refuses_a_move_from_a_stage_that_the_lead_has_left() -> None:
    lead = LeadFactory()
    stale = Lead.objects.get(pk=lead.pk)
    change_stage(lead=lead, to=Stage.DISQUALIFIED, mover=Mover.MARKETER, at=NOW)

    with pytest.raises(InvalidStageMove, match="is Disqualified by now, no longer Lead"):
        change_stage(lead=stale, to=Stage.MQL, mover=Mover.MARKETER, at=NOW)

    assert StageChange.objects.filter(lead=lead).count() == 2


def test_change_stage_keeps_the_order_within_one_tick_of_the_clock() -> None:
    lead = LeadFactory()
    change_stage(lead=lead, to=Stage.MQL, mover=Mover.SCORING, at=NOW)

    change_stage(lead=lead, to=Stage.LEAD, mover=Mover.SCORING, at=NOW)

    assert StageChange.objects.filter(lead=lead).in_order().last().to_stage == Stage.LEAD


def test_change_stages_moves_those_that_may_and_leaves_the_others() -> None:
    first, second, customer = (
        LeadFactory(),
        LeadFactory(stage=Stage.RECYCLED),
        LeadFactory(stage=Stage.CUSTOMER),
    )

    moved = change_stages(
        leads=[first, second, customer],
        to=Stage.MQL,
        mover=Mover.SCORING,
        at=NOW,
        run=7,
        totals={first.pk: (3, 61)},
    )

    assert moved == 2
    assert set(Lead.objects.in_stage(Stage.MQL)) == {first, second}
    change = StageChange.objects.in_order().filter(lead=first).last()
    assert (change.run, change.rulebook_version, change.total, change.occurred_at) == (7, 3, 61, NOW)


def test_change_stages_keeps_the_order_within_one_tick_of_the_clock() -> None:
    lead = LeadFactory(stage=Stage.MQL, stage_entered_at=NOW)

    change_stages(leads=[lead], to=Stage.LEAD, mover=Mover.SCORING, at=NOW)

    lead.refresh_from_db()
    assert lead.stage == Stage.LEAD
    assert StageChange.objects.filter(lead=lead).in_order().last().to_stage == Stage.LEAD


def test_begin_lifecycles_gives_each_lead_a_row_at_its_creation() -> None:
    lead = Lead.objects.create(email="a@b.example", created_at=NOW)

    begin_lifecycles(ids_sql="SELECT id FROM leads_lead WHERE id = %s", params=[lead.pk])

    change = StageChange.objects.get(lead=lead)
    assert (change.to_stage, change.occurred_at, change.day) == (Stage.LEAD, NOW, NOW.date())


def test_restart_lifecycles_moves_the_beginning_to_the_new_creation() -> None:
    lead = LeadFactory(created_at=NOW)
    earlier = NOW - timedelta(days=3)
    Lead.objects.filter(pk=lead.pk).update(created_at=earlier, created_day=earlier.date())

    restart_lifecycles(ids_sql="%s", params=[lead.pk])

    assert StageChange.objects.counted().get(lead=lead).occurred_at == earlier
    assert Lead.objects.get(pk=lead.pk).stage_entered_at == earlier


def test_record_history_derives_the_stage_from_the_order_whatever_the_order_of_writing() -> None:
    lead = LeadFactory()

    def change(to: Stage, day: int) -> StageChange:
        at = NOW + timedelta(days=day)
        return StageChange(
            lead=lead, to_stage=to, to_position=to.position, occurred_at=at, day=at.date(), imported=True
        )

    record_history(changes=[change(Stage.CUSTOMER, 9), change(Stage.MQL, 1), change(Stage.SQL, 9)])

    lead.refresh_from_db()
    assert (lead.stage, lead.stage_entered_at) == (Stage.CUSTOMER, NOW + timedelta(days=9))


def test_each_stage_is_offered_or_not_offered() -> None:
    assert sorted([*OFFERED, *NOT_OFFERED]) == sorted(Stage)
