"""All that is odd about a rulebook, for the pages and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scoring.models import Rulebook
from scoring.rulebook.findings import Finding
from scoring.rulebook.form import Form
from scoring.rulebook.lint import MOST_FINDINGS, lint
from scoring.rulebook.lint_leads import LeadsLint, lint_leads
from scoring.rulebook.rows import form_of
from scoring.sampling import Look

SHOWN = 6


@dataclass(frozen=True)
class RulebookLint:
    """What the rules tell by themselves, and what real leads tell (None: not looked at yet)."""

    of_rules: tuple[Finding, ...]
    leads: LeadsLint | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Each rule that nobody can meet is also one that nobody meets; that is told once."""
        certain = {key for found in self.of_rules if found.kind.is_unmeetable for key in found.rules}
        of_leads = self.leads.findings if self.leads else ()
        return (
            *self.of_rules,
            *(one for one in of_leads if not (one.kind.is_unmet and certain & {*one.rules})),
        )

    @property
    def first(self) -> tuple[Finding, ...]:
        """Those that a page shows; the rest is a click away."""
        return self.findings[:SHOWN]

    @property
    def rest(self) -> tuple[Finding, ...]:
        return self.findings[SHOWN:]

    @property
    def headline(self) -> str:
        """For example: 5 things to look at."""
        count = len(self.findings)
        more = " or more" if len(self.of_rules) >= MOST_FINDINGS else ""
        if not count:
            return "Nothing to look at"
        return f"{count}{more} thing{'' if count == 1 else 's'} to look at"


def lint_form(form: Form) -> RulebookLint:
    """What the rules tell by themselves: quick, without a query."""
    return RulebookLint(lint(form))


def lint_rulebook(book: Rulebook, *, day: date, look: Look) -> RulebookLint:
    """What the rules and these leads tell. Raises RulebookError where the rules are wrong."""
    form = form_of(book)
    return RulebookLint(lint(form), lint_leads(form, day=day, look=look))
