from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Notification, NotificationPreference, Role, User
from leads.notifications.inbox import unread_words
from leads.notifications.kinds import INFO_OF, kinds_for
from leads.notifications.telling import Message, line, notify, notify_each
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
Kind, Mail = Notification.Kind, Notification.Mail
ASSIGNED = Message(Kind.ASSIGNED, "Anna is offered to you", link="/leads/1/")


@pytest.fixture
def ann() -> User:
    return UserFactory(username="ann", email="ann@x.example", role=Role.REP)


def prefer(user: User, kind: Notification.Kind, *, in_app: bool, email: bool) -> None:
    NotificationPreference.objects.create(user=user, kind=kind, in_app=in_app, email=email)


def test_each_kind_has_its_place_on_the_page_of_choices():
    assert set(INFO_OF) == set(Kind)


def test_user_is_told_as_is_usual_for_the_kind(ann):
    notify(users=[ann], message=ASSIGNED, at=NOW)
    notify(users=[ann], message=Message(Kind.SIGNATURE, "Sign"), at=NOW)

    told = list(Notification.objects.order_by("pk").values_list("kind", "in_app", "mail_state"))
    assert told == [("assigned", True, "none"), ("signature", True, "waiting")]


@pytest.mark.parametrize(
    ("in_app", "email", "told"),
    [(True, True, (True, "waiting")), (False, True, (False, "waiting")), (True, False, (True, "none"))],
)
def test_user_is_told_in_the_way_that_was_chosen(ann, in_app, email, told):
    prefer(ann, Kind.ASSIGNED, in_app=in_app, email=email)

    notify(users=[ann], message=ASSIGNED, at=NOW)

    note = Notification.objects.get()
    assert (note.in_app, note.mail_state) == told


def test_nobody_is_told_who_wants_nothing_or_has_left(ann):
    prefer(ann, Kind.ASSIGNED, in_app=False, email=False)

    notify(users=[ann, UserFactory(is_active=False)], message=ASSIGNED, at=NOW)

    assert not Notification.objects.exists()


def test_nobody_without_an_address_is_mailed():
    notify(users=[UserFactory(role=Role.MANAGER)], message=Message(Kind.SIGNATURE, "Sign"), at=NOW)

    assert Notification.objects.get().mail_state == Mail.NONE


def test_nobody_is_told_twice_of_one_key(ann):
    bob = UserFactory()
    message = Message(Kind.REVIEW, "Review", key="review:1:2026-06-10")

    notify(users=[ann], message=message, at=NOW)
    notify(users=[ann, bob], message=message, at=NOW)

    assert Notification.objects.filter(user=ann).count() == Notification.objects.filter(user=bob).count() == 1


def test_what_is_too_long_is_cut():
    user = UserFactory()

    notify(users=[user], message=Message(Kind.ASSIGNED, "x" * 500, lines=[line("y" * 5000)]), at=NOW)

    note = Notification.objects.get()
    assert (len(note.title), note.title[-1], len(note.lines[0]["text"])) == (200, "…", 600)


def test_telling_many_takes_as_many_queries_as_telling_one(ann):
    people = [ann, *UserFactory.create_batch(30)]

    def queries(users: list[User]) -> int:
        with CaptureQueriesContext(connection) as captured:
            notify_each(messages=[(user, ASSIGNED) for user in users], at=NOW)
        return len(captured)

    assert queries(people) == queries([ann])


def test_the_bell_counts_what_is_unread_and_stops_at_99(ann, django_assert_num_queries):
    assert unread_words(ann) == ""
    notify(users=[ann], message=ASSIGNED, at=NOW)
    prefer(ann, Kind.DIGEST, in_app=False, email=True)
    notify(users=[ann], message=Message(Kind.DIGEST, "Your day"), at=NOW)
    assert unread_words(ann) == "1"

    notify_each(messages=[(ann, ASSIGNED)] * 120, at=NOW)

    with django_assert_num_queries(1):
        assert unread_words(ann) == "99+"


def test_a_marketer_can_choose_for_what_marketers_are_told():
    kinds = {info.kind for info in kinds_for(UserFactory(role=Role.MARKETER))}

    assert kinds == {Kind.SIGNATURE, Kind.REVIEW, Kind.WEEKLY}
