"""Saving, renaming, sharing and deleting views. Only their owner changes them, whoever they are shared with.

What somebody shared who has left is looked after by managers and administrators: who changes it, takes it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from unicodedata import category, normalize

from django.db import transaction

from leads.errors import LeadError
from leads.folding import fold
from leads.models import SavedView, User
from leads.savedviews.pages import SavedPage

LONGEST_NAME, LONGEST_QUERY = 60, 2000
# A page: of one user, and shared by all of them. The list on each page is no longer than both.
MOST_OWN, MOST_SHARED = 50, 50
# Letters and symbols by category, yet nothing is seen of them.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class ViewRefused(LeadError):
    """It cannot be meant, or there are too many."""


class ViewExists(ViewRefused):
    """One's own view has this name; to be asked whether it is to be replaced."""

    def __init__(self, view: SavedView) -> None:
        super().__init__(f"You have a view called “{view}” already. Replace it, or choose another name.")
        self.view = view


class NotYourView(LeadError):
    """Somebody else's."""


@dataclass(frozen=True)
class ViewSheet:
    """What its owner says of a view."""

    name: str
    is_shared: bool = False
    replaces: str = ""  # the id of the view that one was told has the name


@transaction.atomic
def save_view(*, page: SavedPage, query: str, sheet: ViewSheet, by: User, at: datetime) -> SavedView:
    """Keep what a page shows under a name; one's own view of that name only where the sheet says so.

    Raises ViewRefused, ViewExists and NothingToKeep.
    """
    name, kept = clean_name(sheet.name), _kept(page, query, by)
    _lock(by)
    own = SavedView.objects.filter(owner=by, page=page.key)
    view = own.filter(name_folded=fold(name)).first()
    if view is not None and str(view.pk) != sheet.replaces:
        raise ViewExists(view)
    if view is None:
        if own.count() >= MOST_OWN:
            raise ViewRefused(f"You have {MOST_OWN} views of this page, which is the most; delete one first.")
        view = SavedView(owner=by, page=page.key, created_at=at)
    if sheet.is_shared and not view.is_shared:
        _check_shared(page.key)
    view.name, view.query, view.is_shared = name, kept, sheet.is_shared
    view.save()
    return view


@transaction.atomic
def change_view(*, view: SavedView, sheet: ViewSheet, by: User) -> None:
    """Another name, shared or not; it is theirs from then on. Raises NotYourView and ViewRefused."""
    check_owner(view, by)
    name = clean_name(sheet.name)
    _lock(by)
    others = SavedView.objects.filter(owner=by, page=view.page).exclude(pk=view.pk)
    if view.owner_id != by.pk and others.count() >= MOST_OWN:
        raise ViewRefused(f"You have {MOST_OWN} views of this page, which is the most; delete one first.")
    if others.filter(name_folded=fold(name)).exists():
        raise ViewRefused(f"You have another view called “{name}”; choose another name.")
    if sheet.is_shared and not view.is_shared:
        _check_shared(view.page)
    changed = SavedView.objects.filter(pk=view.pk).update(
        name=name, name_folded=fold(name), is_shared=sheet.is_shared, owner=by
    )
    if not changed:
        raise ViewRefused(f"“{view}” was deleted meanwhile.")


def remove_view(*, view: SavedView, by: User) -> None:
    """Raises NotYourView."""
    check_owner(view, by)
    view.delete()


def is_orphan_of(view: SavedView, by: User) -> bool:
    """Whether its owner has left, and the user may see to it."""
    return view.is_shared and not view.owner.is_active and (by.is_manager or by.is_administrator)


def check_owner(view: SavedView, by: User) -> None:
    if view.owner_id != by.pk and not is_orphan_of(view, by):
        raise NotYourView(
            f"“{view}” belongs to {view.owner}, who alone changes it. Save it as a view of your own."
        )


def clean_name(name: str) -> str:
    """The name as it is kept. Raises ViewRefused."""
    name = normalize("NFC", name).strip()
    if any(category(letter)[0] == "C" or category(letter) in ("Zl", "Zp") for letter in name):
        raise ViewRefused(
            "The name holds an invisible or control character; use letters, digits, spaces and signs."
        )
    if not any(category(letter)[0] in "LNPS" and letter not in _BLANKS for letter in name):
        raise ViewRefused("Give the view a name, such as “Hot and German”.")
    if len(name) > LONGEST_NAME:
        raise ViewRefused(f"The name has {len(name)} characters; {LONGEST_NAME} are the most.")
    return " ".join(name.split())


def _kept(page: SavedPage, query: str, by: User) -> str:
    kept = page.lasting(query, by)
    if len(kept) > LONGEST_QUERY:
        raise ViewRefused("These filters are too long to be saved.")
    page.check(kept, by)
    return kept


def _lock(user: User) -> None:
    # Two tabs at once find out about each other's names and numbers here.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)


def _check_shared(page: str) -> None:
    # Two people at once may come to one more; nothing depends on it.
    if SavedView.objects.filter(page=page, is_shared=True).count() >= MOST_SHARED:
        raise ViewRefused(
            f"{MOST_SHARED} views of this page are shared, which is the most; keep it private, or ask "
            "somebody to share one less."
        )
