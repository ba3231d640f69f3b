from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import ChangeLogEntry, Handoff, LeadIdentifier, LeadScore
from scoring.models import Rulebook, RulebookEvent, ScoringRun
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import Publish, activity, document, german

pytestmark = pytest.mark.django_db
STARTER = Path(__file__).parents[2] / "scoring" / "starter_rulebook.json"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(document(german(20))))
    return path


# rulebook ------------------------------------------------------------------------------------------------------------


def test_import_saves_a_draft(small_file: Path) -> None:
    run("rulebook", "import", str(small_file))

    book = Rulebook.objects.get()
    assert (book.state, book.number, book.rules.count()) == ("draft", None, 1)
    assert not ScoringRun.objects.exists()


def test_publishing_scores_all_leads_and_is_recorded_as_unsigned(small_file: Path) -> None:
    lead = LeadFactory(country="DE")

    out = run("rulebook", "import", str(small_file), "--publish", "--note", "First")

    book = Rulebook.objects.get()
    assert (book.state, book.number, book.note) == ("published", 1, "First")
    assert book.published_from.startswith("command line")
    assert book.signed_marketing_by is None
    assert book.signed_sales_by is None
    assert LeadScore.objects.get(pk=lead.pk).fit == 20
    assert "Leads scored: 1; scores changed: 1; offered to sales: 1." in out


def test_what_the_command_line_does_is_on_record(small_file: Path) -> None:
    for note in ("One", "Two"):
        run("rulebook", "import", str(small_file), "--publish", "--note", note)

    events = RulebookEvent.objects.order_by("pk")
    assert [event.kind for event in events] == ["created", "published", "created", "retired", "published"]
    assert all(event.by is None and event.origin.startswith("command line") for event in events)
    assert events[1].what == "Published as version 1 without all signatures, as an operator's override: One"
    assert events[3].what == "Retired: version 2 follows"


def test_draft_is_published_over_the_heads_of_its_signatories(small_file: Path) -> None:
    run("rulebook", "import", str(small_file))
    draft = Rulebook.objects.get()

    out = run("rulebook", "publish", "--draft", str(draft.pk), "--note", "Needed now")

    draft.refresh_from_db()
    assert (draft.state, draft.number) == ("published", 1)
    assert "unsigned" in out
    with pytest.raises(CommandError, match="There is no draft"):
        run("rulebook", "publish", "--draft", str(draft.pk), "--note", "Again")


def test_rollback_publishes_a_copy_under_a_new_number(publish_rules: Publish) -> None:
    first = publish_rules(german(20))
    publish_rules(german(5))

    run("rulebook", "rollback", "1", "--note", "The new one was wrong")

    now = Rulebook.objects.get(state="published")
    assert (now.number, now.copy_of, now.rules.get().points) == (3, first, 20)
    with pytest.raises(CommandError, match="Version 3 is the published one"):
        run("rulebook", "rollback", "3", "--note", "Again")


def test_publishing_again_retires_the_version_before(small_file: Path) -> None:
    for note in ("One", "Two"):
        run("rulebook", "import", str(small_file), "--publish", "--note", note)

    states = list(Rulebook.objects.order_by("number").values_list("number", "state"))
    assert states == [(1, "retired"), (2, "published")]
    assert "version 2" in run("rulebook", "list")


def test_publishing_needs_a_note_and_changes_nothing_without(small_file: Path) -> None:
    with pytest.raises(CommandError, match="--note TEXT"):
        run("rulebook", "import", str(small_file), "--publish", "--note", " ")

    assert not Rulebook.objects.exists()


def test_export_gives_the_file_back(publish_rules: Publish, tmp_path: Path) -> None:
    publish_rules(german(20, max_points=30), activity("page_view", 3, window_days=7))
    publish_rules(german(10))
    first = run("rulebook", "export", "1")
    path = tmp_path / "again.json"
    path.write_text(first)

    run("rulebook", "import", str(path), "--publish", "--note", "Back")

    assert run("rulebook", "export", "3") == run("rulebook", "export") == first


def test_mistakes_of_a_file_are_all_named_and_nothing_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(document(german(0), activity("fax", 3))))

    with pytest.raises(CommandError) as refused:
        run("rulebook", "import", str(path), "--publish", "--note", "x")

    lines = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["$.rules[0].points", "$.rules[1].activity_types[0]"]
    assert not Rulebook.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "/no/such/file"], "Cannot read /no/such/file: No such file or directory"),
        (["import", "/"], "Cannot read /: Is a directory"),
        (["export"], "No rulebook is published"),
        (["export", "7"], "There is no version 7"),
        (["export", "seven"], "“seven” is no version"),
    ],
)
def test_rulebook_refuses_in_a_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("rulebook", *arguments)


def test_starter_is_sound_and_reads_as_believable(tmp_path: Path) -> None:
    run("rulebook", "import", str(STARTER), "--publish", "--note", "Starter")

    book = Rulebook.objects.get()
    assert 20 <= book.rules.count() <= 30
    assert {rule.kind for rule in book.rules.all()} == {"fit", "engagement", "silence"}


# rescore -------------------------------------------------------------------------------------------------------------


def test_rescore_tells_what_it_did(publish_rules: Publish) -> None:
    publish_rules(german(20))
    LeadFactory(country="DE")
    LeadFactory(country="US")

    result = json.loads(run("rescore", "--json"))

    today = timezone.localdate()
    numbers = {
        key: result[key] for key in ("state", "day", "rulebook", "scored", "changed", "promoted", "demoted")
    }
    assert numbers == {
        "state": "done",
        "day": str(today),
        "rulebook": 1,
        "scored": 2,
        "changed": 2,
        "promoted": 1,
        "demoted": 0,
    }
    assert "scores changed: 0;" in run("rescore")


