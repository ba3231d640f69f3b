"""Invented people: what a form, a badge scan or an enrichment service would say about them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from random import Random

from leadfunnel.demo.companies import DemoCompany
from leadfunnel.demo.places import COUNTRIES, Country

FREE_MAIL = ("gmail.com", "gmail.com", "outlook.com", "gmx.de", "yahoo.com", "icloud.com", "web.de")
UNIVERSITIES = (
    "uni-hafenstadt.edu",
    "northfield.edu",
    "tu-seeberg.edu",
    "st-aldhelm.ac.uk",
    "polytech-valmont.edu",
)


@dataclass(frozen=True)
class Role:
    """`appeal` is what sales thinks of the persona, in log-odds."""

    title: str
    seniority: str
    department: str
    share: int
    appeal: float


ROLES = (
    Role("Chief Operating Officer", "c_level", "Operations", 3, 1.1),
    Role("Managing Director", "c_level", "Management", 4, 0.7),
    Role("CFO", "c_level", "Finance", 2, 0.4),
    Role("VP Operations", "vp", "Operations", 4, 1.3),
    Role("VP People", "vp", "Human resources", 3, 0.9),
    Role("Head of Workforce Planning", "head", "Operations", 6, 1.4),
    Role("Head of Human Resources", "head", "Human resources", 6, 0.8),
    Role("Director of Operations", "director", "Operations", 7, 1.1),
    Role("IT Director", "director", "IT", 4, 0.2),
    Role("Operations Manager", "manager", "Operations", 13, 0.5),
    Role("HR Manager", "manager", "Human resources", 11, 0.2),
    Role("Store Manager", "manager", "Operations", 6, -0.4),
    Role("Marketing Manager", "manager", "Marketing", 5, -1.2),
    Role("Shift Planner", "individual", "Operations", 9, -0.4),
    Role("HR Generalist", "individual", "Human resources", 7, -0.7),
    Role("Business Analyst", "individual", "IT", 6, -0.9),
    Role("Account Executive", "individual", "Sales", 3, -1.7),
)
STUDENT = Role("Student", "student", "", 0, -4.0)
_ROLE_WEIGHTS = [role.share for role in ROLES]

# Some write their own title as it is said in their company; a rule on the title has to cope.
_TITLE_VARIANTS = {
    "Chief Operating Officer": ("COO", "Chief Operating Officer (COO)"),
    "VP Operations": ("Vice President Operations", "VP, Ops"),
    "Head of Human Resources": ("Head of HR", "Head of People"),
    "Operations Manager": ("Ops Manager", "Manager, Operations"),
    "HR Manager": ("Human Resources Manager", "People Manager"),
}
_SYSTEMS = ("SAP", "Workday", "Personio", "BambooHR", "Excel", "none")


@dataclass
class Person:
    first_name: str
    last_name: str
    email: str
    country: Country
    city: str
    role: Role
    mail: str  # business, free or academic
    company: DemoCompany | None
    job_title: str
    phone: str
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def appeal(self) -> float:
        """Fit in log-odds of being accepted by sales, with all that sales would find out."""
        company = self.company.appeal if self.company else -2.0
        return self.role.appeal + company + (-1.3 if self.country.code in ("IN", "BR") else 0.0)


def draw_person(random: Random, *, company: DemoCompany, taken: set[str], number: int) -> Person:
    """A person of the company, or a student, with an address that nobody in `taken` has (it is added)."""
    kind = random.random()
    student, free = kind < 0.025, kind < 0.12
    country = company.country if random.random() < 0.88 else random.choice(COUNTRIES)
    first, last = random.choice(country.first_names), random.choice(country.last_names)
    role = STUDENT if student else random.choices(ROLES, _ROLE_WEIGHTS)[0]
    mail = "academic" if student else "free" if free else "business"
    domain = company.domain
    if mail != "business":
        domain = random.choice(UNIVERSITIES if student else FREE_MAIL)
    return Person(
        first_name=first,
        last_name=last,
        email=_free_address(f"{ascii_name(first)}.{ascii_name(last)}", domain, taken=taken, number=number),
        country=country,
        city=company.city if country is company.country else random.choice(country.cities),
        role=role,
        mail=mail,
        company=None if student else company,
        job_title=_title(random, role),
        phone=f"{country.dial} {random.randint(20, 89)} {random.randint(1000000, 9999999)}",
        attributes=_attributes(random, company),
    )


def _attributes(random: Random, company: DemoCompany) -> dict[str, str]:
    found = {}
    if random.random() < 0.35:
        found["hr_system"] = random.choice(_SYSTEMS)
    if random.random() < 0.25:
        found["sites"] = str(max(1, round(company.employees / random.uniform(25, 90))))
    return found


def private_twin(random: Random, person: Person, *, taken: set[str], number: int) -> Person:
    """The same person once more, by a private address and with less said: a likely duplicate."""
    name = f"{ascii_name(person.first_name)[0]}{ascii_name(person.last_name)}"
    return Person(
        first_name=person.first_name,
        last_name=person.last_name,
        email=_free_address(name, random.choice(FREE_MAIL), taken=taken, number=number),
        country=person.country,
        city=person.city,
        role=person.role,
        mail="free",
        company=person.company,
        job_title=person.job_title if random.random() < 0.5 else "",
        phone=person.phone,
    )


def _title(random: Random, role: Role) -> str:
    variants = _TITLE_VARIANTS.get(role.title, ())
    return random.choice(variants) if variants and random.random() < 0.4 else role.title


def _free_address(name: str, domain: str, *, taken: set[str], number: int) -> str:
    address = f"{name}@{domain}"
    # `number` is the lead's own: unique also where the set covers only a part of all leads.
    if address in taken or domain in FREE_MAIL or domain in UNIVERSITIES:
        address = f"{name}{number}@{domain}"
    taken.add(address)
    return address


def ascii_name(name: str) -> str:
    """A name as it is spelt in an address: Müller becomes mueller, Łukasz becomes lukasz."""
    for letter, spelling in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ł", "l")):
        name = name.lower().replace(letter, spelling)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.replace(" ", "").replace("'", "")
