"""The pages whose views can be saved. Each registers itself beside its views, so that reports can too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from leads.errors import LeadError
from leads.models import User


class NothingToKeep(LeadError):
    """What the page shows cannot be saved."""


@dataclass(frozen=True)
class SavedPage:
    """`lasting` gives what is kept of a query, as the page would write it for that user: no cursors, no instants.

    `check` raises NothingToKeep where the page would refuse the query; it may read the database.
    """

    key: str
    title: str
    url_name: str
    lasting: Callable[[str, User], str]
    check: Callable[[str, User], None]
    args: Sequence[str] = ()

    @property
    def address(self) -> str:
        return reverse(self.url_name, args=self.args)


_pages: dict[str, SavedPage] = {}


def register(page: SavedPage) -> SavedPage:
    assert page.key not in _pages, page.key
    _pages[page.key] = page
    return page


def page_called(key: str) -> SavedPage | None:
    return _pages.get(key)
