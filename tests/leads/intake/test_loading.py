from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from leads.intake.dates import DateOrder
from leads.intake.errors import FileRefused
from leads.models import AttributeKey, Campaign, Company, Lead, LeadIdentifier, Stage, StageChange
from leads.triggers import erasing
from tests.factories import CompanyFactory, UserFactory
from tests.leads.intake.conftest import NOW, Importer, counts
from tests.leads.intake.snapshots import rows_of_all

pytestmark = pytest.mark.django_db


def test_a_lead_keeps_all_facts_of_its_row(leads: Importer) -> None:
    owner = UserFactory(email="Rep@us.example")
    text = (
        "external_id,email,first_name,last_name,job_title,phone,company,website,industry,employees,annual_revenue,"
        "country,state,city,source,channel,campaign,landing_page,created_at,owner,email_opt_out,Plan\n"
        'x1,Ann@Acme.com,Ann,Lée,VP Sales,+49 30,Acme Inc.,https://www.acme.com/de,IT,"1,200",5000000.5,'
        "Germany,Berlin,Köln,social,paid,Spring,/start,2025-03-01 10:00,rep@US.example,yes,Gold\n"
    )

    report = leads(text)

    lead = Lead.objects.get()
    assert counts(report) == (1, 0, 0, 0, 0)
    assert (lead.email, lead.email_folded) == ("Ann@Acme.com", "ann@acme.com")
    assert (lead.email_domain, lead.email_domain_type) == ("acme.com", "business")
    assert (lead.last_name, lead.last_name_folded) == ("Lée", "lée")
    assert (lead.job_title, lead.seniority) == ("VP Sales", "vp")
    assert (lead.company_name, lead.company_domain, lead.industry) == ("Acme Inc.", "acme.com", "IT")
    assert (lead.employees, lead.annual_revenue) == (1200, Decimal("5000000.5"))
    assert (lead.country, lead.region, lead.city_folded) == ("DE", "Berlin", "köln")
    assert (lead.source, lead.channel, lead.campaign) == (
        "social",
        "paid",
        Campaign.objects.get(name="Spring"),
    )
    assert (lead.landing_page, lead.owner, lead.email_opt_out) == ("/start", owner, True)
    assert (lead.attributes, lead.attributes_typed) == ({"plan": "Gold"}, {"plan": "gold"})
    assert (lead.created_at, lead.created_day) == (datetime(2025, 3, 1, 10, tzinfo=UTC), date(2025, 3, 1))
    assert list(lead.identifiers.values_list("source_system", "kind", "value")) == [
        ("csv", "external_id", "x1")
    ]
    assert (lead.stage, lead.stage_entered_at) == (Stage.LEAD, lead.created_at)
    assert [change.occurred_at for change in lead.stage_changes.all()] == [lead.created_at]


def test_a_lead_row_creates_its_company_and_never_changes_its_facts(leads: Importer) -> None:
    known = CompanyFactory(name="Bolt", name_key="bolt", domain="bolt.de", industry="Steel")

    leads("email,company,industry,country\nann@acme.com,Acme,IT,DE\nbo@bolt.de,Bolt Stahl,IT,DE\n")

    acme = Company.objects.get(domain="acme.com")
    assert (acme.name, acme.name_key, acme.industry, acme.country) == ("Acme", "acme", "", "")
    assert Lead.objects.get(email="bo@bolt.de").company == known
    known.refresh_from_db()
    assert (known.name, known.industry) == ("Bolt", "Steel")


def test_companies_match_by_domain_then_by_normalised_name(leads: Importer) -> None:
    leads(
        "external_id,email,company\n1,a@acme.com,Acme GmbH\n2,b@acme.com,Other name\n3,c@gmail.com,ACME Inc.\n"
        "4,d@acme.co.uk,Acme Ltd\n5,,Bolt\n6,,BOLT AG\n"
    )

    companies = dict(Lead.objects.values_list("external_id", "company__name"))
    assert companies == {
        "1": "Acme GmbH",
        "2": "Acme GmbH",
        "3": "Acme GmbH",
        "4": "Acme GmbH",
        "5": "Bolt",
        "6": "Bolt",
    }


