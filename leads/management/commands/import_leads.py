from __future__ import annotations

from leads.intake.command import ImportCommand
from leads.intake.loading import import_leads
from leads.intake.mapping import LEADS


class Command(ImportCommand):
    help = "Import leads from a CSV file. The same file again changes nothing."
    kind = LEADS
    run_import = import_leads
