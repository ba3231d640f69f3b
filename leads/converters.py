from __future__ import annotations

from django.urls.converters import IntConverter


class RowConverter(IntConverter):
    """The id of a row in an address: no longer than an id can be, so that a longer one is simply not found."""

    regex = "[0-9]{1,18}"
