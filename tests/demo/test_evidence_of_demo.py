"""On the demo data, evidence and weights find the rule that the demo's sales team ignores: downloads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leadfunnel.demo.seeding import seed
from leads.models import User
from scoring.evidence.asking import Asked
from scoring.evidence.counting import tally
from scoring.evidence.verdicts import Verdict, findings_of
from scoring.models import Study
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.rows import form_of
from scoring.rulebook.versions import published
from scoring.studies.ledger import request_study
from scoring.studies.working import work_on
from scoring.weights.asked import Wanted
from tests.demo.conftest import TODAY, plan

YEAR = timedelta(days=364)


@pytest.mark.slow
def test_evidence_suggests_the_rule_that_sales_ignores_and_weights_lower_it(db):
    seed(plan(1500))
    book, marketer = published(), User.objects.get(username="marketer")

    found = findings_of(form_of(book), tally(Asked(book, TODAY - YEAR, TODAY, 365)))

    assert found.tally.total.decided >= 100 and found.tally.total.accepted >= 20
    assert [suggestion.line.key for suggestion in found.suggestions] == ["content"]
    assert {"pricing", "demo"} <= {line.key for line in found.rules if line.verdict == Verdict.EARNS}

    draft = create_draft(by=marketer, at=timezone.now(), copy_of=book)
    wanted = Wanted(TODAY - YEAR, TODAY, low=1, high=40)
    study = request_study(
        kind=Study.Kind.WEIGHTS, book=draft, asked=wanted.to_json(), by=marketer, at=draft.created_at
    )
    work_on(study.pk)
    study.refresh_from_db()

    to = {rule["key"]: rule["to"] for rule in study.result["rules"]}
    assert to["content"] < 8 and to["pricing"] > 15
    half = study.result["volumes"][1]
    assert half["then"]["precision"] >= half["now"]["precision"]
