"""News for the apps above: leads have got new facts or activities.

Which leads they are is not part of the news: database triggers write it into ChangeLogEntry, in the
transaction that changes the data. So whoever forgets to tell the news loses nothing but time.
"""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

# Sent after the commit, without arguments.
leads_changed = Signal()


def tell_leads_changed() -> None:
    """Send `leads_changed` once the current transaction has committed. No listener can undo what it is about."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    leads_changed.send_robust(sender=None)
