"""The kinds of studies: who works on each, and where its result is shown. A new kind has a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.backtest.working import work_on_backtest
from scoring.effect import study as effect
from scoring.models import Study
from scoring.studies.progress import Progress
from scoring.weights.working import work_on_weights

# Returns the result, as JSON takes it. A refusal in words is a ScoringError.
Work = Callable[[Study, Progress], Mapping[str, Any]]


@dataclass(frozen=True)
class KindOfStudy:
    """`page` is the name of the address, with the study's id, of the part that shows the result."""

    work: Work
    page: str


KINDS: dict[str, KindOfStudy] = {
    Study.Kind.BACKTEST: KindOfStudy(work_on_backtest, "scoring:backtest"),
    Study.Kind.EFFECT: KindOfStudy(effect.work, "scoring:effect_count"),
    Study.Kind.WEIGHTS: KindOfStudy(work_on_weights, "scoring:weights_result"),
}
