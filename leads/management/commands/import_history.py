from __future__ import annotations

from leads.intake.command import ImportCommand
from leads.intake.history import import_history
from leads.intake.mapping import HISTORY


class Command(ImportCommand):
    help = "Import stage changes that happened in another system from a CSV file."
    kind = HISTORY
    run_import = import_history
