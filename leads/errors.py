from __future__ import annotations


class LeadError(Exception):
    """A refusal in words for the user; nothing was changed."""
