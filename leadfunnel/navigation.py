"""The frame around every page: who sees which entry of the sidebar, and the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse

from leads.models import Role, User

THEME_COOKIE = "leadfunnel_theme"
THEMES = ("light", "dark")
YEAR_IN_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    icon: str
    is_current: bool


class Shell(TypedDict):
    navigation: list[NavigationItem]
    theme: str


@dataclass(frozen=True)
class Entry:
    label: str
    url_name: str
    icon: str


# Everybody may read all of these (docs/lifecycle.md); what a role may do is decided on the page itself. Only that which
# is of no use to a role is left out of its sidebar.
LEADS = Entry("Leads", "leads:list", "users")
QUEUE = Entry("Queue", "leads:queue", "inbox")
FUNNEL = Entry("Funnel", "reports:funnel", "chart-funnel")
RULEBOOK = Entry("Rulebook", "scoring:rulebook", "book-2")
RUNS = Entry("Scoring runs", "scoring:runs", "refresh")
ADMIN = Entry("Admin", "admin:index", "settings")


def theme_of(request: HttpRequest) -> str:
    """The theme that this browser chose; needs no database, so that error pages can ask too."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def shell(request: HttpRequest) -> Shell:
    """Context processor: the sidebar for whoever is signed in, and the theme."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": [], "theme": theme_of(request)}
    return {"navigation": items_for(entries_for(user), request.path), "theme": theme_of(request)}


def entries_for(user: User) -> list[Entry]:
    keeps_scores = bool(user.roles & {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
    return [
        LEADS,
        QUEUE,
        FUNNEL,
        RULEBOOK,
        *([RUNS] if keeps_scores else []),
        *([ADMIN] if user.is_staff else []),
    ]


def items_for(entries: list[Entry], path: str) -> list[NavigationItem]:
    """Current is the entry with the longest address that the path begins with: runs lie below the rulebook."""
    urls = [reverse(entry.url_name) for entry in entries]
    current = max((url for url in urls if path.startswith(url)), key=len, default=None)
    return [
        NavigationItem(entry.label, url, entry.icon, is_current=url == current)
        for entry, url in zip(entries, urls, strict=True)
    ]
