"""What of the queue's address is kept in a saved view: whose handoffs, and the filters."""

from __future__ import annotations

from django.http import QueryDict
from django.utils import timezone

from leads.handoff.filters import HandoffFilter
from leads.handoff.place import Place
from leads.models import Handoff, User
from leads.savedviews.pages import NothingToKeep, SavedPage, register


def lasting(query: str, user: User) -> str:
    """A share that the user has not, as in a view of somebody of another role, becomes the widest that they have."""
    return _place(query, user).lasting_query


def check(query: str, user: User) -> None:
    filters = HandoffFilter(dict(_place(query, user).filters), queryset=Handoff.objects.all())
    if not filters.form.is_valid():
        wrong = ", ".join(filters.form.fields[name].label or name for name in filters.form.errors)
        raise NothingToKeep(f"A filter of the queue is wrong ({wrong}); correct it, then save.")


def _place(query: str, user: User) -> Place:
    return Place.parse(QueryDict(query).dict(), user=user, now=timezone.now())


QUEUE = register(
    SavedPage(key="queue", title="Handoff queue", url_name="leads:queue", lasting=lasting, check=check)
)
