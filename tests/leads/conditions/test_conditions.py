"""Each operator on each kind of field, in SQL and in Python, against answers written down here."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from leads.conditions import (
    Condition,
    ConditionError,
    activity_fields,
    condition_sql,
    dialect_of,
    fact_of,
    holds,
    is_known,
    known_sql,
    lead_fields,
    operators_for,
    parse_condition,
)
from leads.models import Activity, ActivityType, Asset, AttributeKey, Campaign, Company, Lead

pytestmark = pytest.mark.django_db

FROM_LEADS = "SELECT l.id FROM leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id WHERE "
FROM_ACTIVITIES = "SELECT a.id FROM leads_activity a WHERE "


@pytest.fixture
def leads() -> dict[str, Lead]:
    for key, type_ in [("plan", "text"), ("seats", "number"), ("renewal", "date"), ("trial", "boolean")]:
        AttributeKey.objects.create(scope="lead", key=key, label=key.title(), type=type_)
    acme = Company.objects.create(
        name="Ärger GmbH",
        domain="acme.example",
        country="DE",
        employees=250,
        annual_revenue=Decimal("1000000.5"),
    )
    launch = Campaign.objects.create(name="Launch 2024")
    return {
        "ann": Lead.objects.create(
            email="ann@acme.example",
            job_title="VP of Élan 100%_x",
            seniority="vp",
            country="DE",
            employees=50,
            annual_revenue=Decimal("12.3456"),
            email_opt_out=True,
            company=acme,
            campaign=launch,
            created_at=datetime(2024, 2, 29, 12, tzinfo=UTC),
            attributes_typed={"plan": "gold", "seats": 105_000, "renewal": 19_782, "trial": True},
        ),
        "bob": Lead.objects.create(
            email="bob@b.example",
            job_title="Head of IT",
            seniority="head",
            country="US",
            employees=51,
            annual_revenue=Decimal("12.3457"),
            email_opt_out=False,
            created_at=datetime(2024, 3, 1, 12, tzinfo=UTC),
            attributes_typed={"plan": 7, "seats": "10", "trial": False},
        ),
        "nobody": Lead.objects.create(external_id="1", created_at=datetime(1969, 12, 31, tzinfo=UTC)),
    }


CASES: list[tuple[str, str, list[Any], set[str]]] = [
    ("job_title", "is", ["HEAD OF it"], {"bob"}),
    ("job_title", "is_not", ["head of it"], {"ann"}),
    ("job_title", "in", ["head of it", "x"], {"bob"}),
    ("job_title", "in", ["1", "2", "3", "4", "5", "HEAD OF IT"], {"bob"}),
    ("job_title", "not_in", ["1", "2", "3", "4", "5", "head of it"], {"ann"}),
    ("job_title", "contains", ["E\u0301LAN"], {"ann"}),
    ("job_title", "contains", ["100%_"], {"ann"}),
    ("job_title", "contains", ["%"], {"ann"}),
    ("job_title", "contains", ["100__"], set()),
    ("job_title", "contains", ["1", "2", "3", "4", "OF "], {"ann", "bob"}),
    ("job_title", "not_contains", ["élan"], {"bob"}),
    ("job_title", "not_contains", ["x", "y", "z", "w", "v"], {"bob"}),
    ("job_title", "starts_with", ["vp "], {"ann"}),
    ("job_title", "starts_with", ["a", "b", "c", "d", "HEAD"], {"bob"}),
    ("job_title", "ends_with", [" it"], {"bob"}),
    ("job_title", "ends_with", ["a", "b", "c", "d", "_X"], {"ann"}),
    ("job_title", "ends_with", ["a much longer text than the title is, by far"], set()),
    ("job_title", "is_known", [], {"ann", "bob"}),
    ("job_title", "is_unknown", [], {"nobody"}),
    ("seniority", "in", ["VP", "c_level"], {"ann"}),
    ("seniority", "not_in", ["vp"], {"bob"}),
    ("seniority", "contains", ["EA"], {"bob"}),
    ("country", "is", ["de"], {"ann"}),
    ("country", "is_not", ["DE"], {"bob"}),
    ("country", "starts_with", ["u"], {"bob"}),
    ("country", "is_unknown", [], {"nobody"}),
    ("campaign", "is", ["LAUNCH 2024"], {"ann"}),
    ("campaign", "is_not", ["launch 2024"], set()),
    ("campaign", "is_known", [], {"ann"}),
    ("campaign", "is_unknown", [], {"bob", "nobody"}),
    ("employees", "eq", [50], {"ann"}),
    ("employees", "gt", [50], {"bob"}),
    ("employees", "gte", ["50"], {"ann", "bob"}),
    ("employees", "lt", [50.5], {"ann"}),
    ("employees", "lte", [51], {"ann", "bob"}),
    ("employees", "between", [51, 60], {"bob"}),
    ("employees", "is_known", [], {"ann", "bob"}),
    ("employees", "is_unknown", [], {"nobody"}),
    ("annual_revenue", "eq", ["12.3456"], {"ann"}),
    ("annual_revenue", "gt", ["12.3456"], {"bob"}),
    ("annual_revenue", "between", ["-1.5", "12.3456"], {"ann"}),
    ("created_at", "eq", ["2024-02-29"], {"ann"}),
    ("created_at", "gt", ["2024-02-29"], {"bob"}),
    ("created_at", "lt", ["1970-01-01"], {"nobody"}),
    ("created_at", "between", ["2024-02-29", "2024-03-01"], {"ann", "bob"}),
    ("email_opt_out", "is_true", [], {"ann"}),
    ("email_opt_out", "is_false", [], {"bob"}),
    ("email_opt_out", "is_unknown", [], {"nobody"}),
    ("company.name", "contains", ["ÄRGER"], {"ann"}),
    ("company.name", "not_contains", ["nix"], {"ann"}),
    ("company.name", "is_unknown", [], {"bob", "nobody"}),
    ("company.country", "is", ["DE"], {"ann"}),
    ("company.employees", "lte", [250], {"ann"}),
    ("company.employees", "is_unknown", [], {"bob", "nobody"}),
    ("company.annual_revenue", "gte", ["1000000.5"], {"ann"}),
    ("attributes.plan", "is", ["GOLD"], {"ann"}),
    ("attributes.plan", "is_not", ["silver"], {"ann"}),
    ("attributes.plan", "starts_with", ["a", "b", "c", "d", "go"], {"ann"}),
    ("attributes.plan", "is_unknown", [], {"bob", "nobody"}),
    ("attributes.seats", "eq", ["10.5"], {"ann"}),
    ("attributes.seats", "lt", [10], set()),
    ("attributes.seats", "between", [10, 11], {"ann"}),
    ("attributes.seats", "is_unknown", [], {"bob", "nobody"}),
    ("attributes.renewal", "gte", ["2024-02-29"], {"ann"}),
    ("attributes.renewal", "is_known", [], {"ann"}),
    ("attributes.trial", "is_true", [], {"ann"}),
    ("attributes.trial", "is_false", [], {"bob"}),
    ("attributes.trial", "is_unknown", [], {"nobody"}),
]


def matched(sql: str, condition: Condition) -> set[int]:
    fragment = condition_sql(condition, dialect_of(connection))
    with connection.cursor() as cursor:
        cursor.execute(sql + fragment.sql + " ORDER BY 1", fragment.params)
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.parametrize(("field", "operator", "values", "expected"), CASES)
def test_condition_on_leads_means_the_same_in_sql_and_in_python(
    field: str, operator: str, values: list[Any], expected: set[str], leads: dict[str, Lead]
) -> None:
    values = [Decimal(str(value)) if isinstance(value, float) else value for value in values]
    condition = parse_condition(lead_fields(), field=field, operator=operator, values=values)
    names = {lead.pk: name for name, lead in leads.items()}
    fresh = {name: Lead.objects.get(pk=lead.pk) for name, lead in leads.items()}

    in_sql = {names[pk] for pk in matched(FROM_LEADS, condition)}
    in_python = {name for name, lead in fresh.items() if holds(condition, fact_of(lead, condition.field))}

    assert in_sql == expected
    assert in_python == expected


def test_cases_cover_every_operator() -> None:
    covered = {operator for _field, operator, _values, _expected in CASES}

    assert covered == {str(operator) for field in lead_fields().values() for operator in operators_for(field)}


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        ("asset", "contains", ["/PRICING"], {0}),
        ("asset", "not_contains", ["/pricing"], {1}),
        ("asset", "is_known", [], {0, 1}),
        ("asset", "is_unknown", [], {2}),
        ("campaign", "is", ["spring"], {0}),
        ("campaign", "is_unknown", [], {1, 2}),
        ("properties.minutes", "gte", [30], {0}),
        ("properties.minutes", "is_unknown", [], {1, 2}),
    ],
)
def test_condition_on_activities_means_the_same_in_sql_and_in_python(
    field: str, operator: str, values: list[Any], expected: set[int]
) -> None:
    AttributeKey.objects.create(scope="activity", key="minutes", label="Minutes", type="number")
    lead = Lead.objects.create(external_id="1")
    common = {"lead": lead, "type": ActivityType.objects.get(code="page_view"), "known_at": lead.created_at}
    keys = [f"00000000-0000-0000-0000-00000000000{index}" for index in range(3)]
    activities = [
        Activity.objects.create(
            **common,
            occurred_at=lead.created_at,
            key=keys[0],
            asset=Asset.objects.create(name="/Pricing/all"),
            campaign=Campaign.objects.create(name="Spring"),
            properties_typed={"minutes": 300_000},
        ),
        Activity.objects.create(
            **common,
            occurred_at=lead.created_at,
            key=keys[1],
            asset=Asset.objects.create(name="/home"),
            properties_typed={"minutes": "long"},
        ),
        Activity.objects.create(**common, occurred_at=lead.created_at, key=keys[2]),
    ]
    condition = parse_condition(activity_fields(), field=field, operator=operator, values=values)

    in_sql = {
        index
        for index, activity in enumerate(activities)
        if activity.pk in matched(FROM_ACTIVITIES, condition)
    }
    in_python = {
        i for i, activity in enumerate(activities) if holds(condition, fact_of(activity, condition.field))
    }

    assert in_sql == expected
    assert in_python == expected


def test_known_means_the_same_in_sql_and_in_python_for_every_field(leads: dict[str, Lead]) -> None:
    for field in lead_fields().values():
        fragment = known_sql(field, dialect_of(connection))
        with connection.cursor() as cursor:
            cursor.execute(FROM_LEADS + fragment.sql, fragment.params)
            in_sql = {row[0] for row in cursor.fetchall()}

        in_python = {lead.pk for lead in Lead.objects.all() if is_known(fact_of(lead, field))}

        assert in_sql == in_python, field.name


@pytest.mark.parametrize(
    ("field", "operator", "values", "part", "words"),
    [
        ("nix", "is", ["x"], "field", "There is no field “nix”; allowed: email"),
        (None, "is", ["x"], "field", "no field “None”"),
        (
            "job_title",
            "gt",
            ["x"],
            "operator",
            "“gt” does not fit job_title, a text field; allowed: is, is_not",
        ),
        ("employees", "contains", ["x"], "operator", "allowed: eq, gt"),
        ("employees", "gt", ["many"], "values[0]", "“many” is no value for employees; write a number"),
        ("employees", "gt", ["1e3"], "values[0]", "a number"),
        ("employees", "gt", [True], "values[0]", "true is no value"),
        ("employees", "gt", ["123456789012"], "values[0]", "at most 11 digits"),
        ("employees", "gt", ["0.00001"], "values[0]", "4 decimal places"),
        ("employees", "between", [1], "values", "takes two values, not 1"),
        ("employees", "between", [2, 1], "values", "between 2 and 1 is empty"),
        ("created_at", "gt", ["2023-02-29"], "values[0]", "a date as YYYY-MM-DD"),
        ("created_at", "gt", ["20230228"], "values[0]", "a date as YYYY-MM-DD"),
        ("email_opt_out", "is_true", ["yes"], "values", "takes no values, not 1"),
        ("seniority", "is", ["boss"], "values[0]", "one of c_level, vp"),
        ("country", "is", ["Germany"], "values[0]", "two letters"),
        ("job_title", "is", ["a", "b"], "values", "takes one value, not 2"),
        ("job_title", "is", [""], "values[0]", "is empty"),
        ("job_title", "is", [5], "values[0]", "write a text"),
        ("job_title", "is", [None], "values[0]", "null is no value"),
    ],
)
def test_condition_that_cannot_be_is_refused_in_a_sentence(
    field: Any, operator: str, values: list[Any], part: str, words: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(lead_fields(), field=field, operator=operator, values=values)

    assert caught.value.part == part
    assert words in caught.value.message
