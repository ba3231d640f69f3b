from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

logger = logging.getLogger(__name__)


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        from leads.news import leads_changed

        pre_migrate.connect(remove_triggers, sender=self)
        post_migrate.connect(install_triggers, sender=self)
        leads_changed.connect(rescore_soon)


def remove_triggers(*, using: str, plan: list[Any] | None = None, **kwargs: Any) -> None:
    from leads import triggers

    if plan:
        triggers.remove("scoring", using=using)


def install_triggers(*, using: str, **kwargs: Any) -> None:
    from leads.triggers import forbid_rewriting
    from scoring import triggers
    from scoring.models import RulebookEvent, ScoreChange

    if "plan" in kwargs:
        triggers.install(using=using)
        forbid_rewriting(ScoreChange, using=using)
        forbid_rewriting(RulebookEvent, using=using)


def rescore_soon(**kwargs: Any) -> None:
    """Nudge a worker. Whoever changed the lead goes on at once, even where the broker is down."""
    from kombu.exceptions import OperationalError

    from scoring.tasks import NUDGE_EXPIRES, rescore_changed

    try:
        rescore_changed.apply_async(expires=NUDGE_EXPIRES)
    except (OperationalError, OSError) as error:
        logger.warning("No broker to ask for a rescore (%s); the minutely tick will see to it.", error)
