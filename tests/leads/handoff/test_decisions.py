from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leads.handoff.decisions import (
    AlreadyDecided,
    NotYours,
    ReasonRefused,
    accept,
    demote,
    reject,
    withdraw,
)
from leads.handoff.undoing import undo
from leads.models import Handoff, HandoffDecision, Lead, Reason, Role, Stage, StageChange
from tests.factories import HandoffFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def reason(key: str) -> Reason:
    return Reason.objects.get(key=key)


def test_accept_makes_the_lead_an_sql_of_the_rep() -> None:
    alice = UserFactory(role=Role.REP)
    handoff = HandoffFactory()

    accept(handoff=handoff, by=alice, at=NOW)

    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.stage, lead.owner) == (Stage.SQL, alice)
    assert (handoff.state, handoff.decided_by, handoff.decided_at) == ("accepted", alice, NOW)
    assert handoff.first_touch_due_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    decision = HandoffDecision.objects.get(handoff=handoff)
    assert (decision.action, decision.by) == ("accept", alice)
    assert StageChange.objects.get(pk=decision.stage_change).to_stage == Stage.SQL


def test_what_was_decided_and_taken_back_in_the_same_moment_can_be_decided(monkeypatch) -> None:
    alice, bob = UserFactory(role=Role.REP), UserFactory(role=Role.REP)
    handoff = HandoffFactory()
    seen_by_bob = Handoff.objects.get(pk=handoff.pk)
    accept(handoff=handoff, by=alice, at=NOW)
    look_again = Handoff.refresh_from_db

    def refresh_after_undo(self: Handoff, **kwargs: object) -> None:
        monkeypatch.undo()
        undo(handoff=Handoff.objects.get(pk=handoff.pk), by=alice, at=NOW)
        look_again(self, **kwargs)

    monkeypatch.setattr(Handoff, "refresh_from_db", refresh_after_undo)
    accept(handoff=seen_by_bob, by=bob, at=NOW)

    assert Handoff.objects.get(pk=handoff.pk).decided_by == bob
    actions = HandoffDecision.objects.order_by("pk").values_list("by", "action")
    assert list(actions) == [(alice.pk, "accept"), (alice.pk, "undo"), (bob.pk, "accept")]


def test_a_second_decision_changes_nothing_and_says_who_was_first() -> None:
    alice, bob = UserFactory(role=Role.REP, username="alice"), UserFactory(role=Role.REP)
    handoff = HandoffFactory()
    seen_by_bob = Handoff.objects.get(pk=handoff.pk)
    accept(handoff=handoff, by=alice, at=NOW)

    with pytest.raises(AlreadyDecided, match="accepted by alice at 2026-03-02 10:00"):
        reject(handoff=seen_by_bob, reason=reason("spam"), by=bob, at=NOW)

    assert Lead.objects.get(pk=handoff.lead_id).stage == Stage.SQL
    assert HandoffDecision.objects.count() == 1


def test_reject_recycles_with_the_cooldown_of_the_reason() -> None:
    alice = UserFactory(role=Role.REP)
    handoff = HandoffFactory()

    change = reject(handoff=handoff, reason=reason("no_budget"), by=alice, at=NOW, note="next year")

    lead = Lead.objects.get(pk=handoff.lead_id)
    assert lead.stage == Stage.RECYCLED
    assert (lead.hold_until, lead.evidence_after) == (date(2026, 3, 2) + timedelta(days=180), NOW)
    assert (change.reason, change.note) == (reason("no_budget"), "next year")


def test_reject_disqualifies_where_the_reason_says_so() -> None:
    handoff = HandoffFactory()

    reject(handoff=handoff, reason=reason("competitor"), by=UserFactory(role=Role.REP), at=NOW)

    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.stage, lead.hold_until) == (Stage.DISQUALIFIED, None)


def test_reject_refuses_other_without_a_note_and_changes_nothing() -> None:
    handoff = HandoffFactory()

    with pytest.raises(ReasonRefused, match="“Other” needs a note"):
        reject(handoff=handoff, reason=reason("other"), by=UserFactory(role=Role.REP), at=NOW, note="  ")

    assert Handoff.objects.get(pk=handoff.pk).is_waiting


@pytest.mark.parametrize("role", [Role.MARKETER, Role.ADMINISTRATOR, None])
def test_only_sales_decides(role: Role | None) -> None:
    handoff = HandoffFactory()

    with pytest.raises(NotYours, match="your role decides none"):
        accept(handoff=handoff, by=UserFactory(role=role), at=NOW)


def test_a_rep_decides_what_is_theirs_or_shared_in_their_team() -> None:
    team, elsewhere = TeamFactory(), TeamFactory()
    alice, bob = UserFactory(role=Role.REP, team=team), UserFactory(role=Role.REP, team=team)
    charlie = UserFactory(role=Role.REP, team=elsewhere)
    mine = HandoffFactory(team=team, assignee=alice)
    shared = HandoffFactory(team=team)
    escalated = HandoffFactory(team=team, assignee=alice, decide_due_at=NOW)

    def decidable(user: object) -> set[Handoff]:
        return set(Handoff.objects.decidable_by(user, at=NOW))  # type: ignore[arg-type]

    assert decidable(alice) == {mine, shared, escalated}
    assert decidable(bob) == {shared, escalated}
    assert decidable(charlie) == set()


def test_a_manager_decides_for_their_team_and_without_one_for_all() -> None:
    team = TeamFactory()
    ours, theirs = HandoffFactory(team=team), HandoffFactory(team=TeamFactory())

    assert set(Handoff.objects.decidable_by(UserFactory(role=Role.MANAGER, team=team), at=NOW)) == {ours}
    assert set(Handoff.objects.decidable_by(UserFactory(role=Role.MANAGER), at=NOW)) == {ours, theirs}


def test_withdraw_returns_the_lead_on_hold() -> None:
    handoff = HandoffFactory()

    withdraw(handoff=handoff, by=UserFactory(role=Role.MARKETER), at=NOW, note="test data")

    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.stage, lead.hold_until) == (Stage.LEAD, date(2026, 4, 1))
    assert handoff.state == Handoff.State.WITHDRAWN


def test_demote_takes_back_only_waiting_unclaimed_offers_of_scoring() -> None:
    alice = UserFactory(role=Role.REP)
    plain = HandoffFactory()
    by_hand = HandoffFactory(origin=Handoff.Origin.HAND)
    claimed = HandoffFactory(claimed_by=alice, claimed_until=NOW + timedelta(minutes=5))
    decided = HandoffFactory()
    accept(handoff=decided, by=alice, at=NOW)

    count = demote(
        handoff_ids=[plain.pk, by_hand.pk, claimed.pk, decided.pk], at=NOW, run=3, note="fell below the line"
    )

    assert count == 1
    assert set(Handoff.objects.filter(state="withdrawn")) == {plain}
    assert Lead.objects.get(pk=plain.lead_id).stage == Stage.LEAD
    assert HandoffDecision.objects.get(handoff=plain).run == 3