def test_rescore_of_another_day_offers_nobody(publish_rules: Publish) -> None:
    publish_rules(german(20))
    LeadFactory(country="DE")
    day = timezone.localdate() - timedelta(days=1)

    result = json.loads(run("rescore", "--day", day.isoformat(), "--json"))

    assert (result["day"], result["changed"], result["promoted"]) == (str(day), 1, 0)
    assert not Handoff.objects.exists()
    assert ChangeLogEntry.objects.count() == 1


@pytest.mark.parametrize("day", ["2024-02-30", "30.01.2024", "1969-12-31", "3000-01-01", "2024-W01-1", ""])
def test_rescore_refuses_a_day_that_is_none(day: str) -> None:
    with pytest.raises(CommandError, match="is no day; write YYYY-MM-DD"):
        run("rescore", f"--day={day}")


def test_rescore_without_a_rulebook_says_how_to_get_one() -> None:
    with pytest.raises(CommandError, match="rulebook import FILE --publish"):
        run("rescore")


# scores --------------------------------------------------------------------------------------------------------------


def test_scores_are_a_csv_of_every_lead(publish_rules: Publish) -> None:
    publish_rules(german(20), activity("page_view", -7, window_days=30))
    LeadFactory(country="DE", email="ann@x.example", external_id="=1+1")
    lead = LeadFactory(email="bob@x.example")
    now = timezone.now()
    ActivityFactory(lead=lead, occurred_at=now)
    run("rescore")

    ann, bob = csv.DictReader(io.StringIO(run("scores")))

    today = timezone.localdate(now)
    expected: dict[str, Any] = {
        "external_id": "'=1+1",  # no spreadsheet takes it for a formula
        "email": "ann@x.example",
        "fit": "20",
        "engagement": "0",
        "total": "20",
        "grade": "B3",
        "qualified": "true",
        "fast_tracked": "false",
        "disqualified": "false",
        "known_facts": "1",
        "asked_facts": "1",
        "rulebook": "1",
        "day": str(today),
        "valid_until": "",
    }
    assert ann == expected
    assert list(ann) == list(expected)
    assert (bob["engagement"], bob["valid_until"], bob["known_facts"]) == (
        "-7",
        str(today + timedelta(days=30)),
        "0",
    )


# explain -------------------------------------------------------------------------------------------------------------


def test_explanation_sums_to_the_stored_score(publish_rules: Publish) -> None:
    publish_rules(german(20), activity("page_view", 7, max_points=10))
    lead = LeadFactory(country="DE", email="ann@x.example")
    for _ in range(2):
        ActivityFactory(lead=lead, occurred_at=timezone.now())
    run("rescore")

    told = json.loads(run("explain", "ANN@x.example", "--json"))

    score = LeadScore.objects.get(pk=lead.pk)
    rules = [rule for part in told["dimensions"] for group in part["groups"] for rule in group["rules"]]
    assert sum(rule["points"] for rule in rules) == told["total"] == score.total == 30
    views = rules[1]
    assert (views["matches"], views["raw_points"], views["taken_by_caps"], views["points"]) == (2, 14, 4, 10)


@pytest.mark.parametrize(
    ("count", "said"), [(1, "(1 match, the latest on"), (2, "(2 matches, the latest on")]
)
def test_explanation_counts_matches(publish_rules: Publish, count: int, said: str) -> None:
    publish_rules(activity("page_view", 7))
    lead = LeadFactory(email="ann@x.example")
    for _ in range(count):
        ActivityFactory(lead=lead, occurred_at=timezone.now())

    assert said in run("explain", "ann@x.example")


def test_explanation_as_text_names_rules_groups_and_dimensions(publish_rules: Publish) -> None:
    publish_rules(german(20))
    LeadFactory(country="DE", email="ann@x.example")

    lines = run("explain", "ann@x.example").splitlines()

    assert lines[1] == "+20 total, grade B3, qualified; 1 of 1 facts known"
    assert [line.strip() for line in lines[2:5]] == ["+20 fit", "+20   Who", "+20     Rule 0"]


def test_explanation_of_another_day(publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 7))
    lead = LeadFactory()
    now = timezone.now()
    ActivityFactory(lead=lead, occurred_at=now)
    yesterday = timezone.localdate(now) - timedelta(days=1)

    told = json.loads(run("explain", lead.email, "--day", yesterday.isoformat(), "--json"))

    assert (told["day"], told["total"]) == (str(yesterday), 0)


def test_lead_is_found_by_any_of_its_ids(publish_rules: Publish) -> None:
    publish_rules()
    lead = LeadFactory(external_id="A-1")
    LeadIdentifier.objects.create(lead=lead, kind="external_id", source_system="crm", value="B-2")

    for text in (lead.email.upper(), "A-1", "B-2", str(lead.pk)):
        assert json.loads(run("explain", text, "--json"))["lead"] == lead.pk


def test_id_of_several_leads_is_refused_with_their_numbers(publish_rules: Publish) -> None:
    publish_rules()
    one, two = LeadFactory(external_id="7"), LeadFactory(external_id="7")

    with pytest.raises(CommandError, match=f"several leads: {one.pk}, {two.pk}"):
        run("explain", "7")


@pytest.mark.parametrize("text", ["nobody@x.example", "12345678901234567890", "", "a\0b", "\ud800"])
def test_unknown_lead_is_refused_in_a_sentence(text: str, publish_rules: Publish) -> None:
    publish_rules()

    with pytest.raises(CommandError, match="There is no lead with"):
        run("explain", text)
