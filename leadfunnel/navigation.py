"""The frame around every page: who sees which entry of the sidebar or of the bar of a phone, and the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from leads.models import Role, User
from leads.notifications.inbox import unread_words
from reports.catalogue import all_reports

THEME_COOKIE = "leadfunnel_theme"
THEMES = ("light", "dark")
YEAR_IN_SECONDS = 365 * 24 * 3600
# Beside these the bar of a phone has "More", with everything: five fit side by side on 320 px.
BAR_PLACES = 4


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True)
class NavigationSection:
    label: str
    items: Sequence[NavigationItem]


@dataclass(frozen=True)
class Navigation:
    """`bar`: what a phone shows at its foot; `is_in_more`: the page is one of those behind "More"."""

    sections: Sequence[NavigationSection]
    bar: Sequence[NavigationItem]

    @property
    def items(self) -> list[NavigationItem]:
        return [item for section in self.sections for item in section.items]

    @property
    def is_in_more(self) -> bool:
        return any(item.is_current for item in self.items) and not any(item.is_current for item in self.bar)


class Shell(TypedDict):
    navigation: Navigation | None
    theme: str
    unread: object  # its str() is the number at the bell


@dataclass(frozen=True)
class Entry:
    """A page. `roles`: those to whom it is of use; none named: to all."""

    label: str
    url_name: str
    icon: str
    roles: frozenset[Role] = frozenset()
    args: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return reverse(self.url_name, args=self.args)

    def is_for(self, user: User) -> bool:
        return not self.roles or bool(self.roles & user.roles)


DECIDE = frozenset({Role.REP, Role.MANAGER})
KEEP_SCORES = frozenset({Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})

# Everybody may read nearly all of these (docs/lifecycle.md); what a role may do is decided on the page itself. Only
# that which is of no use to a role is left out of its sidebar.
QUEUE = Entry("Queue", "leads:queue", "inbox")
WORK = Entry("My work", "leads:work", "briefcase", DECIDE)
DESK = Entry("Desk", "leads:desk", "users-group", frozenset({Role.MANAGER}))
LEADS = Entry("Leads", "leads:list", "users")
ROUTING = Entry("Routing", "leads:routing", "adjustments")
FUNNEL = Entry("Funnel", "reports:report", "chart-funnel", args=("funnel",))
DEFINITIONS = Entry("Definitions", "scoring:definitions", "list-details")
RULEBOOK = Entry("Rulebook", "scoring:versions", "book-2")
EVIDENCE = Entry("Evidence", "scoring:evidence", "target-arrow")
FEEDBACK = Entry("Feedback", "scoring:feedback", "message-report")
RUNS = Entry("Scoring runs", "scoring:runs", "refresh", KEEP_SCORES)
REASONS = Entry("Reasons", "leads:reasons", "tag")
TEAMS = Entry("Teams", "leads:teams", "user-check", frozenset({Role.MANAGER, Role.ADMINISTRATOR}))
ABSENCES = Entry("Absences", "leads:absences", "calendar", DECIDE | {Role.ADMINISTRATOR})
COSTS = Entry("Costs", "reports:money_list", "note", KEEP_SCORES, args=("costs",))
RATES = Entry("Exchange rates", "reports:money_list", "world", KEEP_SCORES, args=("rates",))
ADMIN = Entry("Admin", "admin:index", "settings")

# A new page goes here, and a report to reports.catalogue. A section of which a user sees nothing is not shown.
SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("Leads", (LEADS,)),
    ("Sales", (QUEUE, WORK, DESK, FEEDBACK, ROUTING)),
    ("Scoring", (RULEBOOK, DEFINITIONS, EVIDENCE, RUNS)),
    ("Set up", (TEAMS, ABSENCES, REASONS, COSTS, RATES, ADMIN)),
)
# What a role opens many times a day, for the foot of a phone; of several roles the first that fits, as for home.
BAR_OF_ROLE: dict[Role, tuple[Entry, ...]] = {
    Role.MANAGER: (FUNNEL, DESK, QUEUE, WORK),
    Role.REP: (QUEUE, WORK, LEADS, FUNNEL),
    Role.MARKETER: (LEADS, FEEDBACK, RULEBOOK, EVIDENCE),
    Role.ADMINISTRATOR: (LEADS, FUNNEL, RULEBOOK, RUNS),
}
BAR_OF_OTHERS = (LEADS, QUEUE, FUNNEL, RULEBOOK)


def theme_of(request: HttpRequest) -> str:
    """The theme that this browser chose; needs no database, so that error pages can ask too."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def shell(request: HttpRequest) -> Shell:
    """Context processor: the sidebar for whoever is signed in, and the theme."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": None, "theme": theme_of(request), "unread": ""}
    return {
        "navigation": navigation_for(user, request.path),
        "theme": theme_of(request),
        # Parts of a page show no bell, and ask for nothing.
        "unread": SimpleLazyObject(lambda: unread_words(user)),
    }


def navigation_for(user: User, path: str) -> Navigation:
    first, *others = SECTIONS
    sections = [
        (label, [entry for entry in entries if _sees(user, entry)])
        for label, entries in (first, ("Reports", report_entries()), *others)
    ]
    current = _current([entry for _, entries in sections for entry in entries], path)
    bar = next((bar for role, bar in BAR_OF_ROLE.items() if role in user.roles), BAR_OF_OTHERS)
    return Navigation(
        sections=[
            NavigationSection(label, _items(entries, current)) for label, entries in sections if entries
        ],
        bar=_items(bar[:BAR_PLACES], current),
    )


@cache
def report_entries() -> tuple[Entry, ...]:
    """All reports that there are: they register themselves before the first page is asked for."""
    return tuple(
        Entry(report.title, "reports:report", report.icon, args=(report.key,)) for report in all_reports()
    )


def _sees(user: User, entry: Entry) -> bool:
    return user.is_staff if entry is ADMIN else entry.is_for(user)


def _current(entries: Sequence[Entry], path: str) -> Entry | None:
    """The entry with the longest address that the path begins with: runs lie below the rulebook."""
    fitting = [entry for entry in entries if path.startswith(entry.address)]
    return max(fitting, key=lambda entry: len(entry.address), default=None)


def _items(entries: Sequence[Entry], current: Entry | None) -> list[NavigationItem]:
    return [
        NavigationItem(entry.label, entry.address, entry.icon, is_current=entry == current)
        for entry in entries
    ]
