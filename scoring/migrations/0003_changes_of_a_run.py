from __future__ import annotations

from typing import Any

from django.db import migrations

# Rows are appended run by run, so that a block range index finds those of one run at no cost of writing.
# SQLite has none such; there an index that only grows at its end is cheap.
CREATE = {
    "postgresql": "CREATE INDEX scoring_scorechange_run ON scoring_scorechange"
    " USING brin (run_id) WITH (autosummarize = on)",
    "sqlite": "CREATE INDEX scoring_scorechange_run ON scoring_scorechange (run_id)",
}
DROP = "DROP INDEX scoring_scorechange_run"


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(CREATE[schema_editor.connection.vendor])


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_cancelling")]

    operations = [migrations.RunPython(create, drop)]
