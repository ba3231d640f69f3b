from __future__ import annotations


class ScoringError(Exception):
    """A refusal in words for the user; nothing was changed."""
