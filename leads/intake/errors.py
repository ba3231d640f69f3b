from __future__ import annotations


class FileRefused(Exception):
    """A file that is refused as a whole: nothing of it is stored. The message is for the user."""