def test_free_mail_academic_and_shared_domains_create_no_company(leads: Importer) -> None:
    leads("email,website\na@gmail.com,\nb@mit.edu,\nc@yahoo.com,https://www.facebook.com/me\n")

    assert not Company.objects.exists()
    assert list(Lead.objects.order_by("pk").values_list("email_domain_type", flat=True)) == [
        "free",
        "academic",
        "free",
    ]


def test_blank_cells_and_unknown_values_say_nothing(leads: Importer) -> None:
    leads("email,city,industry,source\nann@acme.com,Berlin,IT,unknown\n")

    report = leads("email,city,industry,source\nann@acme.com,n/a,Select,\n")

    assert counts(report) == (0, 0, 1, 0, 0)
    assert Lead.objects.values_list("city", "industry", "source").get() == ("Berlin", "IT", "unknown")


def test_erase_blanks_erases_what_the_file_has_a_column_for(leads: Importer) -> None:
    leads("email,city,employees,industry,plan\nann@acme.com,Berlin,10,IT,Gold\n")

    report = leads("email,city,employees,plan\nann@acme.com,,,-\n", erase_blanks=True)

    lead = Lead.objects.get()
    assert counts(report) == (0, 1, 0, 0, 0)
    assert (lead.city, lead.city_folded, lead.employees, lead.industry) == ("", "", None, "IT")
    assert (lead.attributes, lead.attributes_typed) == ({}, {})


def test_more_texts_can_stand_for_unknown(leads: Importer) -> None:
    leads("email,city\nann@acme.com,Keine Angabe\n", unknown=("keine angabe",))

    assert Lead.objects.get().city == ""


def test_values_that_cannot_be_read_stay_as_text_and_are_reported(leads: Importer) -> None:
    AttributeKey.objects.create(scope="lead", key="age", label="Age", type="number")
    text = f"email,employees,country,age,city\nann@acme.com,11-50,Narnia,old,{'x' * 201}\n"

    report = leads(text)

    lead = Lead.objects.get()
    assert (lead.employees, lead.country, lead.city) == (None, "", "")
    assert lead.unparsed == {"employees": "11-50", "country": "Narnia", "city": "x" * 201}
    assert (lead.attributes, lead.attributes_typed) == ({"age": "old"}, {})
    assert any(
        "employees is not a whole number" in warning and "line 2" in warning for warning in report.warnings
    )
    assert any("attributes.age cannot be read as number" in warning for warning in report.warnings)
    assert counts(leads(text)) == (0, 0, 1, 0, 0)


def test_negative_revenue_and_employees_are_unreadable(leads: Importer) -> None:
    report = leads("email,employees,annual_revenue\na@acme.com,-5,-5\nb@acme.com,5,1.23456789\n")

    assert list(Lead.objects.order_by("email").values_list("employees", "annual_revenue", "unparsed")) == [
        (None, None, {"employees": "-5", "annual_revenue": "-5"}),
        (5, None, {"annual_revenue": "1.23456789"}),
    ]
    assert [warning.partition(";")[0] for warning in report.warnings] == [
        "employees is not a whole number from 0",
        "annual_revenue is below zero",
        "annual_revenue has more than 4 decimal places",
    ]


def test_a_value_read_later_replaces_the_raw_text(leads: Importer) -> None:
    leads("email,employees,country\nann@acme.com,11-50,Narnia\n")

    leads("email,employees\nann@acme.com,30\n")

    assert Lead.objects.values_list("employees", "unparsed").get() == (30, {"country": "Narnia"})


