"""Input at or beyond its limits: a right score, as compiler and explainer agree on it, or a sentence that refuses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from leads.conditions import Fragment
from leads.models import Activity, ActivityType, Asset, AttributeKey, Lead, LeadScore
from leads.models.fields import day_number
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.models import Rulebook, ScoringRun
from scoring.rulebook import versions
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, LeadFactory, UserFactory
from tests.scoring.conftest import NOW, Publish, activity, document, draft_of, german

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
CREATED = NOW - timedelta(days=5)


@pytest.fixture(autouse=True)
def on_10_march_2026():
    with time_machine.travel(NOW, tick=False):
        yield


def scored(lead: Lead) -> LeadScore:
    """The stored score of today, after a look whether the explainer says the same."""
    run = work_on(request_run(kind=ScoringRun.Kind.MANUAL, at=NOW).pk, clock=lambda: NOW)
    assert (run.state, run.error) == (ScoringRun.State.DONE, "")
    form, score = form_of(versions.published()), LeadScore.objects.get(pk=lead.pk)
    (facts,) = load_leads(form, [lead.pk])
    result = explain(form, facts, TODAY).score
    names = ("fit", "engagement", "total", "grade", "qualified", "known_facts", "asked_facts")
    assert {name: getattr(score, name) for name in names} == {name: getattr(result, name) for name in names}
    return score


def pages(client: Client, lead: Lead) -> list[str]:
    """The pages that tell of this lead, each in full."""
    client.force_login(UserFactory())
    addresses = [
        reverse("leads:detail", args=[lead.pk]),
        reverse("scoring:why", args=[lead.pk]),
        reverse("scoring:what_next", args=[lead.pk]),
        reverse("scoring:why_changed", args=[lead.pk]),
    ]
    answers = [client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200] * len(addresses)
    return [answer.content.decode() for answer in answers]


# A rulebook that cannot be compiled ----------------------------------------------------------------------------------


def test_what_the_database_cannot_compute_is_never_published(publish_rules: Publish, monkeypatch) -> None:
    before = publish_rules(german(10))
    draft = draft_of(german(20))
    monkeypatch.setattr(versions.CompiledRulebook, "statement", lambda *_: Fragment("SELECT no_such_column"))

    with pytest.raises(RulebookError, match="The database cannot compute this rulebook: .*no_such_column"):
        versions.publish(book=draft, note="Test", at=NOW, origin="test")

    states = {book.pk: book.state for book in Rulebook.objects.all()}
    assert states == {before.pk: "published", draft.pk: "draft"}
    assert not ScoringRun.objects.exists()


def test_a_draft_whose_rows_make_no_rulebook_is_never_published(publish_rules: Publish) -> None:
    before = publish_rules(german(10))
    draft = draft_of(german(20))
    draft.rules.get().conditions.update(operator="sounds_like")

    with pytest.raises(RulebookError, match="sounds_like"):
        versions.publish(book=draft, note="Test", at=NOW, origin="test")

    assert versions.published() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"points": 1001},
            "$.rules[0].points: 1001 is not allowed; write a whole number from -1000 to 1000.",
        ),
        ({"points": -(2**63)}, "$.rules[0].points: -9223372036854775808 is not allowed"),
        (
            {"max_points": 2**63 - 1},
            "$.rules[0].max_points: 9223372036854775807 is not allowed; write a whole",
        ),
        ({"points": 1e400}, "Infinity is not a number that JSON knows"),
    ],
)
def test_a_file_with_points_out_of_range_is_refused_by_path(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(document({**german(10), **changes})))

    with pytest.raises(CommandError) as refusal:
        call_command("rulebook", "import", str(path), "--publish", "--note", "Test")

    assert sentence in str(refusal.value)
    assert not Rulebook.objects.exists()


@pytest.mark.parametrize("end", [2**63 - 1, -(2**63), 2**63, 10**400])
def test_a_file_with_bounds_at_the_ends_of_64_bits_is_refused_by_path(tmp_path: Path, end: int) -> None:
    rulebook = document(german(10), threshold=end)
    rulebook["groups"][0] |= {"max": end}
    rulebook["fit"] = {"min": end}
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rulebook))

    with pytest.raises(CommandError) as refusal:
        call_command("rulebook", "import", str(path), "--publish", "--note", "Test")

    paths = [line.split(":")[0] for line in str(refusal.value).splitlines()]
    assert paths == ["$.mql.threshold", "$.fit.min", "$.groups[0].max"]
    assert "write a whole number from -1000000000 to 1000000000." in str(refusal.value)
    assert not Rulebook.objects.exists()


# Points at the ends of their range -----------------------------------------------------------------------------------

ENDS = 1_000_000_000


def test_the_highest_points_of_the_most_rules_add_up(publish_rules: Publish) -> None:
    """150 rules of 1000 points, three matches each; and in as many -1000 for each day of silence since 1970."""
    quiet = {
        "kind": "silence",
        "group": "what",
        "points": -1000,
        "every_days": 1,
        "repeats": True,
        "activity_types": ["demo_request"],
    }
    publish_rules(*[activity("page_view", 1000)] * 150, *[quiet] * 150)
    lead = LeadFactory(created_at=datetime(1970, 1, 1, tzinfo=UTC))
    for _ in range(3):
        ActivityFactory(lead=lead, occurred_at=NOW)

    assert scored(lead).engagement == 150 * 3 * 1000 - 150 * 1000 * day_number(TODAY)


@pytest.mark.parametrize(
    ("low", "high", "total"), [(ENDS, ENDS, ENDS), (-ENDS, -ENDS, -ENDS), (-ENDS, ENDS, 10)]
)
def test_bounds_at_the_ends_of_their_range_hold(
    publish_rules: Publish, low: int, high: int, total: int
) -> None:
    """Every bound of the rulebook at once; the margin of demotion is taken from the lowest line."""
    draft = draft_of(
        german(10, max_points=ENDS),
        threshold=-ENDS,
        min_fit=-ENDS,
        min_engagement=-ENDS,
        demote_margin=ENDS,
        reentry_points=ENDS,
    )
    draft.groups.filter(key="who").update(min_points=low, max_points=high)
    Rulebook.objects.filter(pk=draft.pk).update(fit_min=low, fit_max=high, engagement_min=-ENDS)
    versions.publish(book=draft, note="Test", at=NOW, origin="test")

    score = scored(LeadFactory(country="DE"))

    assert (score.fit, score.total, score.qualified) == (total, total, True)


@pytest.mark.parametrize("count", ["each", "once"])
def test_the_longest_times_are_counted(publish_rules: Publish, count: str) -> None:
    """Decay and window of 100 years, silence of 100 years up to a cap that would take 100 billion of them."""
    decay = {"kind": "compound", "percent": 10, "days": 36_500}
    quiet = {"kind": "silence", "group": "what", "points": -1, "every_days": 36_500, "repeats": True}
    publish_rules(
        activity("page_view", 1000, window_days=36_500, decay=decay, count=count, min_count=1),
        {**quiet, "max_points": ENDS},
    )
    lead = LeadFactory(created_at=CREATED)
    ActivityFactory(lead=lead, occurred_at=datetime(1970, 1, 1, tzinfo=UTC))

    score = scored(lead)

    assert (score.engagement, score.valid_until) == (1000, date(2069, 12, 7))  # day 36,500


# Days at the ends of time --------------------------------------------------------------------------------------------

LINEAR = {"kind": "linear", "percent": 50, "days": 10}
QUIET = {"kind": "silence", "group": "what", "points": -5, "every_days": 10}


@pytest.mark.parametrize(
    ("at", "engagement", "valid_until"),
    [
        # Created 5 days ago: quiet for 10 days in 5. An activity of the future does not exist yet.
        (datetime(9999, 12, 31, 12, tzinfo=UTC), 0, date(2026, 3, 15)),
        (datetime(2026, 3, 12, 12, tzinfo=UTC), 0, date(2026, 3, 12)),
        # Long ago: it has lost all its points, and the lead has been quiet ever since.
        (datetime(1969, 12, 31, 12, tzinfo=UTC), -5, None),
        (datetime(1, 1, 2, 12, tzinfo=UTC), -5, None),
    ],
)
def test_activities_of_other_ages_are_counted_right(
    publish_rules: Publish, client: Client, at: datetime, engagement: int, valid_until: date | None
) -> None:
    publish_rules(
        activity("page_view", 20, decay=LINEAR),
        activity("page_view", 20, decay=LINEAR, max_per_day=1),
        activity("page_view", 7, window_days=30, count="once"),
        QUIET,
    )
    lead = LeadFactory(created_at=CREATED)
    ActivityFactory(lead=lead, occurred_at=at)

    score = scored(lead)

    assert (score.engagement, score.valid_until) == (engagement, valid_until)
    pages(client, lead)


@pytest.mark.parametrize("when", ["9999-12-31 23:59:59", "1969-12-31 23:59:59", "10000-01-01", "0000-00-00"])
def test_import_refuses_days_that_nobody_can_have_meant(tmp_path: Path, capsys, when: str) -> None:
    LeadFactory(email="anna@example.com")
    path = tmp_path / "activities.csv"
    path.write_text(f"email,activity,timestamp\nanna@example.com,page_view,{when}\n")

    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_activities", str(path))

    assert f"Refused line 2: occurred_at: “{when}”" in capsys.readouterr().out
    assert not Activity.objects.exists()


# A lead that nothing is known of -------------------------------------------------------------------------------------


def test_a_lead_without_any_fact_is_scored_and_shown(publish_rules: Publish, client: Client) -> None:
    unknown = {"field": "job_title", "operator": "is_unknown"}
    publish_rules(german(10), german(-3, conditions=[unknown]), activity("page_view", 5), QUIET)
    lead = LeadFactory(email="", external_id="X1", company=None, created_at=CREATED)

    score = scored(lead)

    assert (score.total, score.known_facts, score.asked_facts) == (-3, 0, 2)
    assert "Rule 1" in pages(client, lead)[1]


# A great deal of one lead --------------------------------------------------------------------------------------------

MANY = 100_000


def many_activities(lead: Lead) -> None:
    """As many as a robot's: page views and opens of mails, a few hundred a day, over one year up to today."""
    types = [ActivityType.objects.get(code=code).pk for code in ("page_view", "email_open")]
    pages = [Asset.objects.create(name=name).pk for name in ("/pricing", "/blog")]
    instant, key, numbers = {
        "postgresql": (
            "TIMESTAMPTZ '2026-03-10 12:00Z' - n.i %% 365 * INTERVAL '1 day' - n.i %% 700 * INTERVAL '1 second'",
            "gen_random_uuid()",
            "(SELECT generate_series(0, %s - 1) AS i)",
        ),
        "sqlite": (
            "datetime('2026-03-10 12:00:00', '-' || (n.i %% 365) || ' days', '-' || (n.i %% 700) || ' seconds')",
            "lower(hex(randomblob(16)))",
            "(WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i + 1 < %s) SELECT i FROM r)",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_activity (lead_id, type_id, occurred_at, day, asset_id, key, known_at)"
            f" SELECT %s, CASE WHEN n.i %% 2 = 0 THEN %s ELSE %s END, {instant}, %s - n.i %% 365,"
            f" CASE WHEN n.i %% 3 = 0 THEN %s ELSE %s END, {key}, {instant} FROM {numbers} n",
            [lead.pk, *types, day_number(TODAY), *pages, MANY],
        )


def test_100_000_activities_of_one_lead_are_scored_and_shown(publish_rules: Publish, client: Client) -> None:
    pricing = [{"field": "asset", "operator": "contains", "values": ["/pricing"]}]
    publish_rules(
        activity("page_view", 1000),
        activity("page_view", 1000, decay=LINEAR, window_days=365),
        activity("page_view", -1000, conditions=pricing),
        activity("email_open", 1, max_per_day=100, min_assets=2, decay=LINEAR),
        activity("email_open", 3, count="once", min_days=365),
        QUIET,
    )
    lead = LeadFactory(created_at=NOW - timedelta(days=700))
    many_activities(lead)
    # 50,000 views; of 100,000 every third is of /pricing, and of those half are views.
    rows = Activity.objects.filter(lead=lead)
    views = {
        age: rows.filter(type__code="page_view", day=TODAY - timedelta(days=age)).count() for age in range(20)
    }
    weighted = sum(views[age] * (1000 if age < 10 else 500) for age in range(20))
    opens = sum(min(MANY, 100) * (1000 if age < 10 else 500) for age in range(20))

    score = scored(lead)

    assert score.engagement == 50_000_000 + weighted - 16_667_000 + opens // 1000 + 3
    assert "50,000" in pages(client, lead)[1]
    (facts,) = load_leads(form_of(versions.published()), [lead.pk])
    assert len(facts.activities) <= 365 * 2 * 2  # what no rule can tell apart is one
    assert sum(item.count for item in facts.activities) == MANY


# A great deal in one value -------------------------------------------------------------------------------------------


def test_a_property_of_a_megabyte_is_scored_and_cut_on_pages(publish_rules: Publish, client: Client) -> None:
    AttributeKey.objects.create(scope="activity", key="topic", label="Topic", type="text")
    needle = {"field": "properties.topic", "operator": "ends_with", "values": ["needle"]}
    publish_rules(activity("page_view", 20, conditions=[needle]))
    lead = LeadFactory(created_at=CREATED)
    text = "hay " * 250_000 + "needle"
    ActivityFactory(lead=lead, occurred_at=NOW, properties={"topic": text}, properties_typed={"topic": text})
    ActivityFactory(
        lead=lead, occurred_at=NOW, properties={"topic": "hay"}, properties_typed={"topic": "hay"}
    )

    assert scored(lead).engagement == 20
    assert all(len(page) < 200_000 for page in pages(client, lead))


def test_import_refuses_a_megabyte_in_one_cell_and_keeps_nothing(tmp_path: Path) -> None:
    LeadFactory(email="anna@example.com")
    path = tmp_path / "activities.csv"
    path.write_text(
        "email,activity,timestamp,topic\n" + f"anna@example.com,page_view,2026-03-01,{'x' * 10**6}\n"
    )

    with pytest.raises(CommandError, match="a cell of more than 131,072 characters on line 2"):
        call_command("import_activities", str(path))

    assert not Activity.objects.exists()
