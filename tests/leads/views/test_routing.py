from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.handoff.offering import Occasion, offer_leads
from leads.models import Absence, Handoff, Lead, Organisation, Role, RoutingRules, Team, User
from leads.models.fields import day_of
from leads.routing import drafting
from tests.factories import LeadFactory, TeamFactory, UserFactory
from tests.leads.handoff.test_offering import evidence
from tests.leads.routing.conftest import put_in_force, reps, rule
from tests.leads.views.conftest import HTMX, query_count

pytestmark = pytest.mark.django_db
RULES, RULE = reverse("leads:routing"), reverse("leads:routing_rule")


@pytest.fixture
def team() -> Team:
    found = TeamFactory(name="DACH")
    Organisation.objects.update(default_team=found)
    return found


@pytest.fixture
def mona(team: Team) -> User:
    return UserFactory(username="mona", role=Role.MANAGER, team=team)


@pytest.fixture
def client(mona: User) -> Client:
    found = Client()
    found.force_login(mona)
    return found


@pytest.fixture
def two(team: Team) -> RoutingRules:
    return put_in_force(rule("Germany", ("country", "in", "DE", "AT"), team=team), rule("Rest", team=team))


def form(**fields: Any) -> dict[str, Any]:
    """A condition on the country, as the form posts it."""
    given = {"key": "", "seen": "0", "enabled": "on", "name": "Nordics", "match": "all", "target": ""}
    line = {
        "c0-was": "country",
        "c0-field": "country",
        "c0-operator": "in",
        "c0-value": ["SE", "NO"],
        "c0-new": "",
    }
    return {**given, **line, **fields}


def arrange(client: Client, **data: Any) -> HttpResponse:
    return client.post(reverse("leads:routing_arrange"), data, headers=HTMX)


def offer(*leads: Lead) -> list[Handoff]:
    occasion = Occasion(origin=Handoff.Origin.SCORING, at=timezone.now(), run=1)
    return offer_leads(evidence={lead.pk: evidence() for lead in leads}, occasion=occasion)


def test_page_says_the_rules_in_words(client: Client, two: RoutingRules) -> None:
    page = client.get(RULES).content.decode()

    assert "Country is DE or AT." in page
    assert "DACH, by turns" in page
    assert "Shared queue of DACH" in page
    assert "List 1, since" in page


def test_rep_reads_the_rules_and_is_offered_no_way_to_edit(two: RoutingRules) -> None:
    client = Client()
    client.force_login(UserFactory(role=Role.REP))

    page = client.get(RULES).content.decode()

    assert "Germany" in page
    assert "routing/arrange" not in page
    assert client.post(RULE, form()).status_code == 403


def test_rule_is_added_to_the_draft_by_its_form(client: Client, two: RoutingRules, team: Team) -> None:
    response = client.post(RULE, form(target=f"queue:{team.pk}", save="1"))

    assert response.status_code == 302
    added = drafting.edited().document["rules"][-1]
    assert added["target"] == {"way": "queue", "team": team.pk}
    assert added["conditions"] == [{"field": "country", "operator": "in", "values": ["SE", "NO"]}]
    assert "Not in force yet: “Nordics” is new." in client.get(RULES).content.decode()


def test_form_grows_without_saving(client: Client, two: RoutingRules) -> None:
    response = client.post(RULE, form(add="1", **{"c0-new": "DK"}), headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="DK"' in page and 'name="c1-field"' in page
    assert "<html" not in page
    assert drafting.current_draft() is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"target": "queue:99"}, "Choose a team that is at work"),
        ({"target": "user:" + 50 * "9"}, "Choose a team that is at work"),
        ({"name": " "}, "The rule has no name"),
        ({"name": "a\0b"}, "The rule has no name"),
        ({"name": 101 * "n"}, "at most 100 are allowed"),
        ({"c0-value": "Sweden"}, "a country as two letters"),
        ({"c0-value": ""}, "This condition lacks its value."),
        ({"c0-field": "shoe size"}, "There is no field “shoe size”"),
    ],
)
def test_rule_that_cannot_be_is_refused_at_its_form(
    client: Client, two: RoutingRules, team: Team, fields: dict[str, Any], sentence: str
) -> None:
    response = client.post(RULE, form(**{"target": f"queue:{team.pk}", **fields}, save="1"))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert drafting.current_draft() is None


def test_rule_changed_by_somebody_else_is_shown_with_what_was_typed(
    client: Client, two: RoutingRules, team: Team, mona: User
) -> None:
    mine = form(key="germany", target=f"queue:{team.pk}", save="1")
    bob = UserFactory(username="bob", role=Role.MANAGER)
    drafting.edit(change=drafting.switched("germany", on=False), by=bob, at=timezone.now())

    first = client.post(RULE, mine)
    again = client.post(RULE, {**mine, "seen": first.context["sheet"].seen})

    assert first.status_code == 409
    assert "bob has changed this rule" in first.content.decode()
    assert again.status_code == 302
    assert drafting.edited().document["rules"][0]["name"] == "Nordics"


