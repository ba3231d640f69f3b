from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.html import escape

from leads.models import SavedView, User
from tests.leads.views.conftest import HTMX, query_count, signed_in

QUEUE, SAVE, VIEWS = (
    reverse("leads:queue"),
    reverse("leads:view_save", args=["queue"]),
    reverse("leads:views", args=["queue"]),
)


def view_of(owner, name, query="show=team&grade=A", **kwargs):
    return SavedView.objects.create(page="queue", name=name, query=query, owner=owner, **kwargs)


def act(client, what, view, **data):
    return client.post(reverse(f"leads:view_{what}", args=[view.pk]), data)


def test_a_saved_view_is_a_link_in_the_menu_and_marked_where_one_is(alice):
    client = signed_in(alice)
    data = {"name": "Hot <b>", "query": "show=team&grade=A&at=1", "shared": "no"}

    response = client.post(SAVE, data)
    page = client.get(response.url).content.decode()

    assert response.url == f"{QUEUE}?show=team&grade=A"
    assert f'<a href="{QUEUE}?show=team&amp;grade=A" aria-current="page">' in page
    assert escape("Hot <b>") in page
    assert '<span class="lf-views__name">Views</span>' in client.get(QUEUE).content.decode()
    assert client.post(SAVE, {**data, "name": "B"}, headers=HTMX)["HX-Redirect"] == response.url


def test_others_see_what_is_shared_in_their_own_share(alice, marketer):
    view_of(alice, "Private"), view_of(alice, "Hot", is_shared=True)
    client = signed_in(marketer)

    page = client.get(QUEUE, {"show": "all", "grade": "A"}).content.decode()

    assert "Private" not in page
    assert f'<a href="{QUEUE}?show=team&amp;grade=A" aria-current="page">' in page
    assert '<span class="lf-sub">of Alice' in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refusal_keeps_what_was_typed_and_asks_again(alice, headers):
    view = view_of(alice, "Hot")
    client = signed_in(alice)

    taken = client.post(SAVE, {"name": "hot", "query": "show=mine", "shared": "yes"}, headers=headers)
    nameless = client.post(SAVE, {"name": "\0", "query": "show=mine"}, headers=headers)

    assert (taken.status_code, nameless.status_code) == (409, 422)
    assert f'name="replace" value="{view.pk}"' in taken.content.decode()
    assert 'value="hot"' in taken.content.decode()
    assert "invisible or control" in nameless.content.decode()
    assert ("<html" in taken.content.decode()) == (not headers)
    client.post(SAVE, {"name": "hot", "query": "show=mine", "replace": str(view.pk)})
    assert SavedView.objects.get().query == "show=mine"


def test_only_the_owner_changes_a_view(alice, bob):
    private, shared = view_of(alice, "Private"), view_of(alice, "Shared", is_shared=True)
    client, stranger = signed_in(alice), signed_in(bob)

    for what in ("change", "remove"):
        assert act(stranger, what, private, name="X").status_code == 404
        refused = act(stranger, what, shared, name="X")
        assert refused.status_code == 403
        assert "belongs to Alice" in refused.content.decode()
    assert act(client, "change", private, name="Shared").status_code == 422
    assert act(client, "change", private, name="Ours", shared="yes").url == VIEWS
    assert act(client, "remove", shared).url == VIEWS
    assert list(SavedView.objects.values_list("name", "name_folded", "is_shared")) == [("Ours", "ours", True)]
    assert act(client, "remove", shared).status_code == 404


def test_a_page_without_saved_views_is_not_found(alice):
    assert signed_in(alice).get(reverse("leads:views", args=["nowhere"])).status_code == 404
    assert signed_in(alice).post(reverse("leads:view_save", args=["nowhere"])).status_code == 404


@pytest.mark.parametrize("address", [QUEUE, VIEWS])
def test_queries_do_not_grow_with_the_views(alice, bob, address):
    client = signed_in(alice)
    few = query_count(client, address)
    for number in range(5):
        view_of(alice, f"A{number}"), view_of(bob, f"B{number}", is_shared=True)

    assert query_count(client, address) == few


def test_what_somebody_shared_who_left_is_taken_over_or_deleted_by_a_manager(alice, bob, manager):
    hot, cold = view_of(alice, "Hot", is_shared=True), view_of(alice, "Cold", is_shared=True)
    view_of(alice, "Private")
    client = signed_in(manager)
    assert "people who have left" not in client.get(VIEWS).content.decode()
    User.objects.filter(pk=alice.pk).update(is_active=False)

    page = client.get(VIEWS).content.decode()
    assert "people who have left" in page
    assert "Private" not in page
    act(client, "change", hot, name="Hot", shared="yes")
    act(client, "remove", cold)

    assert SavedView.objects.get(name="Hot").owner == manager
    assert not SavedView.objects.filter(name="Cold").exists()
    hot.refresh_from_db()
    assert act(signed_in(bob), "change", hot, name="Mine", shared="no").status_code == 403


def test_a_rep_does_not_change_what_somebody_shared_who_left(alice, bob):
    view = view_of(alice, "Hot", is_shared=True)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client = signed_in(bob)

    assert act(client, "remove", view).status_code == 403
    page = client.get(VIEWS).content.decode()
    assert "people who have left" not in page
    assert "who has left" in page
