"""Leads and activities of the benchmark, made set-based, and the same on both databases.

Everything is worked out from row numbers by whole-number arithmetic. One activity in two belongs to
a fifth of the leads; activities stand in the table in the order in which they happened, as in life,
not in the order of leads; about a third of them is recent enough for a rule to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, models, transaction

from leads.models import Activity, ActivityType, Asset, Company, Lead
from leads.models.fields import day_from_number
from leads.reference import install as install_reference

DAY = 20_500  # 2026-02-16
PAST = 1000  # days of history

TITLES = (
    ("software engineer", "individual", "engineering"),
    ("marketing manager", "manager", "marketing"),
    ("vp sales", "vp", "sales"),
    ("accountant", "individual", "finance"),
    ("director of demand generation", "director", "marketing"),
    ("head of operations", "head", "operations"),
    ("student", "student", ""),
    ("", "", ""),
    ("account executive", "individual", "sales"),
    ("chief revenue officer", "c_level", "revenue"),
    ("office manager", "manager", "administration"),
    ("data scientist", "individual", "engineering"),
)
COUNTRIES = ("DE", "US", "GB", "FR", "ES", "BR", "NL", "IT", "PL", "IN", "CN", "JP", "", "SE")
INDUSTRIES = (
    "software",
    "retail",
    "financial services",
    "manufacturing",
    "health care",
    "",
    "e-commerce",
    "logistics",
)
# Of a thousand activities.
TYPES = {
    "page_view": 400,
    "email_open": 260,
    "email_click": 80,
    "pricing_view": 40,
    "content_download": 40,
    "form_submit": 30,
    "webinar_register": 20,
    "webinar_attend": 15,
    "event_attend": 10,
    "email_reply": 15,
    "newsletter_signup": 10,
    "email_bounce": 15,
    "unsubscribe": 5,
    "demo_request": 8,
    "contact_request": 7,
    "meeting_booked": 3,
    "trial_start": 6,
    "referral": 2,
    "social_engage": 20,
    "ad_click": 14,
}
ASSETS = 200


def load(leads: int, activities: int) -> None:
    """Fill an empty, migrated database."""
    install_reference()
    with connection.cursor() as cursor:
        taken = _unguarded(cursor)
        _insert(cursor, Company, leads // 4 + 1, _company())
        _insert(cursor, Lead, leads, _lead())
        Asset.objects.bulk_create(
            Asset(pk=number + 1, name=name, name_folded=name, digest=f"{number:032x}")
            for number in range(ASSETS)
            for name in [f"/resources/{'case-study' if number % 4 == 0 else 'guide'}-{number}"]
        )
        _activities(cursor, leads, activities)
    _guarded(taken)


def _unguarded(cursor: Any) -> list[str]:
    """Without triggers and foreign keys, which cost more than the rows; returns the triggers that must come back."""
    if connection.vendor == "postgresql":
        cursor.execute("SET session_replication_role = replica")
        return []
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def _guarded(taken: list[str]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")
            return
        cursor.execute("ANALYZE")
        cursor.execute("PRAGMA foreign_keys = ON")
        for trigger in taken:
            cursor.connection.execute(trigger)  # past Django, which would take its % for parameters


def _company() -> dict[str, str]:
    return {
        "id": "n",
        "name": "'Company ' || n",
        "name_folded": "'company ' || n",
        "name_key": "'company ' || n",
        "domain": "'company' || n || '.example'",
        "industry_folded": _pick(INDUSTRIES, _dice("n", 11, len(INDUSTRIES))),
        "employees": f"CASE WHEN {_dice('n', 12, 5)} > 0 THEN {_dice('n', 13, 60)} * {_dice('n', 14, 60)} END",
    }


def _lead() -> dict[str, str]:
    title = _dice("n", 1, len(TITLES))
    domain = (
        f"CASE WHEN {_dice('n', 2, 6)} = 0 THEN 'gmail.com' WHEN {_dice('n', 3, 400)} = 0 THEN 'leadrival.example'"
        " ELSE 'company' || (n / 4 + 1) || '.example' END"
    )
    created = f"({DAY} - {_dice('n', 4, PAST)})"
    return {
        "id": "n",
        "external_id": "'L' || n",
        "email": f"'lead' || n || '@' || {domain}",
        "email_folded": f"'lead' || n || '@' || {domain}",
        "email_domain": domain,
        "email_domain_type": f"CASE WHEN {_dice('n', 2, 6)} = 0 THEN 'free' ELSE 'business' END",
        "first_name": "'First'",
        "first_name_folded": "'first'",
        "last_name": "'Last' || n %% 5000",
        "last_name_folded": "'last' || n %% 5000",
        "job_title": _pick([item[0] for item in TITLES], title),
        "job_title_folded": _pick([item[0] for item in TITLES], title),
        "seniority": _pick([item[1] for item in TITLES], title),
        "department_folded": _pick([item[2] for item in TITLES], title),
        "company_id": "n / 4 + 1",
        "industry_folded": _pick(INDUSTRIES, _dice("n", 5, len(INDUSTRIES))),
        "employees": f"CASE WHEN {_dice('n', 6, 3)} = 0 THEN {_dice('n', 7, 60)} * {_dice('n', 8, 60)} END",
        "country": _pick(COUNTRIES, _dice("n", 9, len(COUNTRIES))),
        "email_opt_out": f"CASE {_dice('n', 10, 30)} WHEN 0 THEN {_true()} WHEN 1 THEN NULL ELSE NOT {_true()} END",
        "created_day": created,
        "created_at": _instant(created, "0"),
    }


def _activities(cursor: Any, leads: int, activities: int) -> None:
    """In the order of time, older ones rarer; the index is built once all rows are there."""
    ids = dict(ActivityType.objects.values_list("code", "pk"))
    index = Activity._meta.indexes[0]
    with connection.schema_editor() as editor:
        editor.remove_index(Activity, index)
    rows = leads * activities
    # Ages: the square of the place in time, so that recent ones are more frequent; the newest are of today.
    age = f"(({PAST} * (({rows} - n) * 1000 / {rows}) * (({rows} - n) * 1000 / {rows})) / 1000000)"
    day = f"({DAY} - {age})"
    everyone = f"1 + {_dice('n', 21, 1_000_000)} * {leads} / 1000000"
    busy = f"1 + ({_dice('n', 22, 1_000_000)} * {leads} / 1000000) / 5 * 5"
    branches, below = [], 0
    for code, share in TYPES.items():
        below += share
        branches.append(f"WHEN {_dice('n', 24, 1000)} < {below} THEN {ids[code]}")
    values = {
        "id": "n",
        "lead_id": f"CASE WHEN {_dice('n', 23, 2)} = 0 THEN {everyone} ELSE {busy} END",
        "type_id": f"CASE {' '.join(branches)} END",
        "day": day,
        "occurred_at": _instant(day, _dice("n", 25, 86_400)),
        "known_at": _instant(day, "86399"),
        "asset_id": f"CASE WHEN {_dice('n', 26, 2)} = 0 THEN 1 + {_dice('n', 27, ASSETS)} END",
        "key": "lpad(to_hex(n), 32, '0')::uuid"
        if connection.vendor == "postgresql"
        else "printf('%%032x', n)",
    }
    _insert(cursor, Activity, rows, values)
    with connection.schema_editor() as editor:
        editor.add_index(Activity, index)


def _insert(cursor: Any, model: type[models.Model], rows: int, values: dict[str, str]) -> None:
    """Rows 1 to `rows` of a model: by expressions over their number `n`, the rest by default."""
    columns, expressions, params = [], [], []
    for item in model._meta.local_concrete_fields:
        columns.append(f'"{item.column}"')
        if item.column in values:
            expressions.append(values[item.column])
        else:
            expressions.append("%s")
            params.append(item.get_db_prep_save(item.get_default(), connection))
    with transaction.atomic():
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
            f" SELECT {', '.join(expressions)} FROM {_numbers(rows)}",
            params,
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), {rows})")


def _numbers(rows: int) -> str:
    if connection.vendor == "postgresql":
        return f"generate_series(1::bigint, {rows}) AS numbers (n)"
    return (
        "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {rows}) SELECT n FROM numbers) AS numbers"
    )


def _dice(number: str, salt: int, sides: int) -> str:
    """A number from 0 to sides - 1 that looks like chance, by the middle of a square."""
    seed = f"(({number} * 48271 + {salt * 7_368_787}) %% 2147483647)"
    return f"({seed} * {seed} / 4096 %% {sides})"


def _pick(choices: Sequence[str], dice: str) -> str:
    branches = " ".join(f"WHEN {index} THEN '{choice}'" for index, choice in enumerate(choices))
    return f"CASE {dice} {branches} END"


def _true() -> str:
    return "TRUE" if connection.vendor == "postgresql" else "1"


def _instant(day: str, seconds: str) -> str:
    instant = f"({day} * 86400 + {seconds})"
    return (
        f"to_timestamp({instant})"
        if connection.vendor == "postgresql"
        else f"datetime({instant}, 'unixepoch')"
    )


def noon(days: int = 0) -> datetime:
    """Noon of the day that the data is made for, or of a later one."""
    day: date = day_from_number(DAY + days)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
