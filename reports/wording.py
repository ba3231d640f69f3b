"""How numbers are written for people: on pages, in text and in mail. JSON and CSV give bare values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings

from leads.templatetags.ui import UNKNOWN, hours
from reports.document import Kind, Number
from reports.period import Period

SPACE = "\N{NO-BREAK SPACE}"
# Below this an expected number is written with a decimal.
EXACT_BELOW = 10


def number_words(number: Number) -> str:
    """12,345; 33.3 %; 2.5 d; "–" for no data."""
    return value_words(number.value, number.kind)


def value_words(value: Any, kind: Kind) -> str:
    if value is None:
        return UNKNOWN
    match kind:
        case Kind.COUNT:
            return f"{value:,}"
        case Kind.SHARE:
            return f"{value * 100:,.1f}{SPACE}%".replace("-", "−")
        case Kind.HOURS:
            return f"{_short(value / 24)}{SPACE}d"
        case Kind.DAYS:
            return f"{_short(value)}{SPACE}d"
        case Kind.MINUTES:
            return hours(value).replace(" ", SPACE)
        case Kind.MONEY:
            return f"{money_words(value)}{SPACE}{settings.CURRENCY}"
        case Kind.NUMBER:
            return f"{value:,.2f}"
        case Kind.EXPECTED:
            return f"{value:,.0f}" if value >= EXACT_BELOW else f"{value:,.1f}"
        case Kind.POINTS:
            return f"{signed(value, '.1f')}{SPACE}points"
        case Kind.DATE:
            return day_words(value)
        case Kind.TEXT:
            return str(value)


def signed(value: float, form: str) -> str:
    """+4.3, −4.3, 0.0: with a minus as wide as the plus."""
    words = format(abs(value), form)
    is_zero = not float(words.replace(",", ""))
    return words if is_zero else f"{'+' if value > 0 else '−'}{words}"


def money_words(amount: Decimal | float) -> str:
    """With cents only where they matter."""
    amount = float(amount)
    return f"{amount:,.0f}" if abs(amount) >= 1000 or amount == int(amount) else f"{amount:,.2f}"


def day_words(day: date) -> str:
    return f"{day:%-d %b %Y}"


def days_words(period: Period) -> str:
    """1 Jan 2026 to 31 Jan 2026."""
    return f"{day_words(period.start)} to {day_words(period.last_day)}"


def of_words(number: Number) -> str:
    """The counts behind a share: "3 of 6"."""
    return "" if number.of is None else f"{number.of[0]:,} of {number.of[1]:,}"


def interval_words(number: Number) -> str:
    if number.interval is None:
        return ""
    low, high = number.interval
    if number.kind is Kind.SHARE:
        return f"{low * 100:.1f} to {high * 100:.1f}{SPACE}%"
    if number.kind is Kind.POINTS:
        return f"{signed(low, '.1f')} to {signed(high, '.1f')}"
    return f"{value_words(low, number.kind)} to {value_words(high, number.kind)}"


@dataclass(frozen=True)
class Change:
    """Against the period before. `direction`: up, down or same; `is_good` None: neither good nor bad."""

    direction: str
    words: str
    was: str
    is_good: bool | None


def change_of(number: Number, *, more_is_better: bool | None = None) -> Change | None:
    """None where nothing is compared, or one of the two is not known."""
    value, before = number.value, number.before
    if before is None or value is None or isinstance(value, (str, date)):
        return None
    difference = float(value) - float(before)
    direction = "same" if difference == 0 else "up" if difference > 0 else "down"
    is_good = None if more_is_better is None or direction == "same" else (direction == "up") is more_is_better
    return Change(direction, _difference(number, difference), value_words(before, number.kind), is_good)


def _difference(number: Number, difference: float) -> str:
    if difference == 0:
        return "no change"
    if number.kind is Kind.SHARE:
        return f"{signed(difference * 100, '.1f')}{SPACE}points"
    if not number.before:
        return (
            "from nothing"
            if number.kind is Kind.COUNT
            else f"{'+' if difference > 0 else '−'}{value_words(abs(difference), number.kind)}"
        )
    return relative_words(difference, float(number.before))


def relative_words(difference: float, before: float) -> str:
    """+1,234 %."""
    return f"{signed(difference / abs(before) * 100, ',.0f')}{SPACE}%"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