def test_attributes_are_converted_to_their_declared_types(leads: Importer) -> None:
    for key, kind in (("visits", "number"), ("signed", "date"), ("active", "boolean"), ("plan", "text")):
        AttributeKey.objects.create(scope="lead", key=key, label=key, type=kind)

    leads('email,visits,signed,active,plan\nann@acme.com,"1,234.5",20-10-2017,Yes,GÖLD\n')

    assert Lead.objects.get().attributes_typed == {
        "visits": 12345000,
        "signed": 17459,
        "active": True,
        "plan": "göld",
    }


def test_a_typed_attribute_becomes_unknown_when_its_new_value_cannot_be_read(leads: Importer) -> None:
    AttributeKey.objects.create(scope="lead", key="age", label="Age", type="number")
    leads("email,age\nann@acme.com,41\n")

    leads("email,age\nann@acme.com,old\n")

    assert Lead.objects.values_list("attributes", "attributes_typed").get() == ({"age": "old"}, {})


def test_creation_defaults_to_now_and_only_moves_earlier(leads: Importer) -> None:
    leads("email\nann@acme.com\n")
    assert Lead.objects.get().created_at == NOW

    leads("email,created_at\nann@acme.com,2026-04-01\n", at=datetime(2026, 5, 1, tzinfo=UTC))
    assert Lead.objects.get().created_at == NOW
    report = leads("email,created_at\nann@acme.com,2025-01-01\n")

    lead = Lead.objects.get()
    assert counts(report) == (0, 1, 0, 0, 0)
    assert (lead.created_at, lead.stage_entered_at) == (datetime(2025, 1, 1, tzinfo=UTC),) * 2
    assert list(StageChange.objects.order_by("pk").values_list("occurred_at", "undone")) == [
        (NOW, True),
        (lead.created_at, False),
    ]


def test_a_title_tells_the_seniority_unless_it_is_stated(leads: Importer) -> None:
    leads("email,title,seniority\na@acme.com,CEO,\nb@acme.com,CEO,manager\nc@acme.com,Engineer,\n")
    leads("email,title\nc@acme.com,VP Engineering\n")

    assert list(Lead.objects.order_by("email").values_list("seniority", flat=True)) == [
        "c_level",
        "manager",
        "vp",
    ]


def test_set_fills_rows_that_have_no_value(leads: Importer) -> None:
    leads(
        "email,source\na@acme.com,\nb@acme.com,social\n", constants=("source=webinar", "attributes.list=May")
    )

    assert list(Lead.objects.order_by("email").values_list("source", "attributes__list")) == [
        ("webinar", "May"),
        ("social", "May"),
    ]


def test_a_file_without_ids_can_take_its_line_numbers(leads: Importer) -> None:
    leads("city\nBerlin\nBonn\n", maps=("#=external_id",), source_system="courses")

    assert list(LeadIdentifier.objects.order_by("pk").values_list("source_system", "value")) == [
        ("courses", "2"),
        ("courses", "3"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,Berlin,", "neither an e-mail address nor an external id"),
        (",ann at acme,,", "“ann at acme” is not an e-mail address"),
        ("x1,,,2018-02-30", "created_at: “2018-02-30” is a date that does not exist"),
        ("x1,,,2030-01-01", "created_at: “2030-01-01” lies in the future"),
        ("x1,,,1969-12-30", "created_at: “1969-12-30” lies before 1970"),
        ("x" * 201 + ",,,", "The external id has 201 characters; at most 200"),
        ("x1,a@b.com", "The row has 2 cells, the header 4."),
    ],
)
def test_a_bad_row_is_refused_and_never_stops_the_good_ones(
    leads: Importer, tmp_path: Path, row: str, reason: str
) -> None:
    report = leads(f"external_id,email,city,created_at\ngood1,,,\n{row}\ngood2,,,\n")

    assert counts(report) == (2, 0, 0, 0, 1)
    assert (report.refusals[0].line, reason in report.refusals[0].reason) == (3, True)
    assert report.refused_file is not None
    with Path(report.refused_file).open(encoding="utf-8-sig", newline="") as stream:
        header, refused = csv.reader(stream)
    assert header[:2] == ["refused_line", "refused_reason"]
    assert (refused[0], reason in refused[1], refused[2 : 2 + row.count(",") + 1]) == (
        "3",
        True,
        row.split(","),
    )


