"""Which explanation belongs to a stored score and to its changes, and how the command tells them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, LeadScore
from scoring.changes import changes_of
from scoring.explanations import (
    RECENT_CHANGES,
    Side,
    explain_change,
    explain_lead,
    explain_next,
    explain_score,
    recent_changes,
    side_of_run,
)
from scoring.models import ScoreChange, ScoringRun
from scoring.prospects import prospects_of
from scoring.rulebook.versions import publish
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import NOW, activity, draft_of, german

pytestmark = pytest.mark.django_db

TODAY = NOW.date()  # 10 March 2026
VISITS = activity("page_view", 15, window_days=30)
SILENCE = {
    "kind": "silence",
    "group": "what",
    "points": -5,
    "every_days": 10,
    "activity_types": ["email_click"],
}


@pytest.fixture(autouse=True)
def on_10_march_2026():
    with time_machine.travel(NOW, tick=False):
        yield


def rescore(day: date | None = None) -> ScoringRun:
    at = NOW if day is None else datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return work_on(request_run(kind=ScoringRun.Kind.MANUAL, at=at).pk, clock=lambda: at)


def lead_seen(*ages: int, **facts: Any) -> Lead:
    lead = LeadFactory(created_at=NOW - timedelta(days=5), email="anna@example.com", **facts)
    for age in ages:
        ActivityFactory(lead=lead, occurred_at=NOW - timedelta(days=age))
    return lead


def stored(lead: Lead) -> LeadScore:
    return LeadScore.objects.select_related("lead").get(pk=lead.pk)


def output(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    call_command("explain", *map(str, arguments))
    return capsys.readouterr().out


def lines_of(lead: Lead, before: Side, after: Side) -> dict[str, tuple[int, int, str]]:
    changes = changes_of(explain_change(lead, before=before, after=after))
    return {
        line.name: (line.before, line.after, line.words)
        for part in changes.dimensions
        for group in part.groups
        for line in group.lines
    }


# The stored score -----------------------------------------------------------------------------------------------------


def test_current_score_is_explained_as_of_today_and_adds_up(publish_rules):
    publish_rules(VISITS, german(10))
    lead = lead_seen(3, country="DE")
    rescore(TODAY - timedelta(days=2))

    found = explain_score(stored(lead), today=TODAY)

    assert (found.score.day, found.is_of_today, found.is_current) == (TODAY - timedelta(days=2), True, True)
    assert (found.explained.explanation.score.total, found.unexplained, found.due) == (25, 0, ())


@pytest.mark.parametrize(("age", "is_of_today", "total"), [(29, True, 15), (30, False, 15)])
def test_score_that_time_has_overtaken_is_explained_as_of_its_own_day(publish_rules, age, is_of_today, total):
    """A window of 30 days holds age 29 and not age 30; the score was written three days ago."""
    publish_rules(VISITS)
    lead = lead_seen(age)
    rescore(TODAY - timedelta(days=3))

    found = explain_score(stored(lead), today=TODAY)

    assert (found.is_of_today, found.is_current) == (is_of_today, is_of_today)
    assert (found.explained.explanation.score.total, found.unexplained) == (total, 0)
    assert bool(found.due) == (not is_of_today)


def test_fact_edited_after_the_run_is_the_part_that_no_rule_explains(publish_rules):
    publish_rules(VISITS, german(10))
    lead = lead_seen(3, country="DE")
    rescore()
    lead.country = "US"
    lead.save()

    found = explain_score(stored(lead), today=TODAY)

    assert (found.explained.explanation.score.total, found.unexplained, found.score.total) == (15, 10, 25)
    assert found.due == ("Activities or facts have come in since.",)


# Why did it change ----------------------------------------------------------------------------------------------------


def test_change_between_two_days_says_what_happened_to_each_rule(publish_rules):
    """Visits 29 and 3 days ago, created 5 days ago. In a day the older one leaves the window; silence is complete
    on day 5 from now."""
    book = publish_rules(VISITS, SILENCE)
    lead = lead_seen(29, 3)
    version = book.number or 0

    tomorrow = lines_of(lead, Side(TODAY, version), Side(TODAY + timedelta(days=1), version))
    day_four = lines_of(lead, Side(TODAY, version), Side(TODAY + timedelta(days=4), version))
    day_five = lines_of(lead, Side(TODAY, version), Side(TODAY + timedelta(days=5), version))

    assert tomorrow == day_four == {"Rule 0": (30, 15, "2 → 1 matches in the last 30 days")}
    assert day_five["Rule 1"] == (0, -5, "quiet for 5 → 10 days")


def test_change_names_what_age_and_caps_take(publish_rules):
    """20 each, at most 30, half lost each 10 days. Two visits at ages 0 and 5: 40 − 10; ten days later 10 + 10 ..."""
    decay = {"kind": "linear", "percent": 50, "days": 10}
    book = publish_rules(activity("page_view", 20, max_points=30, decay=decay))
    lead = lead_seen(0, 5)
    version = book.number or 0

    found = lines_of(lead, Side(TODAY, version), Side(TODAY + timedelta(days=10), version))

    assert found == {"Rule 0": (30, 20, "age takes 0 → 20; its cap takes 10 → 0")}


def test_change_between_two_rulebooks_names_their_rules(publish_rules):
    first = publish_rules(VISITS, german(10))
    second = publish_rules({**VISITS, "points": 25})
    lead = lead_seen(3, country="DE")

    found = lines_of(lead, Side(TODAY, first.number or 0), Side(TODAY, second.number or 0))

    assert found == {
        "Rule 0": (15, 25, "worth 15 → 25 points"),
        "Rule 1": (10, 0, "no rule of this group in rulebook 2 any more"),
    }


def test_bounds_are_a_line_of_their_own():
    """Engagement at most 20: 15 and then 30 in sum."""
    draft = draft_of(VISITS)
    draft.groups.filter(key="what").update(max_points=20)
    book = publish(book=draft, note="Test", at=NOW, origin="test")
    lead = lead_seen(0, 5)
    before, after = Side(TODAY - timedelta(days=1), book.number or 0), Side(TODAY, book.number or 0)

    found = lines_of(lead, before, after)

    assert found["Rule 0"][:2] == (15, 30)
    assert found["Floor and cap"] == (0, -10, "")


def test_each_recorded_change_is_compared_with_the_day_before_it(publish_rules):
    publish_rules(VISITS)
    lead = lead_seen(1)
    for age in (3, 2, 1, 0):
        rescore(TODAY - timedelta(days=age))

    newest, first = recent_changes(lead)

    assert (newest.before, newest.after) == (
        Side(TODAY - timedelta(days=2), 1),
        Side(TODAY - timedelta(days=1), 1),
    )
    assert first.before is None
    found = explain_change(lead, before=newest.before, after=newest.after)
    assert (found.before.explanation.score.total, found.difference.points) == (
        newest.change.total_before,
        newest.change.total_after - newest.change.total_before,
    )


def test_publication_on_the_day_of_a_change_is_compared_on_that_day(publish_rules):
    publish_rules(VISITS)
    lead = lead_seen(0)
    rescore()
    publish_rules({**VISITS, "points": 25})
    rescore()

    newest = recent_changes(lead)[0]

    assert (newest.before, newest.after) == (Side(TODAY, 1), Side(TODAY, 2))


def test_recent_changes_are_bounded_and_one_query(publish_rules, django_assert_num_queries):
    book = publish_rules(VISITS)
    lead = lead_seen()
    run = ScoringRun.objects.create(kind="manual", day=TODAY, rulebook=book)
    ScoreChange.objects.bulk_create(
        ScoreChange(
            lead=lead,
            day=TODAY - timedelta(days=50 - index),
            run=run,
            rulebook_version=1,
            fit_before=0,
            engagement_before=index,
            qualified_before=False,
            fit_after=0,
            engagement_after=index + 1,
            qualified_after=False,
        )
        for index in range(50)
    )

    with django_assert_num_queries(1):
        found = recent_changes(lead)

    assert [item.change.engagement_after for item in found] == list(range(50, 50 - RECENT_CHANGES, -1))


def test_queries_do_not_grow_with_rules_and_activities(publish_rules):
    def queries(lead: Lead) -> int:
        with CaptureQueriesContext(connection) as captured:
            explain_next(explain_lead(lead, day=TODAY))
        return len(captured)

    publish_rules(VISITS, german(10))
    few = queries(lead_seen(1))
    publish_rules(*[activity("page_view", 1 + index) for index in range(20)], *[german(1)] * 20)
    lead = LeadFactory(email="bela@example.com")
    for age in range(20):
        ActivityFactory(lead=lead, occurred_at=NOW - timedelta(days=age))

    assert queries(lead) == few


# What next ------------------------------------------------------------------------------------------------------------


def test_prospects_name_the_day_and_the_withdrawal(publish_rules):
    """A visit 10 days old, worth 20 of 20 for 30 days: gone in 20 days, on 30 March."""
    publish_rules({**VISITS, "points": 20}, demote_margin=5, demote_after_nights=3)
    lead = lead_seen(10)

    found = prospects_of(explain_next(explain_lead(lead, day=TODAY)))

    assert found.verdict == "Qualified (20 points, threshold 20)."
    assert found.by_time == [
        "If nothing happens, it falls below the threshold on 30 Mar 2026, in 20 days.",
        "From 30 Mar 2026 it is more than 5 points below the line; after 3 nights of that, an offer that nobody has"
        " taken up is withdrawn.",
    ]
    assert [(step.day.isoformat(), step.points, step.words) for step in found.coming] == [
        ("2026-03-30", -20, "Rule 0 20 → 0")
    ]


def test_prospects_name_what_is_missing_and_what_would_lift(publish_rules):
    publish_rules(activity("demo_request", 18), german(10), min_engagement=15)
    lead = lead_seen(0)

    found = prospects_of(explain_next(explain_lead(lead, day=TODAY)))

    assert found.missing == [
        "20 short of the threshold of 20.",
        "15 short of the minimum engagement of 15.",
    ]
    assert [(item.what, item.gain, item.outcome) for item in (*found.activities, *found.facts)] == [
        ("2 more: Rule 0", 36, "36 points: qualifies"),
        ("Country not known yet", 10, "10 points: not enough by itself"),
    ]
    assert found.by_time == ["Time alone does not qualify it."]


def test_prospects_of_a_disqualified_lead_name_the_rule(publish_rules):
    publish_rules(activity("page_view", 50, disqualifies=True, window_days=30))
    lead = lead_seen(20)

    found = prospects_of(explain_next(explain_lead(lead, day=TODAY)))

    assert found.missing == ["Nothing qualifies it while “Rule 0” is met."]
    assert found.activities == []


# The command ----------------------------------------------------------------------------------------------------------


def test_command_says_why_what_is_stored_and_what_next(publish_rules, capsys):
    publish_rules(VISITS)
    lead = lead_seen(3)
    rescore()

    text = output(capsys, lead.email)

    assert "+15 total, grade C3, not qualified" in text
    assert "Stored: +15 by rulebook 1, written for 2026-03-10; up to date" in text
    assert "Next: Not qualified (15 points, threshold 20)." in text
    assert "   +15 One more: Rule 0 (30 points: qualifies)" in text


def test_command_writes_json_that_adds_up_to_the_stored_score(publish_rules, capsys):
    publish_rules(VISITS, german(10))
    lead = lead_seen(3, country="DE")
    rescore()
    ActivityFactory(lead=lead, occurred_at=NOW)

    data = json.loads(output(capsys, lead.email, "--json"))

    assert data["total"] == sum(part["points"] for part in data["dimensions"]) == 40
    kept = data["stored"]
    assert kept["total"] == kept["explained"]["total"] + kept["unexplained"] == 25
    assert (kept["is_current"], kept["due"]) == (False, ["Activities or facts have come in since."])
    # 40, then 25 on 6 April and 10 on 9 April, when the one visit and then the other is 30 days old.
    assert data["next"]["falls_below_threshold_on"] == "2026-04-09"
    assert [step["total"] for step in data["next"]["by_time"]] == [25, 10]


def test_command_compares_two_days(publish_rules, capsys):
    publish_rules(VISITS)
    lead = lead_seen(3)

    text = output(capsys, lead.email, "--from", "2026-03-06", "--to", "2026-03-07")
    data = json.loads(output(capsys, lead.email, "--from", "2026-03-06", "--to", "2026-03-07", "--json"))

    assert "+15 total: 0 -> 15, grade C3 -> C3" in text
    assert "+15     Rule 0: 0 -> 15 (0 → 1 matches in the last 30 days)" in text
    assert data["points"] == 15
    (rule,) = data["dimensions"][1]["groups"][0]["rules"]
    assert (rule["rule"], rule["points"], rule["before"]["matches"], rule["after"]["matches"]) == (
        "r0",
        15,
        0,
        1,
    )


def test_command_compares_two_runs_and_two_rulebooks(publish_rules, capsys):
    publish_rules(VISITS)
    lead = lead_seen(3)
    first = rescore(TODAY - timedelta(days=1))
    publish_rules({**VISITS, "points": 25})
    second = rescore()

    assert side_of_run(second.pk) == Side(TODAY, 2)
    text = output(capsys, lead.email, "--between", first.pk, second.pk)
    days = ("--from", TODAY, "--to", TODAY)
    same = output(capsys, lead.email, *days, "--from-rulebook", 1, "--to-rulebook", 2)

    assert "from 2026-03-09 by rulebook 1 to 2026-03-10 by rulebook 2" in text
    for answer in (text, same):
        assert "+10     Rule 0: 15 -> 25 (worth 15 → 25 points)" in answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2026-03-01"], "--from and --to go together"),
        (["--between", "1", "2", "--from", "2026-03-01", "--to", "2026-03-02"], "not both"),
        (["--to-rulebook", "2"], "go with --from and --to"),
        (["--between", "1", "2", "--day", "2026-03-01"], "a comparison has two sides"),
        (["--between", "7", "8"], "There is no run 7."),
        (["--rulebook", "9"], "There is no rulebook 9; published so far: 1."),
        (["--from", "2026-03-01", "--to", "2026-03-02", "--from-rulebook", "9"], "There is no rulebook 9"),
        (["--day", "yesterday"], "“yesterday” is no day"),
    ],
)
def test_command_refuses_in_one_sentence(publish_rules, arguments, message):
    publish_rules(VISITS)
    lead = lead_seen()

    with pytest.raises(CommandError, match=message):
        call_command("explain", lead.email, *arguments)
