from __future__ import annotations

import pytest
from django.db import connection

from leads.models import Lead
from scoring.engine.levels import LeadSet
from scoring.sampling import _drawn, a_sample, number_of_leads
from tests.factories import LeadFactory


def test_draws_are_spread_over_all_ids_alike() -> None:
    drawn = list(_drawn(1, 1_000_000, 5_000))

    assert len(set(drawn)) == len(drawn)
    assert 4_700 < len(drawn) < 5_300
    assert all(
        450 < sum(start <= one < start + 100_000 for one in drawn) < 550 for start in range(1, 10**6, 10**5)
    )


def test_new_leads_leave_the_sample_alone_but_for_a_few() -> None:
    before = set(_drawn(1, 100_000, 3_000))

    after = set(_drawn(1, 100_100, 3_000))

    assert len(before - after) < 10
    assert {one for one in after - before if one <= 100_000} == set()


@pytest.mark.django_db
def test_sample_is_the_same_each_time() -> None:
    for pk in range(1000, 1200):
        LeadFactory(id=pk)

    (drawn,) = a_sample(50).targets

    assert isinstance(drawn, LeadSet)
    assert 30 < len(drawn.ids) < 70
    assert a_sample(50).targets == (drawn,)
    assert set(drawn.ids) <= set(Lead.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_few_leads_are_counted() -> None:
    LeadFactory.create_batch(3)

    assert number_of_leads() == 3


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kept", "number"), [(-1, 3), (7, 3), (99_999, 3), (100_000, 100_000), (1_000_000, 1_000_000)]
)
def test_what_postgresql_keeps_counts_only_where_it_is_many(kept: int, number: int) -> None:
    LeadFactory.create_batch(3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = %s WHERE oid = 'leads_lead'::regclass", [kept])

    assert number_of_leads() == number
