from __future__ import annotations

from datetime import date

import pytest

from leads.models import NextStep, Qualification, Role, Touch
from leads.selling.rights import NotYourLead
from leads.selling.sheet import work_sheet
from leads.selling.steps import BadStep, answer, finish_step, log_touch, plan_step
from tests.factories import UserFactory
from tests.leads.selling.conftest import NOW, later

TUESDAY = date(2026, 3, 3)


def plan(lead, by, what="Call", due_on=TUESDAY):
    return plan_step(lead=lead, what=what, due_on=due_on, by=by, at=NOW)


def test_a_touch_stops_the_first_touch_clock(lead, alice):
    assert work_sheet(lead=lead, user=alice).first_touch_due_at is not None

    log_touch(lead=lead, kind=Touch.Kind.CALL, note=" left a message ", by=alice, at=NOW)

    assert work_sheet(lead=lead, user=alice).first_touch_due_at is None
    assert Touch.objects.get().note == "left a message"


def test_a_note_to_oneself_stops_no_clock_and_needs_text(lead, alice):
    log_touch(lead=lead, kind=Touch.Kind.NOTE, note="looks good", by=alice, at=NOW)

    assert work_sheet(lead=lead, user=alice).first_touch_due_at is not None
    with pytest.raises(BadStep, match="A note needs some text"):
        log_touch(lead=lead, kind=Touch.Kind.NOTE, note=" ", by=alice, at=NOW)


def test_a_lead_has_one_next_step_which_is_changed_and_done(lead, alice):
    plan(lead, alice, what="Call")
    plan(lead, alice, what="Send offer")

    assert [step.what for step in NextStep.objects.all()] == ["Send offer"]
    assert finish_step(lead=lead, by=alice, at=later())
    assert not finish_step(lead=lead, by=alice, at=later())

    plan(lead, alice, what="Call again")
    assert NextStep.objects.count() == 2


def test_a_step_says_what_is_to_be_done(lead, alice):
    with pytest.raises(BadStep, match="Say what is to be done next"):
        plan(lead, alice, what="  ")


def test_the_checklist_is_kept(lead, alice):
    yes, no = Qualification.Answer.YES, Qualification.Answer.NO

    answer(lead=lead, answers={"need": yes, "budget": no}, note="asks in May", by=alice)

    sheet = work_sheet(lead=lead, user=alice)
    assert [question.answer for question in sheet.questions] == ["yes", "no", "unknown", "unknown"]
    assert sheet.note == "asks in May"


def test_a_stranger_changes_nothing(lead):
    bob = UserFactory(role=Role.REP)

    for act in (
        lambda: log_touch(lead=lead, kind=Touch.Kind.CALL, note="", by=bob, at=NOW),
        lambda: plan(lead, bob),
        lambda: finish_step(lead=lead, by=bob, at=NOW),
        lambda: answer(lead=lead, answers={}, note="x", by=bob),
    ):
        with pytest.raises(NotYourLead):
            act()

    assert not Touch.objects.exists()
    assert not NextStep.objects.exists()
    assert not work_sheet(lead=lead, user=bob).can_work
