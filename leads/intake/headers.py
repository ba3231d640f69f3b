"""Which header names stand for which facts, in the exports of the usual programs.

Names are compacted to letters and digits. For each field the first name that is present wins, so
the most telling stands first.
"""

from __future__ import annotations

from dataclasses import dataclass

from leads.folding import fold


def compact(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


LEAD_HEADERS: dict[str, tuple[str, ...]] = {
    "external_id": (
        "externalid",
        "leadid",
        "contactid",
        "recordid",
        "personid",
        "mqlid",
        "prospectid",
        "customerid",
        "userid",
        "id",
    ),
    "email": (
        "email",
        "emailaddress",
        "mail",
        "workemail",
        "businessemail",
        "primaryemail",
        "personemailwork",
        "personemail",
        "email1",
        "emailwork",
        "personemailhome",
        "personemailother",
    ),
    "name": ("fullname", "name", "leadname", "contactname", "personname"),
    "first_name": ("firstname", "givenname", "forename", "personfirstname"),
    "last_name": ("lastname", "surname", "familyname", "personlastname"),
    "job_title": ("jobtitle", "title", "position", "designation", "role", "personjobtitle", "jobrole"),
    "seniority": ("seniority", "senioritylevel", "employmentseniority", "managementlevel"),
    "department": ("department", "employmentrole", "jobfunction"),
    "phone": (
        "phone",
        "phonenumber",
        "telephone",
        "workphone",
        "businessphone",
        "personphonework",
        "personphone",
        "phone1",
        "mobile",
        "mobilephone",
        "mobilephonenumber",
        "personphonemobile",
    ),
    "company": (
        "company",
        "companyname",
        "companyaccount",
        "accountname",
        "account",
        "organization",
        "organisation",
        "organizationname",
        "personorganization",
        "leadorganization",
        "associatedcompany",
        "associatedcompanies",
        "primaryassociatedcompany",
        "employer",
    ),
    "company_domain": (
        "companydomain",
        "companydomainname",
        "domain",
        "website",
        "websiteurl",
        "companywebsite",
        "url",
        "organizationwebsite",
    ),
    "industry": ("industry", "companyindustry", "sector", "organizationindustry"),
    "employees": (
        "employees",
        "numberofemployees",
        "noofemployees",
        "numemployees",
        "employeecount",
        "companysize",
        "organizationnumberofemployees",
        "organizationemployeecount",
        "companynumberofemployees",
    ),
    "annual_revenue": ("annualrevenue", "revenue", "companyannualrevenue", "organizationannualrevenue"),
    "country": (
        "country",
        "countryregion",
        "countrycode",
        "mailingcountry",
        "companycountry",
        "organizationcountryofaddress",
        "personcountryofpostaladdress",
    ),
    "region": (
        "region",
        "state",
        "stateprovince",
        "stateregion",
        "province",
        "mailingstate",
        "mailingstateprovince",
        "companystate",
    ),
    "city": ("city", "town", "mailingcity", "companycity", "organizationcitytownvillagelocalityofaddress"),
    "source": (
        "source",
        "leadsource",
        "originalsource",
        "originaltrafficsource",
        "originalsourcetype",
        "utmsource",
        "leadsourceorigin",
        "origin",
        "leadorigin",
        "personsource",
    ),
    "channel": ("channel", "leadsourcechannel", "sourcechannel", "utmmedium", "medium"),
    "campaign": ("campaign", "campaignname", "utmcampaign", "originalcampaign", "leadcampaign"),
    "landing_page": (
        "landingpage",
        "landingpageurl",
        "firstpageseen",
        "entrypage",
        "landingpageid",
    ),
    "created_at": (
        "createdat",
        "createdate",
        "createddate",
        "datecreated",
        "dateadded",
        "createdtime",
        "createdon",
        "creationdate",
        "created",
        "leadleadcreated",
        "leadcreated",
        "personpersoncreated",
        "personcreated",
        "firstcontactdate",
        "dateidentified",
    ),
    "owner": (
        "owneremail",
        "owner",
        "leadowner",
        "contactowner",
        "recordowner",
        "assignedto",
        "personowner",
        "salesrep",
    ),
    "email_opt_out": (
        "emailoptout",
        "hasoptedoutofemail",
        "optedoutofemail",
        "unsubscribedfromallemail",
        "donotemail",
        "unsubscribed",
        "emailoptedout",
    ),
}


@dataclass(frozen=True)
class Shape:
    """An export whose header gives some names a meaning of their own."""

    program: str
    signature: frozenset[str]
    headers: dict[str, tuple[str, ...]]


SHAPES = (
    # Mautic's "title" is Mr. or Ms.; the job is "position".
    Shape("Mautic", frozenset({"firstname", "lastname", "points"}), {"job_title": ("position",)}),
    Shape(
        "Mautic",
        frozenset({"title", "firstname", "lastname", "zipcode", "ip"}),
        {"job_title": ("position",)},
    ),
    # Pipedrive's "Lead - Title" names the deal to be, and "Person - Name" the person.
    Shape(
        "Pipedrive",
        frozenset({"personname"}),
        {
            "name": ("personname",),
            "job_title": ("personjobtitle",),
            "external_id": ("personid", "leadid", "id"),
            "source": ("leadsource", "leadsourceorigin", "personsource"),
        },
    ),
    # A Salesforce "Account ID" is the company's, "Lead Status" and "Rating" stay attributes.
    Shape(
        "Salesforce",
        frozenset({"leadsource", "companyaccount"}),
        {"company": ("companyaccount",), "job_title": ("title",)},
    ),
    # HubSpot's "Record ID" is the contact's; "Associated Company IDs" are numbers.
    Shape(
        "HubSpot",
        frozenset({"recordid", "lifecyclestage"}),
        {
            "external_id": ("recordidcontact", "recordid"),
            "company": ("companyname", "associatedcompany", "primaryassociatedcompany"),
        },
    ),
    # Zoho's "Title" is the job only where there is no "Designation"; "Salutation" is apart.
    Shape(
        "Zoho",
        frozenset({"recordid", "leadowner"}),
        {"external_id": ("recordid",), "job_title": ("designation", "title")},
    ),
)

_LEAD_NAMES = (
    "lead",
    "leadid",
    "leadexternalid",
    "mqlid",
    "contactid",
    "email",
    "emailaddress",
    "leademail",
    "contactemail",
    "recordid",
    "prospectid",
    "customerid",
    "userid",
)

ACTIVITY_HEADERS: dict[str, tuple[str, ...]] = {
    "lead": _LEAD_NAMES,
    "type": ("type", "activitytype", "eventtype", "event", "activity", "eventname", "action"),
    "occurred_at": (
        "occurredat",
        "timestamp",
        "date",
        "datehit",
        "activitydate",
        "eventdate",
        "eventtime",
        "occurredon",
        "time",
        "dateadded",
        "datesubmitted",
        "createdat",
    ),
    "asset": ("asset", "url", "page", "pageurl", "pagetitle", "content", "formname", "assetname"),
    "campaign": ("campaign", "campaignname", "utmcampaign"),
    "external_id": ("externalid", "eventid", "activityid", "messageid"),
    "recorded_at": ("recordedat", "receivedat", "loadedat"),
}

HISTORY_HEADERS: dict[str, tuple[str, ...]] = {
    "lead": (*_LEAD_NAMES, "externalid", "id"),
    "stage": ("stage", "lifecyclestage", "newstage", "tostage", "newvalue"),
    "entered_at": (
        "enteredat",
        "stageenteredat",
        "changedat",
        "date",
        "timestamp",
        "wondate",
        "closedate",
        "stagedate",
        "editdate",
        "firstcontactdate",
    ),
    "actor": ("actor", "changedby", "user", "by", "owner", "editedby", "srid"),
    "reason": ("reason", "lossreason", "lostreason", "disqualifiedreason"),
    "amount": ("amount", "dealamount", "value", "dealvalue", "declaredmonthlyrevenue"),
    "currency": ("currency", "currencycode", "dealcurrency"),
}
