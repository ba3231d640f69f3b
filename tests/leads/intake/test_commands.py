from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leads.models import Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path


def call(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_report_is_for_people(folder: Path) -> None:
    path = folder / "leads.csv"
    path.write_text("email,City\nann@acme.com,Berlin\nnobody,x\n")

    text = call("import_leads", path)

    assert f"{path}: 2 rows of leads" in text
    assert "new                1" in text
    assert "City → city" in text
    assert "Refused line 3: “nobody” is not an e-mail address." in text
    assert str(folder / "data" / "imports" / "leads-refused-") in text


def test_the_report_is_for_programs(folder: Path) -> None:
    path = folder / "leads.csv"
    path.write_text("email,City\nann@acme.com,Berlin\nnobody,x\n")

    report = json.loads(call("import_leads", path, "--json", "--dry-run"))

    assert (report["rows"], report["new"], report["refused"], report["dry_run"]) == (2, 1, 1, True)
    assert report["refusals"] == [{"line": 3, "reason": "“nobody” is not an e-mail address."}]
    assert not Lead.objects.exists()


def test_all_options_are_understood(folder: Path) -> None:
    path = folder / "leads.csv"
    path.write_text("no,mail,town,seen\n7,ann@acme.com,offen,03-02-2018\n")

    call(
        "import_leads", path, "--map", "no=external_id", "--map", "town=city", "--set", "source=fair",
        "--map=seen=created_at",
        "--date-order", "dmy", "--source-system", "crm", "--erase-blanks", "--unknown", "offen",
    )  # fmt: skip

    lead = Lead.objects.get()
    assert (lead.external_id, lead.email, lead.city, lead.source) == ("7", "ann@acme.com", "", "fair")
    assert lead.created_day.isoformat() == "2018-02-03"
    assert lead.identifiers.get(kind="external_id").source_system == "crm"


@pytest.mark.parametrize("command", ["import_leads", "import_activities", "import_history"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"<html><body>404</body></html>", "HTML or XML page"),
        (b"PK\x03\x04" + bytes(300), "a spreadsheet or a zip archive"),
        (bytes(range(256)) * 8, "binary file"),
        (b"email,email,type,stage,date\n", "two columns named"),
        (b"email,type,stage,date\na@b.com,x\x00y,lead,2025-01-01\n", "NUL byte on line 2"),
        (b"email,type,stage,date\na@b.com," + b"x" * 10_000_000 + b",lead,2025-01-01\n", "on line 2"),
        (b"email,type,stage,date\n", "no rows"),
    ],
)
def test_a_file_that_is_no_csv_ends_the_command_with_one_sentence(
    folder: Path, command: str, content: bytes | None, said: str
) -> None:
    path = folder / "file.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=said) as refusal:
        call(command, path)

    assert refusal.value.returncode == 1
    assert "\n" not in str(refusal.value)


def test_a_directory_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="is a directory"):
        call("import_leads", folder)


@pytest.mark.parametrize("row", ["nobody", "ann@acme.com,x,y", "ann@acme.com,2025-02-30"])
def test_a_file_of_which_every_row_is_refused_ends_the_command(folder: Path, row: str) -> None:
    path = folder / "file.csv"
    path.write_text(f"email,created_at\n{row}\n")

    with pytest.raises(CommandError, match="All rows of .* were refused") as refusal:
        call("import_leads", path)

    assert refusal.value.returncode == 1
    assert not Lead.objects.exists()


def test_a_refusal_is_json_too(folder: Path) -> None:
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("import_leads", str(folder / "none.csv"), "--json", stdout=out)

    assert json.loads(out.getvalue())["error"].startswith("There is no file")
