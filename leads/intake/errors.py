from __future__ import annotations

from leads.errors import LeadError


class FileRefused(LeadError):
    """A file that is refused as a whole: nothing of it is stored. The message is for the user."""
