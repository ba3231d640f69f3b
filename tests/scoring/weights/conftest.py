from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from leads.models import Role, User
from scoring.models import Rulebook, Study
from scoring.rulebook.drafts import create_draft
from scoring.studies.ledger import request_study
from scoring.weights.asked import Limits, Wanted
from tests.factories import UserFactory, contribution
from tests.scoring.conftest import activity, german
from tests.scoring.evidence.conftest import DECIDED_AT, decided

RULES = [
    activity("content_download", 20, name="Content downloaded", max_points=40),
    activity("demo_request", 10, name="Demo requested"),
    german(5, name="Germany"),
]


@pytest.fixture
def marketer(db: None) -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def draft(publish_rules, marketer) -> Rulebook:
    """Of a rulebook by which sales decided 120 times: downloads (20 points) did not impress it, demos (10) did."""
    book = publish_rules(*RULES)
    for number in range(120):
        downloads, demos = number % 2, number // 2 % 2
        given = [contribution(rule="r0", points=20 * downloads)] if downloads else []
        given += [contribution(rule="r1", points=10)] if demos else []
        accepted = number % 5 < (4 if demos else 1) - downloads
        decided(accepted=accepted, contributions=given, decided_at=DECIDED_AT + timedelta(hours=number))
    return create_draft(by=marketer, at=DECIDED_AT, copy_of=book)


def wanted(**rules: Limits) -> Wanted:
    return Wanted(date(2026, 1, 1), date(2026, 12, 31), low=1, high=40, rules=rules)


def requested(draft: Rulebook, by: User, *, asked: Wanted | None = None, at: datetime = DECIDED_AT) -> Study:
    return request_study(
        kind=Study.Kind.WEIGHTS, book=draft, asked=(asked or wanted()).to_json(), by=by, at=at
    )
