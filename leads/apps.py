from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.urls import register_converter


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads.converters import RowConverter
        from leads.triggers import register_functions

        register_converter(RowConverter, "row")
        connection_created.connect(register_functions)
        post_migrate.connect(complete_database, sender=self)


def complete_database(*, using: str, **kwargs: Any) -> None:
    """After each migrate: triggers as this version has them, and the rows nothing works without.

    Here and not in a migration, since SQLite drops a table's triggers whenever a later migration alters it.
    """
    from leads import reference, triggers

    # A flush sends the signal too, without a plan: it has emptied the tables and left the triggers.
    if "plan" in kwargs:
        triggers.install(using=using)
    reference.install(using=using)
