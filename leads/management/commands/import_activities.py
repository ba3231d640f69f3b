from __future__ import annotations

from leads.intake.activities import import_activities
from leads.intake.command import ImportCommand
from leads.intake.mapping import ACTIVITIES


class Command(ImportCommand):
    help = "Import activities of leads from a CSV file. The same file again changes nothing."
    kind = ACTIVITIES
    run_import = import_activities
