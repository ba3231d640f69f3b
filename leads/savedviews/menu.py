"""The saved views of a page as its menu lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import SavedView, User
from leads.savedviews.keeping import LONGEST_NAME, ViewSheet, is_orphan_of
from leads.savedviews.pages import SavedPage

_SHOWN = (
    "name",
    "query",
    "is_shared",
    *(f"owner__{name}" for name in ("first_name", "last_name", "username", "is_active")),
)


@dataclass(frozen=True)
class ViewLink:
    view: SavedView
    address: str
    is_current: bool


@dataclass(frozen=True)
class ViewMenu:
    """One's own views, those that others share, and what would be saved now."""

    page: SavedPage
    query: str
    own: Sequence[ViewLink]
    shared: Sequence[ViewLink]
    orphans: Sequence[
        ViewLink
    ] = ()  # among the shared ones, those of people who left that the user may see to
    sheet: ViewSheet = ViewSheet("")
    longest: int = LONGEST_NAME

    @property
    def current(self) -> SavedView | None:
        return next((link.view for link in (*self.own, *self.shared) if link.is_current), None)


def view_menu(*, page: SavedPage, user: User, query: str = "") -> ViewMenu:
    """In one query; `query` is the lasting one of what is shown."""
    views = SavedView.objects.filter(page=page.key).visible_to(user).select_related("owner").only(*_SHOWN)
    links = [
        ViewLink(view, f"{page.address}?{view.query}", page.lasting(view.query, user) == query)
        for view in views
    ]
    return ViewMenu(
        page=page,
        query=query,
        own=[link for link in links if link.view.owner_id == user.pk],
        shared=[link for link in links if link.view.owner_id != user.pk],
        orphans=[link for link in links if is_orphan_of(link.view, user)],
    )
