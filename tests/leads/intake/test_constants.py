from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leads.intake.errors import FileRefused
from leads.intake.report import Report
from leads.models import AttributeKey, Lead

pytestmark = pytest.mark.django_db
Import = Callable[..., Report]

FILE = "email,country,seniority,created_at,size\na@acme.com,DE,vp,2025-01-02,3\n"


@pytest.mark.parametrize(
    ("constant", "said"),
    [
        (
            "country=Narnia",
            "--set country=Narnia: “Narnia” is no known country; allowed is a two-letter code",
        ),
        ("seniority=boss", "“boss” is none of the known levels; allowed is c_level, vp, head,"),
        ("employees=-5", "“-5” is not a whole number from 0; allowed is a whole number from 0."),
        ("annual_revenue=-5", "“-5” is below zero; allowed is a number from 0"),
        ("email_opt_out=perhaps", "“perhaps” is neither yes nor no; allowed is yes or no."),
        ("owner=nobody@acme.com", "is not the e-mail address of a user"),
        ("created_at=soon", "--set created_at=soon: created_at: “soon”"),
        ("attributes.size=big", "“big” cannot be read as number."),
        (f"city={'x' * 201}", "has more than 200 characters."),
        (f"name={'x' * 201}", "last_name has more than 200 characters."),
        ("country=", "“” stands for an unknown value"),
        ("source=n/a", "“n/a” stands for an unknown value"),
        ("email=x@y.com", "--set email would give all rows the same email"),
        ("external_id=7", "--set external_id would give all rows the same external_id"),
        ("stage=mql", "“stage” is no field of leads"),
    ],
)
def test_a_constant_that_is_no_value_of_its_field_refuses_the_file(
    leads: Import, constant: str, said: str
) -> None:
    AttributeKey.objects.create(scope="lead", key="size", label="Size", type="number")

    with pytest.raises(FileRefused) as refusal:
        leads(FILE, constants=(constant,))

    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not Lead.objects.exists()


def test_constants_of_history_and_activities_are_read_too(history: Import, activities: Import) -> None:
    with pytest.raises(FileRefused, match="“foo” is no stage; allowed are: lead, mql"):
        history("lead,stage,date\na@acme.com,mql,2025-01-02\n", constants=("stage=foo",))
    with pytest.raises(FileRefused, match="“much” is no sum of money; allowed is a sum of money from 0"):
        history("lead,stage,date\na@acme.com,mql,2025-01-02\n", constants=("amount=much",))
    with pytest.raises(FileRefused, match="activity type has more than 50 characters"):
        activities("lead,type,date\na@acme.com,visit,2025-01-02\n", constants=(f"type={'x' * 51}",))
    with pytest.raises(FileRefused, match="would give all rows the same external_id"):
        activities("lead,type,date\na@acme.com,visit,2025-01-02\n", constants=("external_id=1",))


def test_the_report_says_where_a_constant_is_taken(tmp_path: Path) -> None:
    path, out = tmp_path / "leads.csv", StringIO()
    path.write_text("email,country,Tier\na@acme.com,FR,low\nb@acme.com,,\n")

    call_command(
        "import_leads", str(path), "--set=country=Germany", "--set=source=fair", "--set=channel=fair",
        "--set=attributes.tier=high", stdout=out,
    )  # fmt: skip

    assert (
        "Columns: email → email, country → country (blank: “Germany”), Tier → attributes.tier (blank: “high”), "
        "“fair” → source, “fair” → channel"
    ) in out.getvalue()
    assert list(
        Lead.objects.order_by("email").values_list("country", "source", "channel", "attributes__tier")
    ) == [("FR", "fair", "fair", "low"), ("DE", "fair", "fair", "high")]


def test_the_command_ends_with_the_sentence(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(FILE)

    with pytest.raises(CommandError, match="“Narnia” is no known country") as refusal:
        call_command("import_leads", str(path), "--set=country=Narnia")

    assert refusal.value.returncode == 1
