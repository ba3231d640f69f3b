from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from django.conf import settings
from django.db import connection

from leads.models import Handoff, HandoffAssignment, Organisation, RotationDay
from leads.routing.turns import LEAD
from tests.factories import LeadFactory, TeamFactory
from tests.leads.routing.conftest import put_in_force, reps, rule
from tests.leads.views.test_exactly_once import database_url

PROCESSES, LEADS, CAP = 4, 70, 6


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_processes_that_offer_at_once_share_out_each_lead_once_and_by_weight() -> None:
    team = TeamFactory()
    Organisation.objects.update(default_team=team)
    [ann, bob] = reps(team, ["ann", "bob"])
    [half] = reps(team, ["half"], routing_weight=50)
    [capped] = reps(team, ["capped"], open_cap=CAP)
    put_in_force(rule("All", team=team))
    leads = [LeadFactory().pk for _ in range(LEADS)]
    connection.close()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
        "ENV_FILE": "",
        "LOG_LEVEL": "ERROR",
    }

    processes = []
    for number in range(PROCESSES):
        Random(number).shuffle(leads)  # each offers all of them, in another order
        command = [sys.executable, "-m", "tests.leads.routing.offerer", *map(str, leads)]
        processes.append(
            subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * PROCESSES
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    outcomes = [process.communicate(timeout=120) for process in processes]

    for out, err in outcomes:
        assert out and not err, err
    assert sum(int(out) for out, _ in outcomes) == LEADS
    assert Handoff.objects.count() == HandoffAssignment.objects.count() == LEADS
    got = Counter(Handoff.objects.values_list("assignee", flat=True))
    assert got[capped.pk] == CAP
    # What the cap left over, ann, bob and half share 2 : 2 : 1.
    days = {day.user_id: day for day in RotationDay.objects.all()}
    for user in (ann, bob, half, capped):
        assert got[user.pk] == days[user.pk].given
        assert abs(got[user.pk] - days[user.pk].expected / LEAD) <= 1.5
    assert abs(got[ann.pk] - got[bob.pk]) <= 1
    assert sum(got.values()) == LEADS
