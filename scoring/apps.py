from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)


def install_triggers(*, using: str, **kwargs: Any) -> None:
    from leads.triggers import forbid_rewriting
    from scoring.models import ScoreChange

    if "plan" in kwargs:
        forbid_rewriting(ScoreChange, using=using)
