from __future__ import annotations

import pytest

from leads.intake.errors import FileRefused
from leads.intake.mapping import ACTIVITIES, HISTORY, LEADS, RecordKind, map_columns, parse_pairs

HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Lead Status,Create Date,Job Title,"
    "Company Name,Associated Company IDs,Country/Region,State/Region,City,Industry,Number of Employees,Annual Revenue,"
    "Original Source,Website URL,Unsubscribed from all email"
)
SALESFORCE = (
    "Lead ID,First Name,Last Name,Title,Company / Account,Email,Phone,Lead Source,Lead Status,Lead Owner,Rating,"
    "Industry,No. of Employees,Annual Revenue,Country,State/Province,City,Website,Create Date,Email Opt Out"
)
MAUTIC = "id,dateAdded,points,title,firstname,lastname,company,position,email,phone,city,state,zipcode,country,website"
PIPEDRIVE = (
    "Lead - ID,Lead - Title,Lead - Source,Lead - Lead created,Lead - Owner,Person - ID,Person - Name,"
    "Person - Email - Work,Person - Phone - Work,Person - Organization"
)
ZOHO = (
    "Record Id,Lead Owner,Company,First Name,Last Name,Designation,Title,Email,Phone,Website,Lead Source,Lead Status,"
    "Industry,No of Employees,Annual Revenue,Created Time,City,State,Country,Email Opt Out"
)


def mapped(kind: RecordKind, header: str, *maps: str) -> dict[str, str]:
    names = header.split(",")
    mapping = map_columns(kind, names, maps=parse_pairs("--map", maps))
    return {field: names[index] for field, index in mapping.columns.items()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            HUBSPOT,
            {
                "external_id": "Record ID",
                "email": "Email",
                "phone": "Phone Number",
                "owner": "Contact owner",
                "created_at": "Create Date",
                "job_title": "Job Title",
                "company": "Company Name",
                "company_domain": "Website URL",
                "country": "Country/Region",
                "region": "State/Region",
                "employees": "Number of Employees",
                "source": "Original Source",
                "email_opt_out": "Unsubscribed from all email",
            },
        ),
        (
            SALESFORCE,
            {
                "external_id": "Lead ID",
                "job_title": "Title",
                "company": "Company / Account",
                "employees": "No. of Employees",
                "region": "State/Province",
                "source": "Lead Source",
                "created_at": "Create Date",
                "email_opt_out": "Email Opt Out",
            },
        ),
        (
            MAUTIC,
            {
                "external_id": "id",
                "job_title": "position",
                "first_name": "firstname",
                "company": "company",
                "region": "state",
                "created_at": "dateAdded",
                "company_domain": "website",
            },
        ),
        (
            PIPEDRIVE,
            {
                "external_id": "Person - ID",
                "name": "Person - Name",
                "email": "Person - Email - Work",
                "phone": "Person - Phone - Work",
                "company": "Person - Organization",
                "source": "Lead - Source",
                "created_at": "Lead - Lead created",
                "owner": "Lead - Owner",
            },
        ),
        (
            ZOHO,
            {
                "external_id": "Record Id",
                "job_title": "Designation",
                "company": "Company",
                "created_at": "Created Time",
                "owner": "Lead Owner",
                "employees": "No of Employees",
            },
        ),
    ],
    ids=["HubSpot", "Salesforce", "Mautic", "Pipedrive", "Zoho"],
)
def test_exports_of_the_usual_programs_are_mapped(header: str, expected: dict[str, str]) -> None:
    found = mapped(LEADS, header)

    assert {field: found.get(field) for field in expected} == expected


def test_other_columns_become_attributes_under_keys_of_their_own() -> None:
    mapping = map_columns(
        LEADS, ["Email", "Deal Stage", "pageLanguage", "deal-stage", "Łódź?", "", "refused_line"]
    )

    assert [(column.label, column.key) for column in mapping.custom] == [
        ("Deal Stage", "deal_stage"),
        ("pageLanguage", "page_language"),
        ("deal-stage", "deal_stage_2"),
        ("Łódź?", "łódź"),
    ]


def test_what_is_given_goes_before_what_is_guessed() -> None:
    found = mapped(LEADS, "email,backup mail,title", "backup mail=email", "title=attributes.salutation")

    assert found == {"email": "backup mail"}


def test_a_column_can_be_left_out() -> None:
    mapping = map_columns(LEADS, ["email", "notes"], maps=[("Notes", "ignore")])

    assert (mapping.custom, mapping.ignored) == ((), ("notes",))


def test_columns_of_history_that_mean_nothing_are_left_out() -> None:
    mapping = map_columns(HISTORY, ["lead", "stage", "date", "colour"])

    assert (mapping.columns["entered_at"], mapping.ignored) == (2, ("colour",))


@pytest.mark.parametrize(
    ("kind", "header", "maps", "said"),
    [
        (LEADS, "email,x", ["y=city"], "no column “y”; the columns are: email, x"),
        (LEADS, "email,x", ["x=town"], "“town” is no field of leads; allowed are: external_id, email"),
        (LEADS, "email,x,y", ["x=city", "y=city"], "Two columns are mapped to city"),
        (LEADS, "first name,city", [], r"\(external_id or email\).*--map #=external_id"),
        (LEADS, "email", ["email"], "--map email cannot be read; write --map COLUMN=FIELD"),
        (ACTIVITIES, "email,type", [], "No column holds occurred_at"),
        (ACTIVITIES, "type,date", [], "which lead"),
        (HISTORY, "email,date", [], "No column holds stage: .*--set stage=VALUE"),
        (HISTORY, "email,date,stage,x", ["x=attributes.y"], "no field of history"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_what_is_allowed(
    kind: RecordKind, header: str, maps: list[str], said: str
) -> None:
    with pytest.raises(FileRefused, match=said):
        mapped(kind, header, *maps)
