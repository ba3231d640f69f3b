"""How fast leads come in: a bare COPY of a file into the lead table against the import of the same file.

    DATABASE_URL=postgres://... python -m tests.benchmarks.intake [ROWS]

Works in a scratch database of its own beside the one of DATABASE_URL, and drops it at the end. The
bare COPY fills the real table with its indexes and triggers, and computes and checks nothing: folded
twins, domains, companies, identifiers and first stage changes are the import's alone.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")

HEADER = [
    "external_id",
    "email",
    "first_name",
    "last_name",
    "job_title",
    "phone",
    "company_name",
    "company_domain",
    "industry",
    "employees",
    "annual_revenue",
    "country",
    "region",
    "city",
    "source",
    "channel",
    "landing_page",
    "created_at",
]
FIRST = [
    "Ada",
    "Bruno",
    "Chloé",
    "Dmitri",
    "Emma",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Liam",
    "Mia",
    "Noah",
    "Olga",
    "Pedro",
    "Quinn",
    "Rosa",
    "Søren",
    "Tomás",
]
LAST = [
    "Adams",
    "Brown",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "García",
    "Huber",
    "Ivanova",
    "Jones",
    "Kowalski",
    "López",
    "Müller",
    "Nguyen",
    "Okafor",
]
TITLES = (
    "Head of Marketing", "VP Sales", "Marketing Manager", "CEO", "Software Engineer", "Student",
    "Chief Revenue Officer",
    "Director of Demand Generation", "Account Executive", "Founder",
)  # fmt: skip
COUNTRIES = ["DE", "US", "GB", "FR", "ES", "BR", "NL", "IT", "PL", "SE"]
SOURCES = ["organic_search", "paid_search", "social", "email", "referral", "webinar", "direct", "event"]


def write_file(path: Path, rows: int) -> None:
    """Leads of a believable shape: four to a company, one in six with a free-mail address."""
    chance = random.Random(1)
    start = datetime(2023, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join(HEADER) + "\n")
        for number in range(rows):
            company = number // 4
            domain = f"company{company}.com"
            first, last = chance.choice(FIRST), chance.choice(LAST)
            mail = "gmail.com" if number % 6 == 0 else domain
            at = start + timedelta(seconds=chance.randrange(90_000_000))
            stream.write(
                f"L{number:08d},{first.encode('ascii', 'ignore').decode()}.{last.encode('ascii', 'ignore').decode()}"
                f"{number}@{mail},{first},{last},{chance.choice(TITLES)},+49 30 {number:08d},"
                f"Company {company} Ltd,{domain},Software,{chance.randrange(1, 5000)},"
                f"{chance.randrange(10**6)}.50,{chance.choice(COUNTRIES)},"
                f"Region {company % 40},City {company % 900},{chance.choice(SOURCES)},online,"
                f"https://www.example.com/page/{chance.randrange(500)},{at:%Y-%m-%d %H:%M:%S}\n"
            )


def bare_copy(path: Path) -> float:
    """Seconds of one COPY of the file into leads_lead, what the file lacks coming from column defaults."""
    from django.db import connection

    from leads.models import Lead

    columns = ", ".join(HEADER)
    with connection.cursor() as cursor:
        missing = [
            field
            for field in Lead._meta.local_concrete_fields
            if field.column not in HEADER and not field.null and not field.primary_key
        ]
        for field in missing:
            default = {"JSONField": "'{}'", "DateTimeField": "now()", "IntegerField": "0"}.get(
                field.get_internal_type(), "''"
            )
            default = "'lead'" if field.column == "stage" else default
            cursor.execute(f"ALTER TABLE leads_lead ALTER COLUMN {field.column} SET DEFAULT {default}")
        began = time.perf_counter()
        with (
            cursor.copy(f"COPY leads_lead ({columns}) FROM STDIN WITH (FORMAT csv, HEADER)") as copy,
            path.open("rb") as stream,
        ):
            while block := stream.read(1 << 20):
                copy.write(block)
        seconds = time.perf_counter() - began
        cursor.execute("TRUNCATE leads_lead, leads_changelogentry CASCADE")
        for field in missing:
            cursor.execute(f"ALTER TABLE leads_lead ALTER COLUMN {field.column} DROP DEFAULT")
        cursor.execute("CHECKPOINT")
    return seconds


def import_file(path: Path, database_url: str) -> tuple[float, int]:
    """Seconds and peak memory (bytes) of `manage.py import_leads` in a process of its own."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "import_leads", str(path)],
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The import failed:\n{output}")
    print("  " + " ".join(output.split("Columns:")[0].split()))
    return time.perf_counter() - began, usage.ru_maxrss * 1024


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    import django

    django.setup()
    from django.db import connection

    if connection.vendor != "postgresql":
        raise SystemExit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    base_url = os.environ["DATABASE_URL"]
    connection.settings_dict["TEST"]["NAME"] = scratch = f"{connection.settings_dict['NAME']}_bench"
    original = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "leads.csv"
            write_file(path, rows)
            print(f"{rows:,} leads, {path.stat().st_size / 1e6:,.0f} MB")
            copied = bare_copy(path)
            print(f"bare COPY        {copied:8.1f} s {rows / copied:10,.0f} rows/s")
            url = base_url.rsplit("/", 1)[0] + f"/{scratch}"
            for name in ("first import", "second import"):
                seconds, memory = import_file(path, url)
                print(
                    f"{name:<16} {seconds:8.1f} s {rows / seconds:10,.0f} rows/s   {seconds / copied:4.1f} x COPY   "
                    f"peak {memory / 1e6:,.0f} MB"
                )
    finally:
        connection.close()
        connection.settings_dict["NAME"] = scratch
        connection.creation.destroy_test_db(original, verbosity=0)


if __name__ == "__main__":
    main()
