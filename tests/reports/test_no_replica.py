from __future__ import annotations

from django.db import router

from reports import replica
from reports.models import Journey


def test_without_a_replica_there_is_one_database(db):
    assert replica.read(lambda: router.db_for_read(Journey)) == ("default", "")
