"""What an address asks, and how the numbers of its answer are written."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from reports.asking import Asked, ask
from reports.catalogue import all_reports, report_called
from reports.document import Kind, Number
from reports.period import Period
from reports.wording import change_of, interval_words, number_words

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 15)


def asked(key: str, **parameters: str) -> Asked:
    found = ask(report_called(key), parameters, today=TODAY).asked
    assert found is not None
    return found


@pytest.mark.parametrize("key", [report.key for report in all_reports() if report.compares])
def test_half_a_month_is_compared_with_half_a_month(key):
    found = asked(key, period="this_month", compare="previous")

    assert found.question.before == Period(date(2026, 5, 1), date(2026, 5, 16))
    assert (found.length_words, found.before_words) == ("15 of 30 days", "1 May 2026 to 15 May 2026")
    last = asked(key, period="last_month", compare="year")
    assert last.question.before == Period(date(2025, 5, 1), date(2025, 6, 1))
    assert last.length_words == "31 days"


@pytest.mark.parametrize("key", [report.key for report in all_reports() if not report.compares])
def test_report_that_cannot_be_compared_says_nothing_of_it_but_hands_it_on(key, client, django_user_model):
    found = asked(key, compare="previous")

    assert found.question.before is None
    assert "compare=previous" in found.query_for(report_called("funnel"))
    client.force_login(django_user_model.objects.create_user("ann"))
    page = client.get(f"/reports/{key}/?compare=previous").content.decode()
    assert 'name="compare" value="previous"' in page and "compared with" not in page


def page_of(client, django_user_model, address: str) -> str:
    client.force_login(django_user_model.objects.create_user("ann"))
    return html.unescape(client.get(address).content.decode())


def test_period_that_is_still_to_come_is_said_to_be(client, django_user_model):
    page = page_of(
        client, django_user_model, "/reports/sales/?first_day=2026-02-01&last_day=2026-02-28&as_of=2026-01-31"
    )

    assert (
        "The period begins on 1 Feb 2026, after the as-of day, 31 Jan 2026: nothing of it has happened"
        in page
    )


@pytest.mark.parametrize("key", ["overview", "funnel", "conversion"])
def test_period_in_which_nothing_happened_is_no_empty_chart(key, client, django_user_model):
    page = page_of(client, django_user_model, f"/reports/{key}/?first_day=1990-01-01&last_day=1990-01-31")

    assert "Nothing to count here" in page
    assert "data-lf-chart" not in page


def test_paper_says_what_was_asked(client, django_user_model):
    page = page_of(
        client, django_user_model, "/reports/funnel/?first_day=2026-01-01&last_day=2026-01-31&source=-"
    )

    said = re.search(r'class="lf-on-paper">(.*?)</p>', page, re.S)[1]
    assert " ".join(said.split()).startswith("1 Jan 2026 to 31 Jan 2026, as of ")
    assert "· Source: Not recorded · Counted as: Cohort ·" in said


def test_overview_is_always_compared():
    assert asked("overview", compare="none").question.before == asked("overview").question.before is not None


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (Number(166.774, Kind.EXPECTED, interval=(125.86, 207.69)), ("167", "126 to 208")),
        (Number(7.384, Kind.EXPECTED, interval=(2.01, 12.74)), ("7.4", "2.0 to 13")),
        (Number(43.05, Kind.POINTS, interval=(37.75, 48.0)), ("+43.0 points", "+37.8 to +48.0")),
        (Number(-4.26, Kind.POINTS, interval=(-9.0, 0.04)), ("−4.3 points", "−9.0 to 0.0")),
        (Number(-0.071, Kind.SHARE), ("−7.1 %", "")),
    ],
)
def test_numbers_are_written_as_exactly_as_they_are_known(number, words):
    found = number_words(number), interval_words(number)

    assert tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in found) == words


def test_change_is_written_with_its_sign_and_a_space():
    change = change_of(Number(2_816_380, Kind.MONEY, before=133_260))

    assert change is not None
    assert change.words == "+2,013\N{NO-BREAK SPACE}%"
