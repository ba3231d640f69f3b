"""The frame around every page: who sees which entry of the sidebar, and the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse

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


# Everybody may read all of these (LIFECYCLE.md); what a role may do is decided on the page itself.
LEADS = Entry("Leads", "leads:list", "users")
QUEUE = Entry("Queue", "leads:queue", "inbox")
FUNNEL = Entry("Funnel", "reports:funnel", "chart-funnel")
RULEBOOK = Entry("Rulebook", "scoring:rulebook", "book-2")
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
    entries = [LEADS, QUEUE, FUNNEL, RULEBOOK, *([ADMIN] if user.is_staff else [])]
    return {"navigation": [item_for(entry, request.path) for entry in entries], "theme": theme_of(request)}


def item_for(entry: Entry, path: str) -> NavigationItem:
    url = reverse(entry.url_name)
    return NavigationItem(entry.label, url, entry.icon, is_current=path.startswith(url))
