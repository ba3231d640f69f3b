from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from leads.models import Notification, Organisation, Role, User
from scoring.errors import ScoringError
from scoring.models import RulebookEvent
from scoring.reviews import confirm, months_later, remind_if_due, review_of_published
from scoring.tasks import tick
from tests.factories import UserFactory
from tests.scoring.conftest import NOW, Publish, german

pytestmark = pytest.mark.django_db
# Published on 10 March 2026, 12:00: due three months later.
DUE = datetime(2026, 6, 10, 9, tzinfo=UTC)


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann", email="ann@x.example", role=Role.MARKETER)


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(username="bob", email="bob@x.example", role=Role.MANAGER)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 10), 3, date(2026, 6, 10)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_later(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_review_is_counted_from_publication_then_from_the_last_review(
    publish_rules: Publish, ann: User, bob: User
) -> None:
    assert review_of_published() is None
    book = publish_rules(german(20))
    assert review_of_published().due_on == date(2026, 6, 10)

    confirm(book=book, by=bob, at=DUE)

    review = review_of_published()
    assert (review.due_on, review.last.by) == (date(2026, 9, 10), bob)
    Organisation.objects.update(review_months=1)
    assert review_of_published().due_on == date(2026, 7, 10)
    with pytest.raises(ScoringError, match="today already"):
        confirm(book=book, by=bob, at=DUE + timedelta(hours=1))


def test_only_the_published_one_is_reviewed_and_only_by_those_who_sign(
    publish_rules: Publish, ann: User
) -> None:
    old = publish_rules(german(20))
    new = publish_rules(german(10))

    with pytest.raises(ScoringError, match="not the published rulebook any more"):
        confirm(book=old, by=ann, at=DUE)
    with pytest.raises(ScoringError, match="Marketers and sales managers"):
        confirm(book=new, by=UserFactory(role=Role.ADMINISTRATOR), at=DUE)


def test_both_sides_are_reminded_once_here_and_by_mail(publish_rules: Publish, ann: User, bob: User) -> None:
    book = publish_rules(german(20))
    UserFactory(username="rep", email="rep@x.example", role=Role.REP)
    UserFactory(username="gone", email="gone@x.example", role=Role.MARKETER, is_active=False)

    for at in (DUE - timedelta(days=1), DUE.replace(hour=7), DUE, DUE + timedelta(minutes=1)):
        remind_if_due(at=at)

    told = Notification.objects.order_by("user__username")
    assert [(note.user.username, note.mail_state) for note in told] == [
        ("ann", "waiting"),
        ("bob", "waiting"),
    ]
    assert "version 1 is due" in told[0].title
    assert told[0].link == reverse("scoring:definitions")
    event = RulebookEvent.objects.get(rulebook=book, kind="reminded")
    assert event.what == "Review due on 2026-06-10. Reminded: ann, bob"
    confirm(book=book, by=ann, at=DUE)
    assert remind_if_due(at=datetime(2026, 9, 10, 9, tzinfo=UTC)) == 2


def test_tick_reminds(publish_rules: Publish, ann: User, time_machine: Any) -> None:
    publish_rules(german(20))
    time_machine.move_to(DUE)

    tick()

    assert Notification.objects.filter(user=ann, kind="review").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_remind_once(publish_rules: Publish, ann: User) -> None:
    publish_rules(german(20))
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        remind_if_due(at=DUE)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Notification.objects.filter(kind="review").count() == 1
    assert NOW < DUE
