"""Working on a study: take it, do it, write down how it ended. Any number of messages do it once."""

from __future__ import annotations

import logging
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.models import Study
from scoring.studies import ledger
from scoring.studies.kinds import KINDS
from scoring.studies.progress import Clock, OutOfTime, Progress, Stopped

logger = logging.getLogger(__name__)


def work_on(study_id: int, *, clock: Clock = timezone.now, until: datetime | None = None) -> bool:
    """Take the study and do it; nothing where it has ended or another worker is on it.

    True where there is more to do: its time was up.
    """
    study = ledger.take(study_id, at=clock())
    if study is None:
        return False
    try:
        result = KINDS[study.kind].work(study, Progress(study, clock=clock, until=until))
    except Stopped:
        return False
    except OutOfTime:
        ledger.lay_down(study, at=clock())
        return True
    except ScoringError as refusal:
        ledger.fail(study, error=str(refusal), at=clock())
    except SoftTimeLimitExceeded:
        ledger.fail(study, error="It took longer than a worker may; ask for less.", at=clock())
    except Exception as error:  # the ledger is the edge: whoever waits is told
        logger.exception("%s failed", study)
        _retry_or_fail(study, error, clock())
    else:
        ledger.finish(study, result=result, at=clock())
    return False


def _retry_or_fail(study: Study, error: Exception, at: datetime) -> None:
    """It may have been the database that was away: the next tick tries again, three times in all."""
    what = f"{type(error).__name__}: {error}"
    if study.attempts < ledger.MAX_ATTEMPTS:
        ledger.lay_down(study, at=at, error=what)
    else:
        ledger.fail(study, error=f"An error that should not happen ended it, three times: {what}", at=at)
