from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from leads.handoff.evidence import Evidence
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, HandoffDecision, Lead, Organisation, Role, Stage, StageChange
from tests.factories import LeadFactory, TeamFactory, UserFactory

HANDOFFS = 200
Action = HandoffDecision.Action


def database_url() -> str:
    """The address of the test database, for another process."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    return f"postgres://{parts['USER']}{password}@{parts['HOST']}{port}/{parts['NAME']}"


def offered() -> list[int]:
    """Ids of handoffs that wait, offered by scoring half an hour ago."""
    leads = [LeadFactory(first_name=f"Lead{number}", last_name="") for number in range(HANDOFFS)]
    evidence = Evidence(
        fit=40,
        engagement=30,
        grade="A2",
        fast_tracked=False,
        rulebook_version=1,
        known_facts=3,
        asked_facts=4,
        contributions=[],
    )
    occasion = Occasion(origin=Handoff.Origin.SCORING, at=timezone.now() - timedelta(minutes=30), run=1)
    return [one.pk for one in offer_leads(evidence={lead.pk: evidence for lead in leads}, occasion=occasion)]


def decide(plans: list[dict[str, Any]]) -> list[dict[str, int]]:
    """What each process of the plan was answered."""
    connection.close()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
        "ENV_FILE": "",
        "ALLOWED_HOSTS": "testserver",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.leads.views.decider"],
        cwd=settings.BASE_DIR,
        env=environment,
        input=json.dumps(plans),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    answers: list[dict[str, int]] = json.loads(done.stdout)
    return answers


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_lead_is_decided_once_whoever_wants_it_at_the_same_moment():
    team = TeamFactory()
    Organisation.objects.update(default_team=team)
    reps = [UserFactory(username=f"rep{number}", role=Role.REP, team=team) for number in range(8)]
    UserFactory(username="mary", role=Role.MARKETER)
    handoffs, chance = offered(), random.Random(0)
    # One of the reps does the same in two tabs.
    kinds = ["tab", "tab", *["rep"] * 6, "bulk", "marketer", "scoring"]
    names = ["rep0", *(rep.username for rep in reps), "mary", ""]
    wanted = dict(zip(("tab", "rep", "bulk", "marketer", "scoring"), (20, 60, 60, 50, 80), strict=True))
    plans = [
        {"kind": kind, "user": name, "seed": name, "handoffs": chance.sample(handoffs, wanted[kind])}
        for kind, name in zip(kinds, names, strict=True)
    ]
    plans[0]["handoffs"] = list(plans[1]["handoffs"])

    answers = decide(plans)

    check_answers(plans, answers)
    ledger: dict[int, list[HandoffDecision]] = {pk: [] for pk in handoffs}
    for decision in HandoffDecision.objects.select_related("reason").order_by("pk"):
        ledger[decision.handoff_id].append(decision)
    for handoff in Handoff.objects.select_related("lead", "reason"):
        check_handoff(handoff, ledger[handoff.pk])


def check_answers(plans: list[dict[str, Any]], answers: list[dict[str, int]]) -> None:
    """What somebody was told to have done stands in the ledger, and nothing else; all others were told who had."""
    told: Counter[tuple[str, str]] = Counter()
    for plan, answer in zip(plans, answers, strict=True):
        told.update({(plan["user"], what): count for what, count in answer.items()})
    late = sum(told.pop(key) for key in list(told) if key[1] == "late")
    rows = HandoffDecision.objects.values_list("by__username", "action")
    assert Counter((username or "", action) for username, action in rows) == +told
    assert {action for _, action in told} == {*Action.values}
    assert late > HANDOFFS / 2


def check_handoff(handoff: Handoff, ledger: list[HandoffDecision]) -> None:
    """State, owner, hold, stage and its history are those that the ledger leads to."""
    standing = None
    for decision in ledger:
        if decision.action == Action.UNDO:
            assert standing is not None and standing.action in (Action.ACCEPT, Action.REJECT)
            assert decision.by_id == standing.by_id
            standing = None
        else:
            assert standing is None
            standing = decision
    lead: Lead = handoff.lead
    history = list(
        StageChange.objects.counted().filter(lead=lead).in_order().values_list("to_stage", flat=True)
    )
    assert history == ["lead", "mql"] + ([lead.stage] if standing else [])
    undone = StageChange.objects.filter(lead=lead, undone=True).count()
    assert undone == 2 * sum(decision.action == Action.UNDO for decision in ledger)
    state, stage, owner, is_held = expected(standing)
    assert (handoff.state, handoff.decided_by_id) == (state, standing.by_id if standing else None)
    assert (lead.stage, lead.owner_id, lead.hold_until is not None) == (stage, owner, is_held)


def expected(standing: HandoffDecision | None) -> tuple[str, str, int | None, bool]:
    """State, stage, owner, and whether it is on hold."""
    if standing is None:
        return "waiting", Stage.MQL, None, False
    if standing.action == Action.ACCEPT:
        return "accepted", Stage.SQL, standing.by_id, False
    if standing.action == Action.REJECT:
        return "rejected", Stage.RECYCLED, None, True
    return "withdrawn", Stage.LEAD, None, standing.by_id is not None
