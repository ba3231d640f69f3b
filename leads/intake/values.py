"""One cell to one value: numbers, yes and no, countries, seniority, e-mail, web addresses.

Each reader takes a trimmed, known text and gives the value, or None where it cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

import pycountry
from email_validator import EmailNotValidError, validate_email

from leads.folding import fold

# "unknown" is not here on purpose: it is a value of its own.
UNKNOWN_VALUES = (
    "",
    "-",
    "--",
    "n/a",
    "#n/a",
    "null",
    "\\n",
    "none",
    "-none-",
    "(none)",
    "select",
    "(not set)",
)

Read = TypeVar("Read")


class Memo(dict[str, Read]):
    """Reads each different text once: most columns hold few different ones. Bounded in size."""

    LIMIT = 50_000

    def __init__(self, read: Callable[[str], Read]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> Read:
        if len(self) >= self.LIMIT:
            self.clear()
        value = self[text] = self.read(text)
        return value


_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,11}(?:\.\d{1,4})?", re.ASCII)
_ANY_NUMBER = re.compile(r"[-+]?(\d+)(?:\.\d+)?", re.ASCII)
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([, '\u00a0\u202f.])\d{3})(?:\1\d{3})*")
_CURRENCY_SIGNS = re.compile(r"^(?:[$€£¥]|[A-Z]{3})\s*|\s*(?:[$€£¥]|[A-Z]{3})$")
INTEGER_DIGITS, DECIMAL_PLACES = 11, 4


def read_number(text: str) -> Decimal | None:
    """A decimal of at most 15 digits, 4 of them after the point, as 1234.5, 1,234.50 or 1.234,50."""
    if not _PLAIN_NUMBER.fullmatch(text):
        plain = _without_grouping(_CURRENCY_SIGNS.sub("", text).strip())
        if plain is None or not _PLAIN_NUMBER.fullmatch(plain):
            return None
        text = plain
    return Decimal(text)


def _without_grouping(text: str) -> str | None:
    point, comma = text.rfind("."), text.rfind(",")
    if point >= 0 and comma >= 0:
        decimal = max(point, comma)
        whole, fraction = text[:decimal], text[decimal + 1 :]
        sign = text[decimal]
    elif comma >= 0 and not _GROUPED.fullmatch(text):
        whole, fraction, sign = text[:comma], text[comma + 1 :], ","
    elif point >= 0 and text.count(".") == 1:
        whole, fraction, sign = text[:point], text[point + 1 :], "."
    else:
        whole, fraction, sign = text, "", ""
    if not whole.lstrip("+-").isdecimal():
        grouped = _GROUPED.fullmatch(whole)
        if grouped is None or grouped[1] == sign:
            return None
        whole = whole.replace(grouped[1], "")
    # Zeros at the end say nothing: 12.50000 is a number of one place.
    fraction = fraction.rstrip("0") if len(fraction) > DECIMAL_PLACES else fraction
    return f"{whole}.{fraction}" if fraction else whole


def read_amount(text: str) -> Decimal | None:
    """A number, as read_number() takes it, from 0."""
    number = read_number(text)
    return None if number is None or number < 0 else number


def why_no_amount(text: str) -> str:
    """What is wrong with a text that read_amount() does not take: "is ..." or "has ..."."""
    if read_number(text) is not None:
        return "is below zero"
    plain = _without_grouping(_CURRENCY_SIGNS.sub("", text).strip()) or ""
    digits = _ANY_NUMBER.fullmatch(plain)
    if digits is None:
        return "is not a number"
    if len(digits[1]) > INTEGER_DIGITS:
        return f"has more than {INTEGER_DIGITS} digits before the point"
    return f"has more than {DECIMAL_PLACES} decimal places"


def read_whole_number(text: str) -> int | None:
    """A whole number from 0; 12.0 is 12."""
    number = read_number(text)
    if number is None or number < 0 or number != number.to_integral_value(rounding=ROUND_HALF_EVEN):
        return None
    return int(number)


_TRUE = frozenset(
    {"true", "yes", "y", "t", "1", "on", "ja", "oui", "si", "sí", "sim", "opted out", "unsubscribed"}
)
_FALSE = frozenset({"false", "no", "n", "f", "0", "off", "nein", "non", "não", "opted in", "subscribed"})


def read_boolean(text: str) -> bool | None:
    folded = fold(text)
    if folded in _TRUE:
        return True
    return False if folded in _FALSE else None


_COUNTRY_NICKNAMES = {
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "america": "US",
    "united states of america": "US",
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "russia": "RU",
    "south korea": "KR",
    "korea": "KR",
    "republic of korea": "KR",
    "north korea": "KP",
    "iran": "IR",
    "syria": "SY",
    "vietnam": "VN",
    "laos": "LA",
    "brunei": "BN",
    "moldova": "MD",
    "macedonia": "MK",
    "czech republic": "CZ",
    "turkey": "TR",
    "ivory coast": "CI",
    "cape verde": "CV",
    "swaziland": "SZ",
    "burma": "MM",
    "holland": "NL",
    "the netherlands": "NL",
    "palestine": "PS",
    "kosovo": "XK",
    "macau": "MO",
    "east timor": "TL",
    "the bahamas": "BS",
    "the gambia": "GM",
    "vatican": "VA",
    "micronesia": "FM",
    "uae": "AE",
    "reunion": "RE",
    "curacao": "CW",
    "st. lucia": "LC",
    "trinidad & tobago": "TT",
    "bosnia": "BA",
    "bosnia & herzegovina": "BA",
    "democratic republic of the congo": "CD",
    "republic of the congo": "CG",
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
    "suisse": "CH",
    "españa": "ES",
    "italia": "IT",
    "brasil": "BR",
    "méxico": "MX",
    "nederland": "NL",
    "belgië": "BE",
    "belgique": "BE",
    "danmark": "DK",
    "sverige": "SE",
    "norge": "NO",
    "suomi": "FI",
    "polska": "PL",
}


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if name := getattr(country, attribute, None):
                codes[fold(name)] = country.alpha_2
    return {**codes, **_COUNTRY_NICKNAMES}


def read_country(text: str) -> str | None:
    """The two letters of ISO 3166 for a code or an English name, and for some other names."""
    return _countries().get(fold(text).removesuffix(", the"))


SENIORITIES = ("c_level", "vp", "head", "director", "manager", "individual", "student")
_SENIORITY_NAMES = {
    "c level": "c_level",
    "c suite": "c_level",
    "cxo": "c_level",
    "chief": "c_level",
    "executive": "c_level",
    "founder": "c_level",
    "owner": "c_level",
    "partner": "c_level",
    "vice president": "vp",
    "svp": "vp",
    "evp": "vp",
    "head of": "head",
    "manager level": "manager",
    "employee": "individual",
    "individual contributor": "individual",
    "entry": "individual",
    "junior": "individual",
    "senior": "individual",
    "staff": "individual",
    "intern": "student",
}
_TITLE_PATTERNS = tuple(
    (seniority, re.compile(pattern))
    for seniority, pattern in (
        (
            "student",
            r"\b(student|intern|internship|trainee|apprentice|praktikant\w*|werkstudent\w*|étudiante?)\b",
        ),
        (
            "individual",
            r"\b(assistant|secretary|(product|process|scrum|service|system|data|content) owner)\b",
        ),
        ("vp", r"\b([se]?vp|avp|vice[- ]president)\b"),
        (
            "c_level",
            r"\b(c[a-z]?[efoimtprsd]o|ciso|chief|(co-?)?founder|co-?owner|owner|president|proprietor|principal"
            r"|managing (director|partner)|geschäftsführer(in)?|general manager|managing member)\b",
        ),
        ("head", r"\b(head|leiter(in)?)\b"),
        ("director", r"\b(director|direktor(in)?|directeur|directora)\b"),
        ("manager", r"\b(manager(in)?|mgr|supervisor|team ?lead(er)?|gerente|coordinator)\b"),
    )
)


def read_seniority(text: str) -> str | None:
    words = re.sub(r"[\W_]+", " ", fold(text)).strip()
    name = words.replace(" ", "_")
    return name if name in SENIORITIES else _SENIORITY_NAMES.get(words)


def seniority_of_title(title: str) -> str:
    """The seniority that a job title speaks of; 'individual' for a title that names none."""
    folded = fold(title)
    return next((seniority for seniority, pattern in _TITLE_PATTERNS if pattern.search(folded)), "individual")


# The shape of nearly all addresses; email-validator, at 22 microseconds each, judges only the rest.
PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+%'-]+(?:\.[A-Za-z0-9_+%'-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
).fullmatch
LONGEST_EMAIL, LONGEST_LOCAL_PART = 254, 64


def read_email(text: str) -> str | None:
    """An address as it is written, without "mailto:" and the name around it."""
    if PLAIN_EMAIL(text) and len(text) <= LONGEST_EMAIL and text.index("@") <= LONGEST_LOCAL_PART:
        return text
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    text = text[7:] if text[:7].lower() == "mailto:" else text
    try:
        email = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    return email if len(email) <= LONGEST_EMAIL and email.index("@") <= LONGEST_LOCAL_PART else None


_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*", re.UNICODE)


def read_domain(text: str) -> str | None:
    """The domain of a web address or domain name, without "www."; None for anything else."""
    folded = fold(text)
    try:
        host = urlsplit(folded if "//" in folded else f"//{folded}").hostname or ""
    except ValueError:
        return None
    host = host.rstrip(".").removeprefix("www.")
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None


LONGEST_NAME = 200
_LEGAL_FORMS = re.compile(
    r"( (inc|incorporated|llc|ltd|limited|llp|lp|plc|corp|corporation|co|company|gmbh|mbh|ag|kg|ug|ohg|se|sa|sas|sarl"
    r"|srl|spa|bv|nv|ab|as|asa|oy|oyj|aps|pty|pte|pvt|kk|sp z o?o|sp z o o|s a|s r l|s p a|b v|n v|and co|und co"
    r"|holding|group))+$"
)


def company_key(name: str) -> str:
    """A company's name without letter case, punctuation and legal form: how names are matched."""
    words = re.sub(r"[\W_]+", " ", fold(name).replace("&", " and ").replace(".", "")).strip()
    return (_LEGAL_FORMS.sub("", words) or words)[:LONGEST_NAME]
