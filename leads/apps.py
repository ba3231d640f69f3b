from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import register_converter


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads.converters import RowConverter
        from leads.triggers import register_functions

        register_converter(RowConverter, "row")
        connection_created.connect(register_functions)
        pre_migrate.connect(free_tables, sender=self)
        post_migrate.connect(complete_database, sender=self)


def free_tables(*, using: str, plan: list[Any] | None = None, **kwargs: Any) -> None:
    """Before each migrate that has something to do: no trigger that would keep a migration from its table."""
    from leads import triggers

    if plan:
        triggers.remove("leads", using=using)


def complete_database(*, using: str, **kwargs: Any) -> None:
    """After each migrate: triggers as this version has them, and the rows nothing works without.

    Here and not in a migration, since SQLite drops a table's triggers whenever a later migration alters it.
    """
    from leads import reference, triggers
    from leads.handoff import tally

    # A flush sends the signal too, without a plan: it has emptied the tables and left the triggers.
    if "plan" in kwargs:
        triggers.install(using=using)
    reference.install(using=using)
    if using == DEFAULT_DB_ALIAS:
        tally.rebuild_if_kept()
