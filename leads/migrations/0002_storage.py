from __future__ import annotations

from typing import Any

from django.db import migrations

# SQLite has none of these; it needs none.
FORWARD = (
    # Room in each page for in-place updates: a rescore rewrites these rows again and again.
    "ALTER TABLE leads_leadscore SET (fillfactor = 60)",
    "CREATE INDEX leads_activity_day_brin ON leads_activity USING brin (day)",
    "ALTER TABLE leads_activity SET (autovacuum_vacuum_insert_scale_factor = 0.01)",
)
BACKWARD = (
    "ALTER TABLE leads_leadscore RESET (fillfactor)",
    "DROP INDEX leads_activity_day_brin",
    "ALTER TABLE leads_activity RESET (autovacuum_vacuum_insert_scale_factor)",
)


def on_postgresql(statements: tuple[str, ...]) -> Any:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(FORWARD), on_postgresql(BACKWARD))]