def test_the_csv_of_refused_rows_holds_no_formula_and_can_be_imported_again(leads: Importer) -> None:
    first = leads("email,city,phone\nbad,=HYPERLINK(1),+49 30\n")
    assert first.refused_file is not None
    text = Path(first.refused_file).read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert "'+49 30" in text

    report = leads(text.replace("bad", "ann@acme.com"))

    assert counts(report) == (1, 0, 0, 0, 0)
    assert Lead.objects.values_list("city", "phone", "attributes").get() == ("=HYPERLINK(1)", "+49 30", {})


def test_a_dry_run_counts_the_same_and_writes_nothing(leads: Importer, tmp_path: Path) -> None:
    leads("email,city\nann@acme.com,Berlin\nbo@acme.com,Bonn\n")
    before = rows_of_all()
    text = (
        "email,city,new_key\nann@acme.com,Köln,x\nbo@acme.com,Bonn,\ncy@new.com,,\ncy@new.com,Ulm,\nbad,,\n"
    )

    dry = leads(text, dry_run=True)

    assert rows_of_all() == before
    assert not (tmp_path / "refused").exists()
    assert counts(dry) == counts(leads(text)) == (1, 1, 1, 1, 1)


def test_many_chunks_come_to_the_same(leads: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.intake.loading.CHUNK_ROWS", {"sqlite": 3, "postgresql": 3})
    monkeypatch.setattr("leads.intake.loading.BATCH", 4)
    text = "external_id,email,company\n" + "".join(f"{n},p{n}@c{n // 2}.com,C{n // 2}\n" for n in range(20))

    first, second = leads(text), leads(text)

    assert (counts(first), counts(second)) == ((20, 0, 0, 0, 0), (0, 0, 20, 0, 0))
    assert Company.objects.count() == 10
    assert list(Lead.objects.order_by("pk").values_list("external_id", flat=True)) == [
        str(n) for n in range(20)
    ]


def test_an_id_is_never_given_twice(leads: Importer) -> None:
    leads("email\nann@acme.com\n")
    lead = Lead.objects.get()
    taken = lead.pk
    with erasing():
        StageChange.objects.all().delete()
        lead.delete()

    leads("email\nbo@acme.com\n")

    assert Lead.objects.get().pk > taken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "email,created_at\na@b.com,01-02-2018\nb@b.com,03/04/2018\n",
            "Every date can be read day first and month first",
        ),
        (
            "email,created_at\na@b.com,25-02-2018\nb@b.com,02-25-2018\n",
            r"line 2 .*can only be day first.*line 3 .*only month first",
        ),
        ("email,city\n", "has a header and no rows"),
        ("first_name,city\nAnn,Berlin\n", "No column tells which lead"),
    ],
)
def test_a_file_is_refused_as_a_whole(leads: Importer, text: str, said: str) -> None:
    with pytest.raises(FileRefused, match=said):
        leads(text)

    assert not Lead.objects.exists()
    assert not AttributeKey.objects.exists()


def test_a_given_date_order_refuses_the_rows_that_do_not_exist_in_it(leads: Importer) -> None:
    report = leads("email,created_at\na@b.com,25-02-2018\nb@b.com,02-25-2018\n", date_order=DateOrder.DMY)

    assert counts(report) == (1, 0, 0, 0, 1)
    assert "does not exist, read day first" in report.refusals[0].reason


def test_a_text_that_folding_makes_too_long_stays_as_raw_text(leads: Importer) -> None:
    text = f"email,city,company\nann@acme.com,{'İ' * 200},{'&' * 199}x\n"

    leads(text)

    lead = Lead.objects.get()
    assert (lead.city, lead.unparsed) == ("", {"city": "İ" * 200})
    assert counts(leads(text)) == (0, 0, 1, 0, 0)
