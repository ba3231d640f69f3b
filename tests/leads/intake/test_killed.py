"""An import that is killed in the middle is resumed by running it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from leads.intake import loading
from leads.intake.loading import CHUNK_ROWS
from leads.intake.options import ImportOptions
from leads.models import Company, Lead, LeadIdentifier, StageChange
from tests.factories import LeadFactory
from tests.leads.intake.snapshots import rows_of_all

ROOT = Path(__file__).parents[3]
# More than one chunk; of SQLite, a few, so that there is time to kill the import between two.
ROWS = max(21_000, CHUNK_ROWS[connection.vendor] + 10_000)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def environment() -> dict[str, str]:
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(settings.DATA_DIR), "ENV_FILE": ""}


def start_import(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "import_leads", str(path), "--json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write_leads(path: Path) -> None:
    with path.open("w") as stream:
        stream.write("external_id,email,company,city,created_at\n")
        stream.writelines(f"x{n},p{n}@c{n // 3}.com,C{n // 3},Berlin,2025-01-01\n" for n in range(ROWS))


def test_a_killed_import_leaves_whole_chunks_and_is_resumed_by_running_it_again(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    write_leads(path)

    process = start_import(path)
    deadline = time.monotonic() + 120
    while not Lead.objects.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed_at = Lead.objects.count()

    assert process.returncode == -signal.SIGKILL
    assert 0 < killed_at < ROWS
    # What is there is whole: each lead has its id and its first stage change.
    assert LeadIdentifier.objects.count() == StageChange.objects.count() == killed_at

    out, _ = start_import(path).communicate(timeout=300)
    report = json.loads(out)

    assert (report["new"], report["unchanged"], report["refused"]) == (ROWS - killed_at, killed_at, 0)
    assert Lead.objects.count() == LeadIdentifier.objects.count() == StageChange.objects.count() == ROWS
    assert Company.objects.count() == ROWS // 3
    before = rows_of_all()
    out, _ = start_import(path).communicate(timeout=300)
    assert json.loads(out)["unchanged"] == ROWS
    assert rows_of_all() == before


def test_two_imports_of_one_file_at_once_store_each_lead_once(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    write_leads(path)

    processes = [start_import(path) for _ in range(2)]
    outcomes = [process.communicate(timeout=300) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], outcomes
    reports = [json.loads(out) for out, _ in outcomes]
    assert sum(report["new"] for report in reports) == ROWS
    assert Lead.objects.count() == LeadIdentifier.objects.count() == StageChange.objects.count() == ROWS
    assert Company.objects.count() == ROWS // 3


def test_a_lead_that_somebody_else_stores_meanwhile_is_matched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("external_id,email,city\nx1,bo@acme.com,Ulm\nx2,ann@acme.com,Berlin\n")
    write = loading._LeadImport._write

    def write_after_another(self: loading._LeadImport) -> None:
        if not Lead.objects.exists():
            LeadFactory(email="ann@acme.com")
        write(self)

    monkeypatch.setattr(loading._LeadImport, "_write", write_after_another)

    report = loading.import_leads(options=ImportOptions(path=path))

    assert (report.new, report.updated, report.unchanged) == (1, 1, 0)
    assert sorted(Lead.objects.values_list("email", "city")) == [
        ("ann@acme.com", "Berlin"),
        ("bo@acme.com", "Ulm"),
    ]
