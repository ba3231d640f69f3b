from __future__ import annotations

import pytest
from django.utils import timezone

from leads.handoff.saved import QUEUE
from leads.models import Role, SavedView, User
from leads.savedviews import keeping
from leads.savedviews.keeping import ViewExists, ViewRefused, ViewSheet, change_view, clean_name, save_view
from leads.savedviews.pages import NothingToKeep
from tests.factories import TeamFactory, UserFactory


@pytest.fixture
def alice(db) -> User:
    return UserFactory(username="alice", role=Role.REP, team=TeamFactory())


def save(by, name, query="show=mine&grade=A", **kwargs):
    return save_view(page=QUEUE, query=query, sheet=ViewSheet(name, **kwargs), by=by, at=timezone.now())


def test_a_view_keeps_share_and_filters_and_nothing_else(alice):
    view = save(
        alice, "  Hot   ones ", "grade=A&at=1700000000000000&after=0~1~2~3&source=&x=1&show=mine&fast=yes"
    )

    assert (view.name, view.query) == ("Hot ones", "show=mine&grade=A&fast=yes")


def test_a_taken_name_is_replaced_only_by_whoever_was_told_of_it(alice):
    first, other = save(alice, "Élan"), save(alice, "Other")

    with pytest.raises(ViewExists, match="You have a view called “Élan” already"):
        save(alice, "éLAN", "show=mine")
    with pytest.raises(ViewExists):
        save(alice, "éLAN", "show=mine", replaces=str(other.pk))
    replaced = save(alice, "éLAN", "show=mine", replaces=str(first.pk))

    assert (replaced.pk, replaced.name, replaced.query) == (first.pk, "éLAN", "show=mine")
    assert save(UserFactory(role=Role.REP), "Élan").pk != first.pk


@pytest.mark.parametrize(
    "name", ["", " \u3000 ", "a\0b", "a\u200bb", "a\u202eb", "\u2800", "x" * 61, "a\nb", "\ud800"]
)
def test_a_name_that_cannot_be_read_is_refused(name):
    with pytest.raises(ViewRefused):
        clean_name(name)


def test_views_are_bounded_in_number(alice, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_OWN", 2)
    monkeypatch.setattr(keeping, "MOST_SHARED", 1)
    view, _ = save(alice, "A"), save(alice, "B", is_shared=True)

    with pytest.raises(ViewRefused, match="You have 2 views"):
        save(alice, "C")
    with pytest.raises(ViewRefused, match="1 views of this page are shared"):
        change_view(view=view, sheet=ViewSheet("A", is_shared=True), by=alice)
    with pytest.raises(ViewRefused, match="another view called"):
        change_view(view=view, sheet=ViewSheet("b"), by=alice)


@pytest.mark.parametrize("query", ["grade=Z9", "source=%00", "campaign=999999999999999999999", "team=x"])
def test_filters_that_the_queue_refuses_are_not_kept(alice, query):
    with pytest.raises(NothingToKeep, match="A filter of the queue is wrong"):
        save(alice, "A", query)

    assert not SavedView.objects.exists()
