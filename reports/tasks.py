"""What workers are told: bring what reports read up to date."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from reports import snapshots, weekly
from reports.store import folding

logger = logging.getLogger(__name__)
# In this order: the letter says what was folded in.
STEPS = (folding.fold, snapshots.take_if_due, weekly.write_due)


@shared_task
def tick() -> None:
    """Each minute. Every step finds by state what is to do, so that it is safe to run twice, or late.

    One that fails keeps none of the others from running.
    """
    now = timezone.now()
    for step in STEPS:
        try:
            step(at=now)
        except Exception:
            logger.exception("%s failed; it is tried again in a minute.", step.__module__)
