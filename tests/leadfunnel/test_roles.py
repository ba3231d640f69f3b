"""Every address crossed with every role: what each gets. The rows are those of tests.leadfunnel.addresses.

The objects are made once for the module; what a request does to them is rolled back with its test.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from leads.models import Absence, Deal, LeadScore, Notification, Reason, RepeatSignal, Role, SavedView, Stage
from leads.models.fields import day_of
from reports.models import ExchangeRate
from scoring.models import Rulebook, ScoringRun, Study
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from scoring.runs import request_run
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory
from tests.leadfunnel.addresses import ANONYMOUS, BACKTEST, NO_ROLE, ROWS, SEE_DRAFTS, TO_LOGIN, WHO
from tests.scoring.views.test_why import RULEBOOK

pytestmark = [pytest.mark.django_db, pytest.mark.anydatabase]


def names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    """The names of all addresses but the admin's, which has tests of its own."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from names(
                    pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace
                )
        else:
            yield f"{namespace}{pattern.name}"


@pytest.fixture(scope="module")
def ids(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, list[int]]]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_objects()
        transaction.set_rollback(True)


def make_objects() -> dict[str, list[int]]:
    """The arguments of addresses, by what `Row.of` calls them."""
    book = save_draft(form=read_form(RULEBOOK, vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(state="published", number=1, published_at=timezone.now())
    handoff = HandoffFactory()
    LeadScore.objects.create(
        lead=handoff.lead,
        fit=0,
        engagement=0,
        total=0,
        grade="C3",
        qualified=False,
        fast_tracked=False,
        disqualified=False,
        known_facts=0,
        asked_facts=0,
        rulebook_version=1,
        day=day_of(timezone.now()),
    )
    run = request_run(kind=ScoringRun.Kind.PUBLISH, at=timezone.now())
    signal = RepeatSignal.objects.create(
        lead=LeadFactory(stage=Stage.CUSTOMER),
        at=timezone.now(),
        grade="A1",
        total=90,
        fast_tracked=False,
        rulebook_version=1,
    )
    draft, retired = (save_draft(form=form_of(book), by=None) for _ in range(2))
    Rulebook.objects.filter(pk=retired.pk).update(
        state="retired", number=2, published_at=timezone.now(), retired_at=timezone.now()
    )
    study = Study.objects.create(
        kind="backtest", rulebook=book, revision=0, day=day_of(timezone.now()), asked=BACKTEST
    )
    member = UserFactory(role=Role.REP, team=TeamFactory())
    return {
        "": [],
        "page": ["queue"],
        "report": ["funnel"],
        "section": ["funnel", "by"],
        "table": ["funnel", "by"],
        "kept": ["rates"],
        "rate": [
            "rates",
            ExchangeRate.objects.create(currency="USD", day=date(2026, 1, 1), rate=Decimal("0.9")).pk,
        ],
        "view": [SavedView.objects.create(page="queue", name="A", query="show=all", owner=member).pk],
        "shared_view": [
            SavedView.objects.create(
                page="queue", name="B", query="show=all", owner=member, is_shared=True
            ).pk
        ],
        "team": [member.team_id],
        "member": [member.pk],
        "absence": [Absence.objects.create(user=member, first_day="2198-03-10", last_day="2198-03-10").pk],
        "run": [run.pk],
        "study": [study.pk],
        "lead": [handoff.lead_id],
        "handoff": [handoff.pk],
        "signal": [signal.pk],
        "reason": [Reason.objects.get(key="not_now").pk],
        "notification": [Notification.objects.create(user=UserFactory(), kind="assigned", title="A").pk],
        "deal": [Deal.objects.create(lead=handoff.lead).pk],
        "rulebook": [book.pk],
        "draft": [draft.pk],
        "retired": [retired.pk],
    }


def test_each_address_has_its_row():
    assert set(names(get_resolver().url_patterns)) == set(ROWS)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", ROWS)
def test_address_answers_each_role_as_its_row_says(ids, name, who):
    row = ROWS[name]
    client = Client()
    if who != ANONYMOUS:
        client.force_login(UserFactory(role=None if who == NO_ROLE else Role(who)))

    response = getattr(client, row.method)(reverse(name, args=ids[row.of]), row.data)

    assert response.status_code == row.expected(who)
    if who == ANONYMOUS and row.anonymous == TO_LOGIN and name not in ("theme", "favicon"):
        assert response.url.startswith(reverse("login"))


@pytest.mark.parametrize("name", ["scoring:version", "scoring:lint"])
@pytest.mark.parametrize("who", [NO_ROLE, *(role.value for role in Role)])
def test_drafts_are_for_those_who_write_sign_or_look_after_them(ids, name, who):
    client = Client()
    client.force_login(UserFactory(role=None if who == NO_ROLE else Role(who)))

    response = client.get(reverse(name, args=ids["draft"]))

    assert response.status_code == SEE_DRAFTS.get(who, 403)
