"""The settings of a beat that need not be waited for."""

from __future__ import annotations

from leadfunnel.settings import *  # noqa: F403
from leadfunnel.settings import CELERY_BEAT_SCHEDULE

CELERY_BEAT_SCHEDULE["scoring-tick"]["schedule"] = 0.5
