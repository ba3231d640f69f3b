"""Every address crossed with every role: what each gets. A new address needs a row here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from leads.models import LeadScore, Role
from leads.models.fields import day_of
from scoring.models import Rulebook, ScoringRun
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.runs import request_run
from tests.factories import HandoffFactory, UserFactory
from tests.scoring.views.test_why import RULEBOOK

pytestmark = pytest.mark.django_db

ANONYMOUS, NO_ROLE = "anonymous", "no role"
WHO = [ANONYMOUS, NO_ROLE, *(role.value for role in Role)]
TO_LOGIN = 302


@dataclass(frozen=True)
class Row:
    """The status for whoever is signed in, apart from the roles named; the anonymous are sent to the login."""

    signed_in: int = 200
    anonymous: int = TO_LOGIN
    roles: dict[str, int] = field(default_factory=dict)
    method: str = "get"
    of: str = ""  # whose id the address takes
    data: dict[str, str] = field(default_factory=dict)

    def expected(self, who: str) -> int:
        return self.anonymous if who == ANONYMOUS else self.roles.get(who, self.signed_in)


DECIDERS = {Role.REP.value: 302, Role.MANAGER.value: 302}
STEERERS = {Role.MARKETER.value: 302, Role.ADMINISTRATOR.value: 302}
ROWS = {
    "home": Row(signed_in=302),
    "login": Row(signed_in=302, anonymous=200),
    "logout": Row(method="post", signed_in=302),
    "theme": Row(method="post", signed_in=302, anonymous=302),
    "favicon": Row(signed_in=302, anonymous=302),
    "healthz": Row(anonymous=200),
    "leads:list": Row(),
    "leads:detail": Row(of="lead"),
    "leads:queue": Row(),
    "leads:handoff_accept": Row(method="post", of="handoff", signed_in=403, roles=DECIDERS),
    "leads:handoff_reject": Row(
        method="post", of="handoff", signed_in=403, roles=DECIDERS, data={"reason": "not_now"}
    ),
    "scoring:rulebook": Row(),
    "scoring:lint": Row(of="rulebook"),
    "scoring:why": Row(of="lead"),
    "scoring:runs": Row(),
    "scoring:run": Row(of="run"),
    "scoring:rescore": Row(method="post", signed_in=403, roles=STEERERS),
    "scoring:run_cancel": Row(method="post", of="run", signed_in=403, roles=STEERERS),
    "scoring:nightly_hour": Row(
        method="post", signed_in=403, roles={Role.ADMINISTRATOR.value: 302}, data={"hour": "3"}
    ),
    "scoring:why_changed": Row(of="lead"),
    "scoring:what_next": Row(of="lead"),
    "reports:funnel": Row(),
    "reports:funnel_leads": Row(),
    "reports:score_history": Row(of="lead"),
}


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


@pytest.fixture
def ids() -> dict[str, list[int]]:
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
    return {
        "": [],
        "run": [run.pk],
        "lead": [handoff.lead_id],
        "handoff": [handoff.pk],
        "rulebook": [book.pk],
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
