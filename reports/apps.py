from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate, pre_migrate


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        pre_migrate.connect(remove_triggers, sender=self)
        post_migrate.connect(install_triggers, sender=self)
        # Each report registers itself.
        pages = import_module("reports.pages")
        for module in iter_modules(pages.__path__, "reports.pages."):
            import_module(module.name)
        import_module("reports.saved").register_saved_pages()


def remove_triggers(*, using: str, plan: list[Any] | None = None, **kwargs: Any) -> None:
    from leads import triggers

    if plan:
        triggers.remove("reports", using=using)


def install_triggers(*, using: str, plan: list[Any] | None = None, **kwargs: Any) -> None:
    """After each migrate, unless it went back to a time before there was a store; a flush leaves triggers alone.

    While a migration ran there was no trigger, and before the first one there never was: everything is built anew.
    """
    from django.db import connections

    from reports import triggers
    from reports.models import StoreState
    from reports.store import state

    if plan is None or using != DEFAULT_DB_ALIAS:
        return
    if StoreState._meta.db_table in connections[using].introspection.table_names():
        triggers.install(using=using)
        if plan:
            state.forget()
