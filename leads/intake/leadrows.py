"""Rows of a lead file, read into the columns that are staged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from leads.folding import fold
from leads.intake.constants import refuse_unreadable_constants
from leads.intake.domains import domain_type, is_shared_host
from leads.intake.facts import (
    Cells,
    CustomReader,
    InstantReader,
    Reader,
    Reading,
    Rows,
    TextReader,
    ValueReader,
    folded,
)
from leads.intake.files import Batch
from leads.intake.mapping import Mapping
from leads.intake.rows import Source, StagedRows, without_refused
from leads.intake.staging import StagedColumn
from leads.intake.values import (
    LONGEST_EMAIL,
    PLAIN_EMAIL,
    Memo,
    company_key,
    read_amount,
    read_boolean,
    read_country,
    read_domain,
    read_email,
    read_seniority,
    read_whole_number,
    seniority_of_title,
    why_no_amount,
)

TEXTS = {
    "first_name": 200,
    "last_name": 200,
    "department": 200,
    "phone": 100,
    "industry": 200,
    "region": 200,
    "city": 200,
    "source": 200,
    "channel": 200,
    "landing_page": 2000,
}
LONGEST_ID = 200


class ExternalIdReader:
    field = "external_id"
    columns = (StagedColumn("external_id"),)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        if max(map(len, filter(None, cells)), default=0) > LONGEST_ID:
            for position, cell in enumerate(cells):
                if cell is not None and len(cell) > LONGEST_ID:
                    rows.refuse(
                        position,
                        f"The external id has {len(cell):,} characters; at most {LONGEST_ID} are taken.",
                    )
        return [cells]


class EmailReader:
    """The address, its folded form, and the domain with its type."""

    field = "email"
    columns = tuple(
        StagedColumn(name) for name in ("email", "email_folded", "email_domain", "email_domain_type")
    )

    def __init__(self) -> None:
        self.types = Memo(domain_type)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        emails = [
            cell
            if cell is None or (PLAIN_EMAIL(cell) and len(cell) <= 64)
            else self._judged(position, cell, rows)
            for position, cell in enumerate(cells)
        ]
        twins = folded(emails)
        domains = [None if twin is None else twin[twin.rindex("@") + 1 :] for twin in twins]
        types = self.types
        return [emails, twins, domains, [None if domain is None else types[domain] for domain in domains]]

    @staticmethod
    def _judged(position: int, cell: str, rows: Rows) -> str | None:
        email = read_email(cell)
        if email is None or len(email) > LONGEST_EMAIL or len(fold(email)) > LONGEST_EMAIL:
            rows.refuse(position, f"“{cell[:80]}” is not an e-mail address.")
            return None
        return email


class TitleReader(TextReader):
    """The job title, and the seniority that it speaks of."""

    def __init__(self) -> None:
        super().__init__("job_title", "job_title", 200)
        self.columns = (*self.columns, StagedColumn("title_seniority"))
        self.seniorities = Memo(seniority_of_title)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        values = super().read(cells, rows)
        memo = self.seniorities
        return [*values, [None if cell is None else memo[str(cell)] for cell in values[0]]]


class CompanyReader(TextReader):
    """The company's name, and the key by which names are matched."""

    def __init__(self) -> None:
        super().__init__("company", "company_name", 200)
        self.columns = (*self.columns, StagedColumn("company_key"))
        self.keys = Memo(company_key)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        values = super().read(cells, rows)
        memo = self.keys
        return [*values, [None if cell is None else memo[str(cell)] or None for cell in values[0]]]


class NameReader:
    """A name in one cell: "Jane Doe" or "Doe, Jane"."""

    field = "name"
    columns = tuple(
        StagedColumn(name) for name in ("first_name", "first_name_folded", "last_name", "last_name_folded")
    )

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        pairs = [(None, None) if cell is None else _first_and_last(cell) for cell in cells]
        values: list[Sequence[object]] = []
        for index, field in enumerate(("first_name", "last_name")):
            values += TextReader(field, field, TEXTS[field]).read([pair[index] for pair in pairs], rows)
        return values


def _first_and_last(name: str) -> tuple[str | None, str | None]:
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.rpartition(" ")
    return first.strip() or None, last.strip() or None


class CampaignReader(TextReader):
    def __init__(self) -> None:
        super().__init__("campaign", "campaign_name", 200)