def test_what_a_button_did_is_said_with_a_way_back(client: Client, two: RoutingRules) -> None:
    response = arrange(client, key="germany", action="delete")

    page = response.content.decode()
    assert "Deleted “Germany”. It is in the draft" in page
    edit = response.context["undo"].pk
    assert "Germany" in arrange(client, action="take_back", edit=edit).content.decode()
    assert not drafting.is_changed(drafting.edited(), two)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"action": "up", "key": "nothing"}, 409),
        ({"action": "dance", "key": "rest"}, 404),
        ({"action": "take_back", "edit": "99999999999"}, 404),
        ({"action": "restore", "list": "7"}, 404),
        ({"action": "place", "key": "rest", "before": "nothing"}, 409),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    client: Client, two: RoutingRules, data: dict[str, str], status: int
) -> None:
    assert arrange(client, **data).status_code == status
    assert drafting.current_draft() is None


def test_draft_is_put_in_force_from_the_page(client: Client, two: RoutingRules) -> None:
    arrange(client, key="germany", action="off")
    seen = drafting.edited().revision

    client.post(reverse("leads:routing_put_in_force"), {"seen": seen, "note": "x\0y"})

    now = RoutingRules.objects.get(state="in_force")
    assert (now.number, now.note) == (2, "xy")
    assert not now.document["rules"][0]["enabled"]


def test_trial_says_what_the_draft_would_change_and_changes_nothing(
    client: Client, two: RoutingRules, team: Team
) -> None:
    [ann] = reps(team, ["ann"])
    offer(LeadFactory(country="DE"), LeadFactory(country="FR"))
    before = list(Handoff.objects.order_by("pk").values())
    client.post(
        RULE, form(key="germany", name="Germany", target=f"queue:{team.pk}", save="1", **{"c0-value": "DE"})
    )

    response = client.get(reverse("leads:routing_test"))

    trial = response.context["trial"]
    assert [(one.lead.country, one.is_changed) for one in trial.outcomes] == [("FR", False), ("DE", True)]
    assert trial.outcomes[1].now.assignee == ann
    assert trial.outcomes[1].then.because == "Rule “Germany”: shared queue of DACH."
    assert "<b>1 of 2</b> elsewhere" in response.content.decode()
    assert list(Handoff.objects.order_by("pk").values()) == before


def test_one_lead_is_tried_by_its_address(client: Client, two: RoutingRules, team: Team) -> None:
    LeadFactory(email="eve@acme.example", country="DE")
    url = reverse("leads:routing_test")

    found = client.get(url, {"lead": "eve@acme.example"})
    unknown = client.get(url, {"lead": "nobody\0@acme.example"})

    assert "nobody of DACH can take more" in found.content.decode()
    assert "No lead has" in unknown.content.decode()


def test_shares_give_credit_for_absence(client: Client, two: RoutingRules, team: Team) -> None:
    [ann, bob] = reps(team, ["ann", "bob"])
    today = day_of(timezone.now())
    Absence.objects.create(user=bob, first_day=today, last_day=today + timedelta(days=1))
    offer(*(LeadFactory() for _ in range(6)))

    response = client.get(reverse("leads:routing_shares"), {"days": "7"})

    shares = {share.seat.user: share for share in response.context["teams"][0].shares}
    assert (shares[ann].given, shares[ann].expected, shares[ann].is_few) == (6, 6.0, False)
    assert (shares[bob].given, shares[bob].expected, shares[bob].passed_away) == (0, 0.0, 6)
    assert not shares[bob].is_off
    assert "is away until" in response.content.decode()


def test_member_shows_why_each_went_there(client: Client, two: RoutingRules, team: Team) -> None:
    [ann] = reps(team, ["ann"])
    offer(LeadFactory(country="DE"))

    page = client.get(reverse("leads:routing_member", args=[ann.pk]), {"days": "soon", "page": "x"})

    assert "Rule “Germany”: ann, by turns among 1 of 1 in DACH." in page.content.decode()
    assert client.get(reverse("leads:routing_member", args=[999_999])).status_code == 404


@pytest.mark.parametrize("name", ["routing", "routing_test", "routing_shares"])
def test_queries_do_not_grow(client: Client, two: RoutingRules, team: Team, name: str) -> None:
    def more(some: int) -> int:
        reps(team, [f"{some}-{number}" for number in range(some)])
        offer(*(LeadFactory() for _ in range(some)))
        for number in range(some):
            new = rule(f"{some}-{number}", team=team) | {"key": f"{some}-{number}"}
            two.document["rules"].append(new)
        two.save()
        return query_count(client, reverse(f"leads:{name}"))

    assert more(2) == more(6)
