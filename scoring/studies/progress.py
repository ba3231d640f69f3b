"""What a study's worker function tells the ledger while it works, and hears from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from scoring.models import Study
from scoring.studies.ledger import LEASE, ours

Clock = Callable[[], datetime]


class Stopped(Exception):
    """The study was cancelled, or another worker has taken it over: what is done so far is worth nothing."""


class OutOfTime(Exception):
    """The message's time is up. What was kept stands, and the next message goes on from there."""


class Progress:
    """Call it between the steps of the work; each call renews the lease, and raises Stopped where it is lost.

    Call it outside of transactions, else nobody sees it until they end; but for `advance(0)` in one that writes:
    then nobody can take the study over before that is committed, and what a lost worker wrote is rolled back.
    """

    def __init__(self, study: Study, *, clock: Clock, until: datetime | None = None) -> None:
        self._study = study
        self._clock = clock
        self._until = until

    @property
    def kept(self) -> Any:
        """What the worker before us kept; None at the beginning."""
        return self._study.kept

    def expect(self, steps: int, *, done: int = 0) -> None:
        """The work has so many steps; `done`: of what was kept."""
        self._write(steps=steps, steps_done=done)

    def advance(self, steps: int = 1) -> None:
        """So many more steps are done. With 0: we are still here."""
        self._write(steps_done=F("steps_done") + steps)

    def keep(self, state: Mapping[str, Any], *, steps_done: int) -> None:
        """Keep `state`, from which another worker can go on. Raises OutOfTime where it is time to stop.

        Work that takes minutes should call it now and then: a message has about eight of them.
        """
        self._study.kept = dict(state)
        # What comes next is begun for the first time.
        self._write(kept=self._study.kept, steps_done=steps_done, attempts=1)
        if self._until is not None and self._clock() >= self._until:
            raise OutOfTime

    def _write(self, **values: Any) -> None:
        values["leased_until"] = self._clock() + LEASE
        if not ours(self._study.pk, self._study.lease_token).update(**values):
            raise Stopped
