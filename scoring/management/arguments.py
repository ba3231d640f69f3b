"""Arguments that several commands take."""

from __future__ import annotations

import argparse
import re
from datetime import date

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


def day_argument(text: str) -> date:
    """A day, written YYYY-MM-DD."""
    try:
        day = date.fromisoformat(text) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise argparse.ArgumentTypeError(
            f"“{text}” is no day; write YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}."
        )
    return day
