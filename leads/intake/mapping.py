"""From a file's header to the facts that its columns hold.

The header shapes of HubSpot, Salesforce, Mautic, Pipedrive and Zoho exports are known; --map and
--set say the rest. Headers are compared by letters and digits alone: "First Name", "first_name" and
"FirstName" are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leads.folding import fold
from leads.intake.errors import FileRefused
from leads.intake.files import REFUSAL_COLUMNS
from leads.intake.headers import ACTIVITY_HEADERS, HISTORY_HEADERS, LEAD_HEADERS, SHAPES, compact

LINE_COLUMN = "#"
IGNORED = "ignore"
# What tells rows apart is no constant.
_OF_ONE_ROW = ("external_id", "email")


@dataclass(frozen=True)
class RecordKind:
    """What a file holds: the facts that its columns may be mapped to."""

    name: str
    fields: tuple[str, ...]
    headers: dict[str, tuple[str, ...]]
    custom_prefix: str | None
    keys: tuple[str, ...]
    required: tuple[str, ...] = ()

    def allows(self, field: str) -> bool:
        if self.custom_prefix is None or not field.startswith(self.custom_prefix):
            return field in self.fields
        key = field.removeprefix(self.custom_prefix)
        return key == custom_key(key)

    def allowed(self) -> str:
        names = ", ".join(self.fields)
        return f"{names}, {self.custom_prefix}<key> (as in deal_stage)" if self.custom_prefix else names


LEADS = RecordKind(
    name="leads",
    fields=(
        "external_id",
        "email",
        "name",
        "first_name",
        "last_name",
        "job_title",
        "seniority",
        "department",
        "phone",
        "company",
        "company_domain",
        "industry",
        "employees",
        "annual_revenue",
        "country",
        "region",
        "city",
        "source",
        "channel",
        "campaign",
        "landing_page",
        "created_at",
        "owner",
        "email_opt_out",
    ),
    headers=LEAD_HEADERS,
    custom_prefix="attributes.",
    keys=("external_id", "email"),
)
ACTIVITIES = RecordKind(
    name="activities",
    fields=("lead", "type", "occurred_at", "asset", "campaign", "external_id", "recorded_at"),
    headers=ACTIVITY_HEADERS,
    custom_prefix="properties.",
    keys=("lead",),
    required=("type", "occurred_at"),
)
HISTORY = RecordKind(
    name="history",
    fields=("lead", "stage", "entered_at", "actor", "reason", "amount", "currency"),
    headers=HISTORY_HEADERS,
    custom_prefix=None,
    keys=("lead",),
    required=("stage", "entered_at"),
)


@dataclass(frozen=True)
class CustomColumn:
    """A column that is kept under a key of its own."""

    key: str
    label: str
    index: int


@dataclass(frozen=True)
class Mapping:
    """Which column each fact comes from. Index -1 is the row's line number."""

    columns: dict[str, int]
    constants: dict[str, str]
    custom: tuple[CustomColumn, ...]
    custom_prefix: str
    ignored: tuple[str, ...]
    automatic: tuple[tuple[str, str], ...]

    def has(self, field: str) -> bool:
        return field in self.columns or field in self.constants

    @property
    def custom_keys(self) -> tuple[str, ...]:
        """The keys of all custom columns, those that only --set gives included."""
        keys = {column.key: None for column in self.custom}
        for name in self.constants:
            if self.custom_prefix and name.startswith(self.custom_prefix):
                keys[name.removeprefix(self.custom_prefix)] = None
        return tuple(keys)

    def described(self, header: Sequence[str]) -> dict[str, str]:
        """Column name to fact, for a report."""
        named = {field: header[index] if index >= 0 else LINE_COLUMN for field, index in self.columns.items()}
        shown = {name: field for field, name in named.items()}
        return shown | {column.label: f"{self.custom_prefix}{column.key}" for column in self.custom}


def parse_pairs(option: str, pairs: Iterable[str]) -> list[tuple[str, str]]:
    """ "COLUMN=FIELD" as two texts; the last "=" divides for --map, the first for --set."""
    parsed = []
    for pair in pairs:
        left, sign, right = pair.rpartition("=") if option == "--map" else pair.partition("=")
        if not sign or not left.strip():
            shape = "COLUMN=FIELD" if option == "--map" else "FIELD=VALUE"
            raise FileRefused(f"{option} {pair} cannot be read; write {option} {shape}.")
        parsed.append((left.strip(), right.strip()))
    return parsed