def build_readers(mapping: Mapping, reading: Reading, owners: dict[str, int]) -> list[Reader]:
    """A reader for each mapped fact, in a fixed order."""
    known: list[Reader] = [
        ExternalIdReader(),
        EmailReader(),
        NameReader(),
        TitleReader(),
        CompanyReader(),
        CampaignReader(),
        *_value_readers(owners),
        InstantReader(
            "created_at",
            (StagedColumn("created_at", "timestamp"), StagedColumn("created_day", "integer")),
            reading,
        ),
        *(TextReader(name, name, limit) for name, limit in TEXTS.items()),
    ]
    return [reader for reader in known if mapping.has(reader.field)]


def _value_readers(owners: dict[str, int]) -> list[Reader]:
    """Facts of one column each, with why a cell is not such a fact."""

    def reader(
        field: str, type_: str, read: Callable[[str], object], why: str | Callable[[str], str]
    ) -> Reader:
        column = StagedColumn("owner_id" if field == "owner" else field, type_)
        return ValueReader(field, column, read, why=why)

    return [
        reader("seniority", "text", read_seniority, "is none of the known levels"),
        reader("company_domain", "text", read_domain, "is not a domain or web address"),
        reader("employees", "bigint", read_whole_number, "is not a whole number from 0"),
        reader("annual_revenue", "numeric", read_amount, why_no_amount),
        reader("country", "text", read_country, "is no known country"),
        reader("email_opt_out", "boolean", read_boolean, "is neither yes nor no"),
        reader("owner", "bigint", lambda text: owners.get(fold(text)), "is not the e-mail address of a user"),
    ]


class LeadRows:
    """Turns batches of a lead file into staged columns."""

    def __init__(
        self, *, mapping: Mapping, reading: Reading, owners: dict[str, int], kinds: dict[str, str]
    ) -> None:
        """`owners` maps folded e-mails to user ids; `kinds` the attribute keys to their types."""
        self.mapping, self.reading = mapping, reading
        self.readers = build_readers(mapping, reading, owners)
        self.keys = mapping.custom_keys
        self.custom = (
            CustomReader([(key, kinds[key]) for key in self.keys], "attributes", reading)
            if self.keys
            else None
        )
        refuse_unreadable_constants(mapping, reading, readers=self.readers, custom=self.custom)
        columns = [column for reader in self.readers for column in reader.columns]
        columns += self.custom.columns if self.custom else ()
        self.columns = (*columns, StagedColumn("link_domain"), StagedColumn("unparsed", "json"))
        self.positions = {column.name: position for position, column in enumerate(self.columns)}

    def read(self, batch: Batch) -> StagedRows:
        rows = Rows(batch.lines, self.reading.tally)
        source = Source(batch, self.mapping, self.reading)
        values: list[Sequence[object]] = []
        for reader in self.readers:
            values += reader.read(source.cells(reader.field), rows)
        if self.custom:
            values += self.custom.read_all([source.cells(f"attributes.{key}") for key in self.keys], rows)
        self._refuse_nameless(values, rows)
        values.append(self._link_domains(values, len(batch.lines)))
        values.append(
            [json.dumps(rows.unparsed[n]) if n in rows.unparsed else None for n in range(len(batch.lines))]
            if rows.unparsed
            else [None] * len(batch.lines)
        )
        return without_refused(batch, values, rows)

    def _refuse_nameless(self, values: list[Sequence[object]], rows: Rows) -> None:
        present = [
            values[self.positions[name]] for name in ("external_id", "email") if name in self.positions
        ]
        for position, keys in enumerate(zip(*present, strict=True)):
            if not any(keys):
                rows.refuse(position, "The row has neither an e-mail address nor an external id.")

    def _link_domains(self, values: list[Sequence[object]], count: int) -> Sequence[object]:
        """The domain by which each row's company is found: its web address, else its business e-mail."""
        nothing: Sequence[object] = [None] * count
        by_email = nothing
        if "email_domain" in self.positions:
            domains, types = (values[self.positions[name]] for name in ("email_domain", "email_domain_type"))
            by_email = [
                domain if kind == "business" else None for domain, kind in zip(domains, types, strict=True)
            ]
        if "company_domain" not in self.positions:
            return by_email
        return [
            domain if domain and not is_shared_host(str(domain)) else fallback
            for domain, fallback in zip(values[self.positions["company_domain"]], by_email, strict=True)
        ]
