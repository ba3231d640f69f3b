from __future__ import annotations

from datetime import date

import pytest

from leads.models import Absence, Role, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)


@pytest.mark.parametrize(
    ("day", "is_absent"),
    [(date(2026, 3, 1), False), (FIRST, True), (LAST, True), (date(2026, 3, 5), False)],
)
def test_absence_holds_from_the_first_day_to_the_last(day: date, is_absent: bool) -> None:
    alice, bob = UserFactory(), UserFactory()
    Absence.objects.create(user=alice, first_day=FIRST, last_day=LAST)

    assert alice.is_absent(on=day) is is_absent
    assert (alice in User.objects.available(on=day)) is not is_absent
    assert bob in User.objects.available(on=day)


def test_who_has_left_is_not_available() -> None:
    gone = UserFactory(is_active=False)

    assert gone not in User.objects.available(on=FIRST)


def test_in_sales_are_reps_and_managers_once_each() -> None:
    both = UserFactory(role=Role.REP)
    both.groups.add(*UserFactory(role=Role.MANAGER).groups.all())
    UserFactory(role=Role.MARKETER)

    assert list(User.objects.in_sales().filter(pk=both.pk)) == [both]
    assert User.objects.in_sales().count() == 2


def test_absence_that_is_over_is_left_out() -> None:
    absence = Absence.objects.create(user=UserFactory(), first_day=FIRST, last_day=LAST)

    assert list(Absence.objects.ending_from(LAST)) == [absence]
    assert not Absence.objects.ending_from(date(2026, 3, 5)).exists()
    assert list(Absence.objects.on(FIRST)) == [absence]
