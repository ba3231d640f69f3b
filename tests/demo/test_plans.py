from __future__ import annotations

from datetime import date

import pytest

from leadfunnel.demo.plans import plan_steps
from leads.models import NextStep, Stage
from tests.factories import LeadFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_most_leads_that_are_worked_have_a_next_step_and_no_others():
    owner = UserFactory()
    for _ in range(7):
        LeadFactory(stage=Stage.SQL, owner=owner)
    LeadFactory(stage=Stage.CUSTOMER, owner=owner)
    LeadFactory(stage=Stage.SQL)

    assert plan_steps(today=date(2026, 3, 3)) == 6

    due = sorted(NextStep.objects.values_list("due_on", flat=True))
    assert (due[0], due[-1]) == (date(2026, 3, 1), date(2026, 3, 10))
