from __future__ import annotations

from decimal import Decimal

import pytest

from leads.intake.domains import domain_type
from leads.intake.values import (
    company_key,
    read_amount,
    read_boolean,
    read_country,
    read_domain,
    read_email,
    read_number,
    read_seniority,
    read_whole_number,
    seniority_of_title,
    why_no_amount,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.0", "0"),
        ("1234.5", "1234.5"),
        ("-3", "-3"),
        ("1,234", "1234"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("12,5", "12.5"),
        ("1 234 567", "1234567"),
        ("1'000.25", "1000.25"),
        ("$ 1,000", "1000"),
        ("1000 EUR", "1000"),
        ("12.50000", "12.5"),
        ("99999999999.9999", "99999999999.9999"),
    ],
)
def test_read_number_reads_both_ways_of_writing_it(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "11-50",
        "ten",
        "1,23,4",
        "1.2.3",
        "0.12345",
        "100000000000",
        "1e5",
        "NaN",
        "--1",
        "1.234,56,7",
        "٣",
    ],
)
def test_read_number_refuses_what_is_no_number_of_15_digits(text: str) -> None:
    assert read_number(text) is None


def test_read_whole_number_takes_no_fraction_and_nothing_below_zero() -> None:
    assert [read_whole_number(text) for text in ("12.0", "1,200", "12.5", "-1")] == [12, 1200, None, None]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-5", "is below zero"),
        ("$ -5", "is below zero"),
        ("1.23456789", "has more than 4 decimal places"),
        ("1.234,56789", "has more than 4 decimal places"),
        ("1234567890123", "has more than 11 digits before the point"),
        ("much", "is not a number"),
        ("1e5", "is not a number"),
        ("--1", "is not a number"),
    ],
)
def test_why_no_amount_names_what_is_wrong(text: str, why: str) -> None:
    assert read_amount(text) is None
    assert why_no_amount(text) == why


def test_read_amount_begins_at_zero() -> None:
    assert [read_amount(text) for text in ("0", "-0", "1.5")] == [0, 0, Decimal("1.5")]


def test_read_boolean_knows_the_usual_words() -> None:
    assert [read_boolean(text) for text in ("Yes", "0", "TRUE", "Sí", "maybe")] == [
        True,
        False,
        True,
        True,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("United states", "US"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("Czech Republic", "CZ"),
        ("CÔTE D'IVOIRE", "CI"),
        ("Brasil", "BR"),
        ("NA", "NA"),
        ("Narnia", None),
    ],
)
def test_read_country_understands_codes_and_names(text: str, code: str | None) -> None:
    assert read_country(text) == code


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("CEO", "c_level"),
        ("Co-Founder & CTO", "c_level"),
        ("Chief Revenue Officer", "c_level"),
        ("President", "c_level"),
        ("Vice President, Sales", "vp"),
        ("SVP Marketing", "vp"),
        ("Head of Growth", "head"),
        ("Director of Demand Generation", "director"),
        ("Managing Director", "c_level"),
        ("Marketing Manager", "manager"),
        ("Software Engineer", "individual"),
        ("Product Owner", "individual"),
        ("Assistant to the CEO", "individual"),
        ("Marketing Intern", "student"),
        ("PhD Student", "student"),
    ],
)
def test_seniority_of_title(title: str, seniority: str) -> None:
    assert seniority_of_title(title) == seniority


def test_read_seniority_takes_our_codes_and_usual_names() -> None:
    assert [read_seniority(text) for text in ("C-Level", "Vice President", "vp", "Entry", "boss")] == [
        "c_level",
        "vp",
        "vp",
        "individual",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ann.Lee+x@Acme.co.uk", "Ann.Lee+x@Acme.co.uk"),
        ("mailto:ann@acme.com", "ann@acme.com"),
        ("Ann Lee <ann@acme.com>", "ann@acme.com"),
        ("ann@bücher.de", "ann@bücher.de"),
        ("ann@acme", None),
        ("ann acme.com", None),
        ("a..b@acme.com", None),
        ("a" * 65 + "@acme.com", None),
        ("a@" + "b" * 64 + ".com", None),
        ("a@" + "bcd." * 70 + "com", None),
    ],
)
def test_read_email(text: str, email: str | None) -> None:
    assert read_email(text) == email


def test_read_domain_takes_web_addresses() -> None:
    texts = (
        "https://www.Acme.com/x?y",
        "acme.com.",
        "WikiFire.co.uk",
        "bücher.de",
        "no domain",
        "http://[::1",
        "10",
    )

    assert [read_domain(text) for text in texts] == [
        "acme.com",
        "acme.com",
        "wikifire.co.uk",
        "bücher.de",
        None,
        None,
        None,
    ]


def test_company_key_leaves_case_punctuation_and_legal_form_aside() -> None:
    assert len({company_key(name) for name in ("ACME", "Acme, Inc.", "acme GmbH & Co. KG", "Acme S.A.")}) == 1
    assert company_key("Group") == "group"
    assert company_key("Łódź Sp. z o.o.") == "łódź"


def test_domain_type() -> None:
    domains = ("acme.com", "gmail.com", "mit.edu", "cs.ox.ac.uk", "uni-koeln.de", "")

    assert [domain_type(domain) for domain in domains] == [
        "business",
        "free",
        "academic",
        "academic",
        "academic",
        "",
    ]
