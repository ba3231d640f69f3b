"""When the nightly run is made, to the minute and across changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from leads.models import Organisation
from leads.models.fields import day_of
from scoring.models import ScoringRun


def next_night(*, at: datetime) -> datetime:
    """The instant from which the next nightly run is due; not after `at` where it is due and absent.

    It is the instant that scoring.runs.request_nightly_if_due waits for: an hour that the clock skips is
    reached when the clock has jumped, and of an hour that comes twice the first one counts.
    """
    day = day_of(at)
    if ScoringRun.objects.filter(kind=ScoringRun.Kind.NIGHTLY, day=day).exists():
        day += timedelta(days=1)
    hour = time(Organisation.current().nightly_hour)
    local = datetime.combine(day, hour, tzinfo=timezone.get_default_timezone())
    # In UTC: Python compares no local time that the clock skips or repeats with one of another zone.
    return local.astimezone(UTC)
