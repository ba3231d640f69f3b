"""How much a browser fetches for the first view of a report: sizes as they are sent, compressed."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from leads.models import Role
from reports.catalogue import all_reports
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
MOST = 700_000
# What the style sheets ask for: letters of English, and of the names of half of Europe.
FONTS = {"vendor/inter-latin-5.3.0.woff2", "vendor/inter-european-5.3.0.woff2"}


@cache
def sent(path: str) -> int:
    content = Path(finders.find(path)).read_bytes()
    return len(content) if path.endswith(".woff2") else len(gzip.compress(content, 6))


@pytest.mark.parametrize("report", all_reports(), ids=lambda report: report.key)
def test_first_view_of_a_report_is_light(report, eight_leads):
    client = Client(headers={"Accept-Encoding": "gzip"})
    client.force_login(UserFactory(role=Role.MANAGER))

    page = client.get(f"/reports/{report.key}/?first_day=2026-01-01&last_day=2026-12-31")

    assert page["Content-Encoding"] == "gzip"
    files = set(re.findall(r'(?:href|src)="/static/([^"#]+)', gzip.decompress(page.content).decode()))
    assert {"css/reports.css", "js/app.js"} <= files
    assert any("plotly" in path and path.endswith(".js") for path in files)
    assert len(page.content) + sum(map(sent, files | FONTS)) < MOST
