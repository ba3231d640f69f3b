"""Small pieces that every page uses. Loaded everywhere: settings name this module as a builtin."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.handoff.sla import Segment
from leads.models import Stage, Team

register = template.Library()

UNKNOWN = "–"
ICONS = "vendor/icons-3.51.0.svg"


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """One symbol of the sprite; decoration only, so hidden from screen readers."""
    return _icon(name, extra_class)


@cache  # a page has some hundred of a few dozen
def _icon(name: str, extra_class: str) -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra_class,
        static(ICONS),
        name,
    )


@register.simple_block_tag(takes_context=True)
def keep_as(context: Context, content: str, name: str) -> str:
    """Renders nothing here: the content is kept under a name, to stand many times on a page and be made once."""
    context[name] = SafeString(content)
    return ""


@register.simple_tag
def stage_badge(stage: str) -> SafeString:
    known = Stage(stage)
    return format_html('<span class="lf-stage lf-stage--{}">{}</span>', known.value, known.label)


@register.simple_tag
def grade_badge(grade: str | None) -> SafeString:
    """`A1`, coloured by its letter; a dash where the lead has not been scored."""
    if not grade:
        return format_html('<span title="No grade">{}</span>', UNKNOWN)
    return format_html('<span class="lf-grade lf-grade--{}">{}</span>', grade[0].lower(), grade)


@register.filter
def or_dash(value: object) -> object:
    """Unknown is shown as a dash, never as an empty place, None or 0."""
    return UNKNOWN if value is None or value == "" else value


@register.filter
def signed(points: int) -> str:
    """`+20`, `−10` (with the real minus sign) or `0`."""
    return f"{points:+,d}".replace("-", "−") if points else "0"


@register.filter
def points_tone(points: int) -> str:
    return "lf-points--plus" if points > 0 else "lf-points--minus" if points < 0 else ""


@register.filter
def initials(name: object) -> str:
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def duration_words(span: timedelta) -> str:
    """The largest unit, rounded down: 45 s, 12 min, 3 h, 2 days, 5 months."""
    seconds = int(abs(span).total_seconds())
    days = seconds // 86_400
    if days >= 730:
        return f"{days // 365} years"
    if days >= 60:
        return f"{days // 30} months"
    if days >= 1:
        return f"{days} day{'s' if days > 1 else ''}"
    if seconds >= 3600:
        return f"{seconds // 3600} h"
    if seconds >= 60:
        return f"{seconds // 60} min"
    return f"{seconds} s"


@register.filter
def ago(instant: datetime | None) -> SafeString | str:
    """A <time> that says how long ago (or how far ahead), with the exact instant as its title."""
    if instant is None:
        return UNKNOWN
    now = timezone.now()
    words = (
        f"{duration_words(now - instant)} ago" if instant <= now else f"in {duration_words(instant - now)}"
    )
    local = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%a %d %b %Y, %H:%M %Z}", words
    )


@register.filter
def since(instant: datetime) -> str:
    """How long it has been so: `3 h`, `2 days`."""
    return duration_words(timezone.now() - instant)


@register.filter
def days_ago(day: date | None) -> str:
    """`today`, `yesterday`, `5 days ago`, in the organisation's time zone."""
    if day is None:
        return UNKNOWN
    days = (timezone.localdate() - day).days
    if days in (0, 1):
        return ("today", "yesterday")[days]
    return f"{duration_words(timedelta(days=days))} ago" if days > 0 else f"{day:%d %b %Y}"


@register.filter
def short_date(instant: datetime | None) -> str:
    return UNKNOWN if instant is None else f"{timezone.localtime(instant):%d %b %Y}"


@register.filter
def weekday_time(instant: datetime) -> str:
    """`Mon 09:30`, for what lies within days."""
    return f"{timezone.localtime(instant):%a %H:%M}"


@register.filter
def clock_time(instant: datetime) -> str:
    """`09:30`, for what lies within hours."""
    return f"{timezone.localtime(instant):%H:%M}"


@register.filter
def exact_time(instant: datetime | None) -> str:
    return UNKNOWN if instant is None else f"{timezone.localtime(instant):%d %b %Y, %H:%M}"


@register.filter
def thousands(number: int | Decimal | None) -> str:
    """12,345 with thin grouping; a dash for unknown."""
    return UNKNOWN if number is None else f"{number:,}"


@register.filter
def up_to_99(number: int) -> str:
    """`99+` for what is counted no further than that."""
    return f"{number}" if number <= 99 else "99+"


@register.filter
def hours(span: timedelta | float) -> str:
    """`30 min`, `2 h`, `2 h 10 min`, of a span or of minutes; to the minute, rounded down."""
    minutes = int(span.total_seconds() // 60 if isinstance(span, timedelta) else span)
    parts = [f"{minutes // 60} h" if minutes >= 60 else "", f"{minutes % 60} min" if minutes % 60 else ""]
    return " ".join(filter(None, parts)) or "0 min"


@register.filter
def stretch(segment: Segment, team: Team | None) -> str:
    """`Fri 16:30–17:00 = 30 min`, in the zone of the team whose hours they are."""
    zone = team.zone if team else timezone.get_default_timezone()
    starts, ends = (timezone.localtime(at, zone) for at in (segment.starts_at, segment.ends_at))
    return f"{starts:%a %H:%M}–{ends:%H:%M} = {hours(segment.minutes)}"
