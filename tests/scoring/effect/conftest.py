from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads.models import Lead, Stage
from scoring.models import Rulebook
from scoring.rulebook.document import read_form
from scoring.rulebook.form import Form
from scoring.rulebook.rows import save_draft, vocabulary
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import NOW, activity, document, german

# How far back the flow is counted from: 28 days before 10 March.
THEN = datetime(2026, 2, 10, 12, tzinfo=UTC)
PUBLISHED = (german(20, name="Germany"), activity("page_view", 10, name="Visit"))
DRAFT = (german(10, name="Germany"), activity("page_view", 15, name="Visit"))


def form_of_rules(*rules: dict[str, Any], **mql: Any) -> Form:
    return read_form(document(*rules, **mql), vocabulary())


@pytest.fixture
def draft(db: None) -> Rulebook:
    """Half for Germany, half as much again for a visit, and a threshold of 15 instead of 20."""
    return save_draft(form=form_of_rules(*DRAFT, threshold=15), by=None)


@dataclass(frozen=True)
class Cast:
    """Five leads on 10 March; totals published → draft, with the threshold 20 → 15.

    ada    German                                  20 → 10, leaves
    ben    German, a visit                         20+10=30 → 10+15=25, stays
    cora   two visits, is an SQL since January     20 → 30, stays
    dan    nothing                                  0 → 0
    eve    a visit; on hold until tomorrow         10 → 15, enters
    """

    ada: Lead
    ben: Lead
    cora: Lead
    dan: Lead
    eve: Lead


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast(
        ada=LeadFactory(first_name="Ada", country="DE"),
        ben=LeadFactory(first_name="Ben", country="DE"),
        cora=LeadFactory(first_name="Cora", stage=Stage.SQL),
        dan=LeadFactory(first_name="Dan"),
        eve=LeadFactory(first_name="Eve", hold_until=(NOW + timedelta(days=1)).date()),
    )
    for lead, visits in ((cast.ben, 1), (cast.cora, 2), (cast.eve, 1)):
        ActivityFactory.create_batch(visits, lead=lead, occurred_at=NOW - timedelta(days=5))
    return cast