def map_columns(
    kind: RecordKind,
    header: Sequence[str],
    *,
    maps: Sequence[tuple[str, str]] = (),
    constants: Sequence[tuple[str, str]] = (),
) -> Mapping:
    """Map a header: what is given first, then what its shape tells; the rest by its own name.

    FileRefused for a column or field that does not exist, two columns for one field, or where no
    column can tell the lead.
    """
    given = _given(kind, header, maps)
    fixed = _constants(kind, constants)
    automatic = _automatic(kind, header, given)
    columns = {field: index for index, field in {**automatic, **given}.items() if kind.allows(field)}
    custom = tuple(_custom(kind, header, given, automatic))
    taken = {*columns.values(), *(column.index for column in custom)}
    mapping = Mapping(
        columns={field: index for field, index in columns.items() if field in kind.fields},
        constants=fixed,
        custom=custom,
        custom_prefix=kind.custom_prefix or "",
        ignored=tuple(name for index, name in enumerate(header) if index not in taken and name),
        automatic=tuple((header[index], field) for index, field in automatic.items()),
    )
    _refuse_without_keys(kind, header, mapping)
    return mapping


def _given(kind: RecordKind, header: Sequence[str], maps: Sequence[tuple[str, str]]) -> dict[int, str]:
    positions = {fold(name): index for index, name in enumerate(header) if name}
    positions.setdefault(LINE_COLUMN, -1)
    given: dict[int, str] = {}
    for column, field in maps:
        index = positions.get(fold(column))
        if index is None:
            raise FileRefused(f"There is no column “{column}”; the columns are: {_listed(header)}.")
        if field != IGNORED and not kind.allows(field):
            raise FileRefused(
                f"“{field}” is no field of {kind.name}; allowed are: {kind.allowed()}, {IGNORED}."
            )
        if field != IGNORED and field in given.values():
            raise FileRefused(f"Two columns are mapped to {field}: choose one.")
        given[index] = field
    return given


def _constants(kind: RecordKind, constants: Sequence[tuple[str, str]]) -> dict[str, str]:
    for field, _ in constants:
        if not kind.allows(field):
            raise FileRefused(f"“{field}” is no field of {kind.name}; allowed are: {kind.allowed()}.")
        if field in _OF_ONE_ROW:
            raise FileRefused(
                f"--set {field} would give all rows the same {field}, which belongs to one: name its column "
                f"with --map COLUMN={field}."
            )
    return dict(constants)


def _automatic(kind: RecordKind, header: Sequence[str], given: dict[int, str]) -> dict[int, str]:
    """Each field's column by the best-known of its header names that is there."""
    by_name: dict[str, int] = {}
    for index, name in enumerate(header):
        if index not in given and name:
            by_name.setdefault(compact(name), index)
    known = _names_of(kind, set(by_name))
    automatic: dict[int, str] = {}
    for field in kind.fields:
        if field in given.values():
            continue
        free = (by_name[name] for name in known.get(field, ()) if name in by_name)
        for index in free:
            automatic.setdefault(index, field)
            break
    if {"first_name", "last_name"} & {*automatic.values(), *given.values()}:
        automatic = {index: field for index, field in automatic.items() if field != "name"}
    return automatic


def _names_of(kind: RecordKind, present: set[str]) -> dict[str, tuple[str, ...]]:
    names = dict(kind.headers)
    if kind is LEADS:
        for shape in SHAPES:
            if shape.signature <= present:
                names.update(shape.headers)
    return names


def _custom(
    kind: RecordKind, header: Sequence[str], given: dict[int, str], automatic: dict[int, str]
) -> Iterable[CustomColumn]:
    if kind.custom_prefix is None:
        return
    taken = {
        field.removeprefix(kind.custom_prefix)
        for field in given.values()
        if field.startswith(kind.custom_prefix)
    }
    for index, name in enumerate(header):
        if index in given:
            if given[index].startswith(kind.custom_prefix):
                yield CustomColumn(given[index].removeprefix(kind.custom_prefix), name, index)
            continue
        if index in automatic or not name or name in REFUSAL_COLUMNS:
            continue
        key = _free_key(custom_key(name), taken)
        taken.add(key)
        yield CustomColumn(key, name, index)


def custom_key(name: str) -> str:
    """The key for a column's header: "Deal Stage" -> deal_stage, "pageLanguage" -> page_language."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", fold(spaced)).strip("_")[:90] or "column"


def _free_key(key: str, taken: set[str]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}_{number}"
    return free


def _refuse_without_keys(kind: RecordKind, header: Sequence[str], mapping: Mapping) -> None:
    if not any(mapping.has(field) for field in kind.keys):
        wanted = " or ".join(kind.keys)
        numbered = f", or --map {LINE_COLUMN}={kind.keys[0]} for the line number" if kind is LEADS else ""
        raise FileRefused(
            f"No column tells which lead a row is about ({wanted}): name it with --map COLUMN={kind.keys[0]}"
            f"{numbered}; the columns are: {_listed(header)}."
        )
    for field in kind.required:
        if not mapping.has(field):
            raise FileRefused(
                f"No column holds {field}: name it with --map COLUMN={field}, or give all rows one "
                f"with --set {field}=VALUE; the columns are: {_listed(header)}."
            )


def _listed(header: Sequence[str]) -> str:
    names = ", ".join(name for name in header if name)
    return names if len(names) <= 500 else names[:500] + " …"
