"""The values of --set, read once before the file: a wrong one is wrong for every row."""

from __future__ import annotations

from collections.abc import Sequence

from leads.intake.errors import FileRefused
from leads.intake.facts import CustomReader, Reader, Reading, Rows
from leads.intake.mapping import Mapping
from leads.intake.report import Tally
from leads.intake.values import SENIORITIES

_ALLOWED = {
    "seniority": ", ".join(SENIORITIES),
    "company_domain": "a domain or web address such as acme.com",
    "employees": "a whole number from 0",
    "annual_revenue": "a number from 0 with at most 4 decimal places",
    "country": "a two-letter code such as DE, or an English name such as Germany",
    "email_opt_out": "yes or no",
    "owner": "the e-mail address of a user",
    "amount": "a sum of money from 0",
}


def refuse_unreadable_constants(
    mapping: Mapping, reading: Reading, *, readers: Sequence[Reader], custom: CustomReader | None = None
) -> None:
    """Read each constant like a cell of its fact. FileRefused, in one sentence, where it would not be taken."""
    by_field = {reader.field: reader for reader in readers}
    for field, value in mapping.constants.items():
        given = f"--set {field}={value[:60]}"
        if reading.known([value]) == [None]:
            raise FileRefused(f"{given}: “{value[:60]}” stands for an unknown value; give a known one.")
        probe = Rows([0], Tally())
        if field in by_field:
            by_field[field].read([value], probe)
        elif custom is not None:
            key = field.removeprefix(mapping.custom_prefix)
            custom.read_all([[value] if known == key else [None] for known in custom.keys], probe)
        if problem := _problem(field, value, probe):
            raise FileRefused(f"{given}: {problem}")


def _problem(field: str, value: str, probe: Rows) -> str | None:
    """The first thing that was found wrong, as a sentence."""
    for reason in probe.refused.values():
        return reason
    for what in probe.tally.kinds():
        said = what.partition(";")[0]
        said = f"“{value[:60]}”{said.removeprefix(field)}" if said.startswith(f"{field} ") else said
        return f"{said}; allowed is {_ALLOWED[field]}." if field in _ALLOWED else f"{said}."
    return None
