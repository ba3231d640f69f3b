"""Folding: the one way in which texts are compared."""

from __future__ import annotations

from hashlib import blake2b
from unicodedata import normalize


def fold(text: str) -> str:
    """NFC(lower(NFC(text))): letter case and the spelling of accents never matter.

    Done in Python and stored beside the text, because lower() of SQLite knows only ASCII and
    that of PostgreSQL follows the locale.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFC", normalize("NFC", text).lower())


def folded_digest(folded: str) -> str:
    """32 hex digits that stand for a folded text too long for a unique index."""
    return blake2b(folded.encode(), digest_size=16).hexdigest()
