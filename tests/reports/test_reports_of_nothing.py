"""Every report on a database without a single lead: empty states, and no error."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from reports.catalogue import all_reports
from reports.document import Kind
from tests.reports.every_report import numbers_of

pytestmark = pytest.mark.anydatabase

each_report = pytest.mark.parametrize("report", all_reports(), ids=lambda report: report.key)


@each_report
def test_page_of_nothing_is_shown(signed_in, report):
    for query in ("", "?compare=previous", "?period=last_30_days&as_of=2026-01-01"):
        response = signed_in.get(f"/reports/{report.key}/{query}")

        assert response.status_code == 200
        counts = [
            number for _, number in numbers_of(response.context["document"]) if number.kind is Kind.COUNT
        ]
        assert {number.value for number in counts} <= {0, None}


@each_report
@pytest.mark.parametrize("form", ["--json", "--csv", "--compare=year"])
def test_command_on_nothing_prints(db, capsys, report, form):
    call_command("report", report.key, form)

    assert capsys.readouterr().out.strip()
