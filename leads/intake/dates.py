"""Dates and times as people and programs write them.

Whether 03-02-2018 is in February or March is settled by the file as a whole, never guessed: first
every date of the file is looked at (DateEvidence), then they are read in the settled order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from leads.intake.errors import FileRefused


class DateOrder(StrEnum):
    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"

    @property
    def label(self) -> str:
        return {"ymd": "year first", "dmy": "day first", "mdy": "month first"}[self.value]


EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)

_SHORT_DATE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_MONTH_NAME = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(?:(?P<d1>\d{1,2})[ -](?P<m1>[a-z]{3,9})\.?,?[ -](?P<y1>\d{4})"
    r"|(?P<m2>[a-z]{3,9})\.? (?P<d2>\d{1,2}),? (?P<y2>\d{4}))",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:[T ]|, ?| at )\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


class UnreadableDate(ValueError):
    """A text that is no date; the message says why."""


def parse_instant(text: str, *, order: DateOrder | None, zone: tzinfo) -> datetime:
    """An aware instant from a date with or without a time; UnreadableDate where there is none.

    Without a time it is 00:00, without an offset the time is in `zone`. `order` is needed only for
    dates whose year stands last. Years of two digits are 1969 to 2068.
    """
    if len(text) >= 10 and text[4] == "-":
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return instant if instant.tzinfo else instant.replace(tzinfo=zone)
    day, rest = _split_date(text, order)
    return _with_time(day, rest, text, zone)


def parse_day(text: str, *, order: DateOrder | None) -> date:
    """The calendar date of a text; a time behind it is left aside. UnreadableDate where there is none."""
    return parse_instant(text, order=order, zone=UTC).date()


def refuse_impossible_instant(instant: datetime, *, now: datetime) -> str | None:
    """Why an instant cannot be when something happened, or None: a day of clock skew is allowed."""
    if instant < EARLIEST:
        return "lies before 1970"
    if instant > now + CLOCK_SKEW:
        return "lies in the future"
    return None


def _split_date(text: str, order: DateOrder | None) -> tuple[date, str]:
    if match := _SHORT_DATE.match(text):
        first, second, last = int(match[1]), int(match[3]), match[4]
        if order is None and first != second:
            raise UnreadableDate(f"“{text}” can be read day first and month first")
        year, month, day = _arranged(first, second, last, order or DateOrder.DMY)
        return _existing(text, year, month, day, order), text[match.end() :]
    if match := _YEAR_FIRST.match(text):
        return _existing(text, int(match[1]), int(match[3]), int(match[4])), text[match.end() :]
    if match := _COMPACT.match(text):
        return _existing(text, int(match[1]), int(match[2]), int(match[3])), text[match.end() :]
    if match := _MONTH_NAME.match(text):
        month = _MONTHS.get((match["m1"] or match["m2"])[:3].lower(), 0)
        if month:
            year, day = int(match["y1"] or match["y2"]), int(match["d1"] or match["d2"])
            return _existing(text, year, month, day), text[match.end() :]
    raise UnreadableDate(f"“{text[:60]}” is not a date; write it as YYYY-MM-DD")


def _arranged(first: int, second: int, last: str, order: DateOrder) -> tuple[int, int, int]:
    """Year, month and day in the given order. A year of four digits at the end stays the year."""
    if order is DateOrder.YMD and len(last) == 2:
        return _full_year(first), second, int(last)
    year = int(last) if len(last) == 4 else _full_year(int(last))
    return (year, first, second) if order is DateOrder.MDY else (year, second, first)


def _full_year(year: int) -> int:
    return year + (2000 if year <= 68 else 1900)


def _existing(text: str, year: int, month: int, day: int, order: DateOrder | None = None) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        read = f", read {order.label}" if order else ""
        raise UnreadableDate(f"“{text[:60]}” is a date that does not exist{read}") from None


def _with_time(day: date, rest: str, text: str, zone: tzinfo) -> datetime:
    rest = rest.rstrip()
    if not rest:
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    match = _TIME.fullmatch(rest)
    if match is None:
        raise UnreadableDate(f"“{text[:60]}” has a time that cannot be read; write it as HH:MM or HH:MM:SS")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[5]:
        if not 1 <= hour <= 12:
            raise UnreadableDate(f"“{text[:60]}” has a time that does not exist")
        hour = hour % 12 + (12 if match[5][0] in "pP" else 0)
    microsecond = int((match[4] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(
            day.year, day.month, day.day, hour, minute, second, microsecond, tzinfo=_offset(match[6], zone)
        )
    except ValueError:
        raise UnreadableDate(f"“{text[:60]}” has a time that does not exist") from None


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    return datetime.strptime(text if len(text) > 3 else text + "00", "%z").tzinfo or zone


@dataclass
class DateEvidence:
    """What the dates of a whole file say about their order.

    Only dates with the year last say anything; those that allow both orders are counted, and the
    first that allows only one is kept with its line and column.
    """

    ambiguous: int = 0
    first_ambiguous: Sighting | None = None
    day_first: Sighting | None = None
    month_first: Sighting | None = None
    _known: dict[str, str] = field(default_factory=dict)

    def look_at(self, *, column: str, lines: Iterable[int], cells: Iterable[str]) -> None:
        """Look at one column of a batch. Cells that begin with a year cost a comparison each."""
        for line, cell in zip(lines, cells, strict=True):
            if cell[4:5] == "-" or not cell:
                continue
            # The date alone, without its time: few different ones in a file.
            text = cell.strip()[:10]
            verdict = self._known.get(text)
            if verdict is None:
                verdict = self._known[text] = _allowed_orders(text)
                if len(self._known) > 100_000:
                    self._known.clear()
            if verdict:
                self._note(verdict, Sighting(line, column, cell.strip()))

    def _note(self, verdict: str, sighting: Sighting) -> None:
        if verdict == "both":
            self.ambiguous += 1
            self.first_ambiguous = self.first_ambiguous or sighting
        elif verdict == "dmy":
            self.day_first = self.day_first or sighting
        else:
            self.month_first = self.month_first or sighting

    def settle(self, given: DateOrder | None) -> SettledOrder:
        """The order of the file; FileRefused where its dates contradict each other or leave it open."""
        if given is not None:
            return SettledOrder(given, None)
        if self.day_first and self.month_first:
            raise FileRefused(
                f"The dates contradict each other: {self.day_first} can only be day first, {self.month_first} only "
                "month first. Correct one, or give --date-order dmy or mdy and have the other rows refused."
            )
        if self.day_first:
            return SettledOrder(DateOrder.DMY, self._reason(self.day_first, DateOrder.DMY))
        if self.month_first:
            return SettledOrder(DateOrder.MDY, self._reason(self.month_first, DateOrder.MDY))
        if self.first_ambiguous:
            raise FileRefused(
                f"Every date can be read day first and month first ({self.first_ambiguous}): "
                "say which with --date-order dmy or --date-order mdy."
            )
        return SettledOrder(None, None)

    def _reason(self, sighting: Sighting, order: DateOrder) -> str:
        return f"Dates are read {order.label}, because {sighting} allows nothing else."


@dataclass(frozen=True)
class Sighting:
    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line} (“{self.text[:40]}” in {self.column})"


@dataclass(frozen=True)
class SettledOrder:
    """The order in which the file's dates are read; None where no date needs one."""

    order: DateOrder | None
    reason: str | None


def _allowed_orders(text: str) -> str:
    """'dmy', 'mdy' or 'both'; '' for what is no date with the year last, or does not exist either way."""
    match = _SHORT_DATE.match(text)
    if match is None:
        return ""
    first, second, last = int(match[1]), int(match[3]), match[4]
    orders = [
        order for order in (DateOrder.DMY, DateOrder.MDY) if _exists(*_arranged(first, second, last, order))
    ]
    if len(orders) == 2:
        # 05/05/2018 is the same day in both orders, and says nothing.
        return "" if first == second else "both"
    return orders[0].value if orders else ""


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
