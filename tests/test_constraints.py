"""Each named constraint refuses what it is there to refuse, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models.constraints import BaseConstraint

from leads.models import (
    Absence,
    AttributeKey,
    Campaign,
    CampaignCost,
    Company,
    Deal,
    FeedbackAnswer,
    Lead,
    LeadIdentifier,
    LeadScore,
    NextStep,
    Notification,
    NotificationPreference,
    Organisation,
    OwnerChange,
    Qualification,
    Reason,
    RepeatSignal,
    RotationDay,
    RotationShare,
    RoutingEdit,
    RoutingRules,
    SavedView,
    Snooze,
    StageChange,
    WorkingHours,
)
from reports.models import Cell, ExchangeRate, ScoreSnapshot, SeenValue
from scoring.models import (
    BacktestHandoff,
    DraftVisit,
    Rule,
    Rulebook,
    RulebookEvent,
    RuleGroup,
    ScoredRange,
    ScoringChunk,
    ScoringRun,
    Study,
)
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def constraints() -> dict[str, tuple[type[models.Model], BaseConstraint]]:
    return {
        constraint.name: (model, constraint)
        for app in ("leads", "scoring", "reports")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }


def scored_range(**fields: Any) -> None:
    given = {"first_lead": 1, "last_lead": 9, "valid_until": TODAY, "rulebook_version": 1, "day": TODAY}
    ScoredRange.objects.create(**{**given, **fields})


def twice(model: type[models.Model], **fields: Any) -> None:
    model._default_manager.create(**fields)
    model._default_manager.create(**fields)


def score(**fields: Any) -> None:
    given = {
        "fit": 1,
        "engagement": 1,
        "total": 2,
        "grade": "C3",
        "known_facts": 0,
        "asked_facts": 0,
        "rulebook_version": 1,
        "day": TODAY,
    }
    flags = {"qualified": False, "fast_tracked": False, "disqualified": False}
    LeadScore.objects.create(lead=LeadFactory(), **{**given, **flags, **fields})


def change(**fields: Any) -> None:
    given = {"to_stage": "mql", "to_position": 1, "occurred_at": NOW, "day": TODAY}
    StageChange.objects.create(lead=LeadFactory(), **{**given, **fields})


def cost(**fields: Any) -> None:
    given = {"source": "ads", "starts_on": TODAY, "ends_on": TODAY, "amount": 1, "currency": "EUR"}
    CampaignCost.objects.create(**{**given, **fields})


def rulebook(**fields: Any) -> Rulebook:
    given = {
        "name": "R",
        "mql_threshold": 60,
        "fit_a": 40,
        "fit_b": 20,
        "engagement_1": 50,
        "engagement_2": 20,
    }
    return Rulebook.objects.create(**{**given, **fields})


def published(number: int, **fields: Any) -> Rulebook:
    return rulebook(number=number, **{"state": "published", "published_at": NOW, **fields})


def rule(**fields: Any) -> Rule:
    book = fields.pop("rulebook", None) or rulebook()
    group, _ = RuleGroup.objects.get_or_create(rulebook=book, key="g", defaults={"dimension": "fit"})
    return Rule.objects.create(
        rulebook=book, group=group, **{"key": "r", "kind": "fit", "points": 5, **fields}
    )


def run(**fields: Any) -> ScoringRun:
    book = Rulebook.objects.filter(state="published").first() or published(1)
    return ScoringRun.objects.create(rulebook=book, **{"kind": "manual", "day": TODAY, **fields})


def chunk(**fields: Any) -> None:
    ScoringChunk.objects.create(run=run(), **{"first_lead": 1, "last_lead": 9, **fields})


def edit(**fields: Any) -> RulebookEvent:
    given = {"revision": 1, "kind": "edited", "what": "Points of Pricing: 20 to 10", "origin": "test"}
    return RulebookEvent.objects.create(**{**given, **fields})


def study(**fields: Any) -> Study:
    given = {"kind": "effect", "revision": 0, "day": TODAY}
    return Study.objects.create(rulebook=rulebook(), **{**given, **fields})


def backtested(**fields: Any) -> dict[str, Any]:
    return {"study": study(), "side": "draft", "lead": LeadFactory(), **fields}


def in_force(number: int, state: str = "in_force") -> None:
    RoutingRules.objects.create(number=number, state=state, in_force_at=NOW)


def two_rules_of_one_key() -> None:
    book = rulebook()
    rule(rulebook=book)
    rule(rulebook=book)


def two_chunks_of_one_range() -> None:
    twice(ScoringChunk, run=run(), first_lead=1, last_lead=9)


SIGNAL = {"at": NOW, "grade": "A1", "total": 9, "fast_tracked": False, "rulebook_version": 1}
HALF_SIGNED = {"signed_marketing_at": NOW}
BREAKERS: dict[str, Callable[[], Any]] = {
    "leads_user_email_unique": lambda: [UserFactory(email="a@b.c"), UserFactory(email="A@B.C")],
    "leads_user_routing_weight": lambda: UserFactory(routing_weight=1001),
    "leads_user_open_cap": lambda: UserFactory(open_cap=0),
    "leads_absence_begins_before_end": lambda: Absence.objects.create(
        user=UserFactory(), first_day=TODAY, last_day=date(2026, 3, 1)
    ),
    "leads_routingrules_one_draft": lambda: twice(RoutingRules),
    "leads_routingrules_one_in_force": lambda: [in_force(1), in_force(2)],
    "leads_routingrules_number_unique": lambda: [in_force(1), in_force(1, state="retired")],
    "leads_routingrules_number_when_in_force": lambda: RoutingRules.objects.create(number=1),
    "leads_routingrules_in_force_by_with_at": lambda: RoutingRules.objects.create(in_force_by=UserFactory()),
    "leads_routingedit_one_a_revision": lambda: twice(
        RoutingEdit,
        rules=RoutingRules.objects.create(),
        revision=1,
        by=UserFactory(),
        at=NOW,
        what="x",
        before={},
        after={},
    ),
    "leads_rotationshare_unique": lambda: twice(RotationShare, team=TeamFactory(), user=UserFactory()),
    "leads_rotationday_unique": lambda: twice(RotationDay, team=TeamFactory(), user=UserFactory(), day=TODAY),
    "leads_workinghours_opens_before_closing": lambda: WorkingHours.objects.create(
        team=TeamFactory(), weekday=0, opens_at=time(9), closes_at=time(9)
    ),
    "leads_workinghours_weekday_known": lambda: WorkingHours.objects.create(team=TeamFactory(), weekday=7),
    "leads_workinghours_unique": lambda: twice(WorkingHours, team=TeamFactory(), weekday=0),
    "leads_organisation_single": lambda: Organisation.objects.create(pk=2, time_zone="UTC"),
    "leads_organisation_nightly_hour": lambda: Organisation.objects.update(nightly_hour=24),
    "leads_organisation_review_months": lambda: Organisation.objects.update(review_months=0),
    "leads_company_domain_unique": lambda: twice(Company, name="A", domain="a.example"),
    "leads_company_name_unique": lambda: twice(Company, name="A", name_key="a"),
    "leads_company_employees_not_negative": lambda: Company.objects.create(name="A", employees=-1),
    "leads_campaigncost_starts_before_end": lambda: cost(ends_on=date(2026, 3, 1)),
    "leads_campaigncost_amount_not_negative": lambda: cost(amount=-1),
    "leads_campaigncost_campaign_or_source": lambda: cost(campaign=Campaign.objects.create(name="C")),
    "leads_lead_email_unique": lambda: [Lead.objects.create(email=email) for email in ("Ä@b.c", "ä@b.c")],
    "leads_lead_identified": lambda: Lead.objects.create(first_name="Nobody"),
    "leads_lead_stage_known": lambda: Lead.objects.filter(pk=LeadFactory().pk).update(stage="lost"),
    "leads_lead_employees_not_negative": lambda: LeadFactory(employees=-1),
    "leads_leadidentifier_unique": lambda: twice(
        LeadIdentifier, lead=LeadFactory(), kind="external_id", value="1"
    ),
    "leads_attributekey_unique": lambda: twice(AttributeKey, scope="lead", key="plan", label="Plan"),
    "leads_repeatsignal_one_open": lambda: twice(RepeatSignal, lead=LeadFactory(), **SIGNAL),
    "leads_repeatsignal_closed_by_with_at": lambda: RepeatSignal.objects.create(
        lead=LeadFactory(), is_dismissed=True, **SIGNAL
    ),
    "leads_feedbackanswer_to_one": lambda: FeedbackAnswer.objects.create(
        by=UserFactory(), at=NOW, text="Thanks"
    ),
    "leads_leadscore_total_is_sum": lambda: score(total=3),
    "leads_leadscore_grade_known": lambda: score(grade="D1"),
    "leads_leadscore_not_both": lambda: score(qualified=True, disqualified=True),
    "leads_leadscore_known_of_asked": lambda: score(known_facts=1),
    "leads_leadscore_valid_after_day": lambda: score(valid_until=TODAY),
    "leads_reason_cooldown_with_recycled": lambda: Reason.objects.create(key="x", leads_to="recycled"),
    "leads_stagechange_stages_known": lambda: change(from_stage="nowhere"),
    "leads_stagechange_position_of_stage": lambda: change(to_position=2),
    "leads_stagechange_moves": lambda: change(from_stage="mql"),
    "leads_handoff_one_waiting": lambda: HandoffFactory(lead=HandoffFactory().lead),
    "leads_handoff_decided_at_when_decided": lambda: HandoffFactory(state="accepted"),
    "leads_handoff_decided_by_with_at": lambda: HandoffFactory(decided_by=UserFactory()),
    "leads_handoff_reason_when_rejected": lambda: HandoffFactory(state="rejected", decided_at=NOW),
    "leads_handoff_claim_whole": lambda: HandoffFactory(claimed_by=UserFactory()),
    "leads_handoff_total_is_sum": lambda: HandoffFactory(total=1),
    "leads_handoff_evidence_of_scoring": lambda: HandoffFactory(rulebook_version=None),
    "leads_handoff_import_without_clock": lambda: HandoffFactory(origin="import", decide_due_at=NOW),
    "leads_ownerchange_of_one_thing": lambda: OwnerChange.objects.create(at=NOW, by=UserFactory()),
    "leads_qualification_answers_known": lambda: Qualification.objects.create(
        lead=LeadFactory(), need="maybe"
    ),
    "leads_savedview_name_unique": lambda: twice(
        SavedView, page="queue", name="Hot", query="show=all", owner=UserFactory()
    ),
    "leads_savedview_named": lambda: SavedView.objects.create(
        page="queue", name="", query="show=all", owner=UserFactory()
    ),
    "leads_snooze_unique": lambda: twice(
        Snooze,
        user=UserFactory(username="sleepy"),
        handoff=HandoffFactory(),
        created_at=NOW,
        until=datetime(2026, 3, 3, tzinfo=UTC),
    ),
    "leads_snooze_ends_later": lambda: Snooze.objects.create(
        user=UserFactory(), handoff=HandoffFactory(), created_at=NOW, until=NOW
    ),
    "leads_nextstep_one_open": lambda: twice(NextStep, lead=LeadFactory(), what="Call", due_on=TODAY),
    "leads_nextstep_done_by_with_at": lambda: NextStep.objects.create(
        lead=LeadFactory(), what="Call", due_on=TODAY, done_by=UserFactory()
    ),
    "leads_notification_once": lambda: twice(
        Notification, user=UserFactory(), kind="assigned", title="A", key="handoff:1"
    ),
    "leads_notification_mail_at_when_mailed": lambda: Notification.objects.create(
        user=UserFactory(), kind="assigned", title="A", mail_state="waiting"
    ),
    "leads_notificationpreference_unique": lambda: twice(
        NotificationPreference, user=UserFactory(), kind="assigned", in_app=True, email=True
    ),
    "leads_deal_closed_at_when_closed": lambda: Deal.objects.create(lead=LeadFactory(), state="won"),
    "leads_deal_amount_not_negative": lambda: Deal.objects.create(lead=LeadFactory(), amount=-1),
    "leads_deal_reason_only_when_lost": lambda: Deal.objects.create(
        lead=LeadFactory(), lost_reason=Reason.objects.get(key="other")
    ),
    "leads_deal_imported_once": lambda: twice(
        Deal, lead=LeadFactory(), imported=True, state="won", closed_at=NOW
    ),
    "scoring_rulebook_one_published": lambda: [published(1), published(2)],
    "scoring_rulebook_number_when_published": lambda: rulebook(number=1),
    "scoring_rulebook_published_by_with_at": lambda: rulebook(published_by=UserFactory()),
    "scoring_rulebook_marketing_signature_whole": lambda: rulebook(signed_marketing_at=NOW),
    "scoring_rulebook_sales_signature_whole": lambda: rulebook(signed_sales_by=UserFactory()),
    "scoring_rulebook_retired_at_when_retired": lambda: published(1, state="retired"),
    "scoring_rulebook_discarded_draft": lambda: published(1, discarded_at=NOW, discarded_by=UserFactory()),
    "scoring_rulebookevent_by_somebody": lambda: edit(rulebook=rulebook(), origin=""),
    "scoring_rulebookevent_one_edit_a_revision": lambda: twice(
        RulebookEvent, rulebook=rulebook(), revision=1, kind="edited", what="x", origin="test"
    ),
    "scoring_draftvisit_unique": lambda: twice(
        DraftVisit, rulebook=rulebook(), user=UserFactory(), seen_at=NOW
    ),
    "scoring_rulebookevent_reminded_once": lambda: twice(
        RulebookEvent,
        rulebook=rulebook(),
        revision=0,
        kind="reminded",
        path="2026-06-02",
        what="x",
        origin="test",
    ),
    "scoring_study_ended_at_when_ended": lambda: study(state="done", result={}),
    "scoring_study_cancelled_by_somebody": lambda: study(state="cancelled", ended_at=NOW),
    "scoring_study_result_when_done": lambda: study(state="done", ended_at=NOW),
    "scoring_backtesthandoff_judged_once": lambda: twice(
        BacktestHandoff, **backtested(kind="same", handoff=1, day=TODAY)
    ),
    "scoring_backtesthandoff_real_or_new": lambda: BacktestHandoff.objects.create(
        **backtested(kind="new", handoff=1, day=TODAY)
    ),
    "scoring_backtesthandoff_day_when_made": lambda: BacktestHandoff.objects.create(
        **backtested(kind="missed", handoff=1, day=TODAY)
    ),
    "scoring_rulebook_fit_grades": lambda: rulebook(fit_a=20),
    "scoring_rulebook_engagement_grades": lambda: rulebook(engagement_1=20),
    "scoring_rulebook_fit_bounds": lambda: rulebook(fit_min=1, fit_max=0),
    "scoring_rulebook_engagement_bounds": lambda: rulebook(engagement_min=1, engagement_max=0),
    "scoring_rulegroup_key_unique": lambda: twice(RuleGroup, rulebook=rulebook(), key="g", dimension="fit"),
    "scoring_rulegroup_bounds": lambda: RuleGroup.objects.create(
        rulebook=rulebook(), key="g", dimension="fit", min_points=1, max_points=0
    ),
    "scoring_rule_key_unique": two_rules_of_one_key,
    "scoring_rule_points_in_range": lambda: rule(points=0),
    "scoring_rule_max_points_positive": lambda: rule(max_points=0),
    "scoring_rule_decay_whole": lambda: rule(decay_kind="compound", decay_percent=5, decay_days=30),
    "scoring_rule_every_days_of_silence": lambda: rule(kind="silence"),
    "scoring_scoringrun_one_nightly_a_day": lambda: [run(kind="nightly"), run(kind="nightly")],
    "scoring_scoringrun_ended_at_when_ended": lambda: run(state="done"),
    "scoring_scoringrun_one_at_a_time": lambda: [run(), run()],
    "scoring_scoringrun_cancelled_by_somebody": lambda: run(
        state="cancelled", ended_at=NOW, cancelled_at=NOW
    ),
    "scoring_scoringchunk_once": two_chunks_of_one_range,
    "scoring_scoringchunk_range": lambda: chunk(last_lead=0),
    "scoring_scoredrange_range": lambda: scored_range(last_lead=0),
    "scoring_scoringchunk_lease_when_taken": lambda: chunk(state="taken"),
    "scoring_scoringchunk_done_at_when_done": lambda: chunk(state="done"),
    "reports_cell_counts_something": lambda: Cell.objects.create(
        measure=1, dimension=0, value="", day=TODAY, position=0, a=0, b=0, count=0
    ),
    "reports_seenvalue_unique": lambda: twice(SeenValue, dimension=1, value="webinar"),
    "reports_exchangerate_one_a_day": lambda: twice(ExchangeRate, currency="USD", day=TODAY, rate=1),
    "reports_exchangerate_above_zero": lambda: ExchangeRate.objects.create(currency="USD", day=TODAY, rate=0),
    "reports_scoresnapshot_unique": lambda: twice(ScoreSnapshot, day=TODAY, grade="A1", band=60, count=1),
}


def test_every_constraint_has_a_test_that_breaks_it() -> None:
    assert set(BREAKERS) == set(constraints())


@pytest.mark.parametrize("name", sorted(BREAKERS))
def test_constraint_refuses(name: str) -> None:
    model, constraint = constraints()[name]
    broken = name
    if isinstance(constraint, models.UniqueConstraint) and constraint.fields and not constraint.condition:
        broken = rf"{name}|UNIQUE constraint failed: {model._meta.db_table}"  # SQLite names the columns

    with pytest.raises(IntegrityError, match=rf"{broken}|UNIQUE constraint failed"), transaction.atomic():
        BREAKERS[name]()


@pytest.mark.parametrize("name", sorted(BREAKERS))
def test_constraint_is_named_by_its_model_and_speaks_in_words(name: str) -> None:
    model, constraint = constraints()[name]

    assert name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_")
    assert str(constraint.violation_error_message).endswith(".")
    assert name not in str(constraint.violation_error_message)
