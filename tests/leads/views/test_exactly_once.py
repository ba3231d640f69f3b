from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from leads.models import Handoff, HandoffDecision, Lead, Role, StageChange
from tests.factories import HandoffFactory, TeamFactory, UserFactory

PROCESSES = 8
HANDOFFS = 24


def database_url() -> str:
    """The address of the test database, for another process."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    return f"postgres://{parts['USER']}{password}@{parts['HOST']}{port}/{parts['NAME']}"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_handoffs_are_decided_once_each_by_processes_that_all_want_them():
    team = TeamFactory()
    reps = [UserFactory(username=f"rep{number}", role=Role.REP, team=team) for number in range(PROCESSES)]
    handoffs = [HandoffFactory(team=team).pk for _ in range(HANDOFFS)]
    connection.close()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
    }
    environment |= {"ENV_FILE": "", "ALLOWED_HOSTS": "testserver", "LOG_LEVEL": "ERROR"}
    start = str(time.time() + 6)

    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.leads.views.decider", rep.username, start, *map(str, handoffs)],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rep in reps
    ]
    outcomes = [process.communicate(timeout=120) for process in processes]

    for out, err in outcomes:
        assert "database is locked" not in err
        assert out, err
    answers = [(int(pk), status) for out, _ in outcomes for pk, status in json.loads(out).items()]
    assert Counter(status for _, status in answers) == {302: HANDOFFS, 409: HANDOFFS * (PROCESSES - 1)}
    assert {pk for pk, status in answers if status == 302} == set(handoffs)
    assert Counter(HandoffDecision.objects.values_list("handoff", flat=True)) == Counter(handoffs)
    moved = StageChange.objects.filter(from_stage="mql").values_list("lead", flat=True)
    assert Counter(moved) == Counter(Lead.objects.values_list("pk", flat=True))
    for handoff in Handoff.objects.select_related("lead"):
        expected = ("sql", handoff.decided_by_id) if handoff.state == "accepted" else ("recycled", None)
        assert (handoff.lead.stage, handoff.lead.owner_id) == expected
