from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scoring.models import Rulebook
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from tests.factories import LeadFactory
from tests.scoring.conftest import Publish, document, german

pytestmark = pytest.mark.django_db


def lint(*arguments: str) -> str:
    output = StringIO()
    call_command("rulebook", "lint", *arguments, stdout=output)
    return output.getvalue()


def draft_of(*rules: dict[str, Any]) -> Rulebook:
    return save_draft(form=read_form(document(*rules), vocabulary()), by=None)


def test_published_rulebook_is_told_line_by_line(publish_rules: Publish) -> None:
    publish_rules(german(50), german(5))
    LeadFactory.create_batch(20, country="DE")

    lines = lint().splitlines()

    assert lines[0] == "Small (version 1): 5 things to look at. Looked at all 20 leads."
    assert lines[1:] == [
        "- Out of reach: No lead can reach the engagement of grade 1 of 50: the most is 0."
        " Lower it, or raise points or caps.",
        "- Out of reach: No lead can reach the engagement of grade 2 of 20: the most is 0."
        " Lower it, or raise points or caps.",
        "- Counted twice: “Rule 0” and “Rule 1” both count where country is DE, and their points add up."
        " Ask it in one of them only.",
        *[
            f"- Matches nearly all: “Rule {n}” is met by 100 % of all 20 leads, so it tells them hardly apart."
            " Ask for more, or lower the threshold by its points and remove it."
            for n in (0, 1)
        ],
    ]


def test_json_names_kind_and_rules(publish_rules: Publish) -> None:
    publish_rules(german(50))
    book = publish_rules(german(50), german(5))
    LeadFactory()

    value = json.loads(lint(str(book.number), "--json"))

    assert {key: value[key] for key in ("rulebook", "draft", "leads", "is_sample")} == {
        "rulebook": 2,
        "draft": None,
        "leads": 1,
        "is_sample": False,
    }
    assert value["findings"][-1]["kind"] == "twice"
    assert value["findings"][-1]["rules"] == ["r0", "r1"]
    assert "twice" not in {found["kind"] for found in json.loads(lint("1", "--json"))["findings"]}


def test_draft_is_chosen_by_its_id_and_all_leads_by_an_option() -> None:
    draft = draft_of(german(50), german(5))
    LeadFactory.create_batch(20)

    text = lint("--draft", str(draft.pk), "--all-leads")

    assert text.startswith(f"Small (draft {draft.pk}): 5 things to look at. Looked at all 20 leads.")
    assert "“Rule 0” is met by none of the 20 leads today" in text


def test_what_is_not_there_is_refused_with_what_is(publish_rules: Publish) -> None:
    with pytest.raises(CommandError, match="No rulebook is published"):
        lint()
    publish_rules(german(50))

    with pytest.raises(CommandError, match="There is no version 7; there are: 1."):
        lint("7")
    with pytest.raises(CommandError, match="There is no draft 7; there are: none."):
        lint("--draft", "7")
    with pytest.raises(CommandError, match="not allowed with"):
        lint("1", "--draft", "7")
