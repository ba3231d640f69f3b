"""What is said about handoffs: one by its name, many in one message that lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from leads.models import Handoff, Lead, Notification, Team
from leads.notifications.telling import Line, Message, line

# More than these are counted, not listed.
LISTED = 10


def message_about(
    kind: Notification.Kind,
    handoffs: Sequence[Handoff],
    *,
    one: Callable[[Handoff], str],
    many: str,
    detail: Callable[[Handoff], str],
    link: str,
) -> Message:
    """`one` is the title for a single handoff, `many` (with {} for their number) for several; `detail` adds to both.

    `link`: where several are listed; one leads to its lead.
    """
    if len(handoffs) == 1:
        (handoff,) = handoffs
        lines = (line(detail(handoff)),) if detail(handoff) else ()
        return Message(kind, one(handoff), lines=lines, link=lead_link(handoff.lead))
    return Message(kind, many.format(len(handoffs)), lines=listed(handoffs, detail), link=reverse(link))


def listed(handoffs: Sequence[Handoff], detail: Callable[[Handoff], str]) -> list[Line]:
    lines = [
        line(" · ".join(filter(None, (str(each.lead), detail(each)))), lead_link(each.lead))
        for each in handoffs[:LISTED]
    ]
    if len(handoffs) > LISTED:
        lines.append(line(f"and {len(handoffs) - LISTED} more"))
    return lines


def lead_link(lead: Lead) -> str:
    return reverse("leads:detail", args=[lead.pk])


def about(handoff: Handoff) -> str:
    """`Acme, A1 78, fast track`, as far as known."""
    score = f"{handoff.grade} {handoff.total}" if handoff.grade else ""
    fast = "fast track" if handoff.fast_tracked else ""
    return ", ".join(filter(None, (handoff.lead.company_name, score, fast)))


def time_words(instant: datetime | None, team: Team | None) -> str:
    """`Mon 2 Mar 15:30`, in the time zone of the team."""
    if instant is None:
        return "–"
    local = timezone.localtime(instant, team.zone if team else timezone.get_default_timezone())
    return f"{local:%a} {local.day} {local:%b %H:%M}"
