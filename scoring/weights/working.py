"""Working on suggested weights: gather the examples, hand them to a child process, wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from leads.models import Handoff
from leads.querysets import start_of
from scoring.errors import ScoringError
from scoring.models import Study
from scoring.rulebook.form import Dimension, Form
from scoring.rulebook.rows import form_of
from scoring.studies.progress import Progress
from scoring.weights.asked import Wanted
from scoring.weights.examples import BATCH, Examples

# Fewer decisions than these are too few to learn from.
FEWEST_DECIDED, FEWEST_ACCEPTED = 100, 20
# Seconds between two looks at the child; and at most so many of them in all.
_GLANCE, _MOST_GLANCES = 0.3, 1_000


class TooFew(ScoringError):
    """There is not enough to learn from; the message says what is missing."""


def work_on_weights(study: Study, progress: Progress) -> Mapping[str, Any]:
    """The suggestion as the ledger keeps it. Raises TooFew, and ScoringError where the draft has moved on."""
    book = study.rulebook
    if book.revision != study.revision:
        raise ScoringError("The draft was edited before this began. Ask again.")
    wanted, form = Wanted.from_json(study.asked), form_of(book)
    examples = Examples(book, form, decided_in(wanted))
    rows, accepted = len(examples), examples.accepted
    refuse_too_few(rows, accepted, wanted)
    steps = -(-rows // BATCH)
    progress.expect(steps + 1)
    with TemporaryDirectory(prefix="leadfunnel-weights-") as folder:
        path = Path(folder) / "examples.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"rows": rows, **_asked(form, wanted)}) + "\n")
            for batch in examples.batches():
                for example in batch:
                    file.write(json.dumps([int(example.accepted), list(example.units.items())]) + "\n")
                progress.advance()
        result = _learn(path, lambda: progress.advance(0))
    names = {rule.key: rule.name for rule in form.enabled_rules}
    for rule in result["rules"]:
        rule["name"] = names[rule["key"]]
    return {"decided": rows, "accepted": accepted, **result}


def decided_in(wanted: Wanted) -> Any:
    """Handoffs with evidence that sales decided on these days."""
    return Handoff.objects.decided().filter(
        decided_at__gte=start_of(wanted.first),
        decided_at__lt=start_of(wanted.last + timedelta(days=1)),
        total__isnull=False,
    )


def refuse_too_few(decided: int, accepted: int, wanted: Wanted) -> None:
    """Raises TooFew."""
    rejected = decided - accepted
    if decided >= FEWEST_DECIDED and accepted >= FEWEST_ACCEPTED and rejected >= FEWEST_ACCEPTED:
        return
    raise TooFew(
        f"There are {decided:,} decided handoffs with evidence from {wanted.first} to {wanted.last}, {accepted:,} of"
        f" them accepted and {rejected:,} rejected. Learning from them takes at least {FEWEST_DECIDED}, with"
        f" {FEWEST_ACCEPTED} accepted and {FEWEST_ACCEPTED} rejected: choose a longer period, or wait for more."
    )


def _asked(form: Form, wanted: Wanted) -> dict[str, Any]:
    """The rulebook as the child process takes it."""
    places = {group.key: place for place, group in enumerate(form.groups)}
    dimensions = {Dimension.FIT: form.fit, Dimension.ENGAGEMENT: form.engagement}
    return {
        "rules": [{**wanted.of(rule), "group": places[rule.group]} for rule in form.enabled_rules],
        "groups": [
            {"dimension": str(group.dimension), "bounds": [group.bounds.low, group.bounds.high]}
            for group in form.groups
        ],
        "dimensions": {str(name): [bounds.low, bounds.high] for name, bounds in dimensions.items()},
    }


def _learn(path: Path, still_here: Callable[[], None]) -> dict[str, Any]:
    """What the child makes of the examples. It is killed where `still_here` raises, and when it takes too long."""
    # One thread: sums in another order would come out otherwise in the last digit.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    output, errors = path.with_name("suggestion.json"), path.with_name("errors.txt")
    with output.open("wb") as out, errors.open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "scoring.weights.child", str(path)],
            stdout=out,
            stderr=err,
            env=environment,
            cwd=settings.BASE_DIR,
        )
        try:
            _wait_for(child, still_here)
        finally:
            child.kill()
            child.wait()
    if child.returncode:
        raise RuntimeError(f"The child process ended with {child.returncode}: {errors.read_text()[-1500:]}")
    result: dict[str, Any] = json.loads(output.read_text())
    if "refusal" in result:
        raise TooFew(result["refusal"])
    return result


def _wait_for(child: subprocess.Popen[bytes], still_here: Callable[[], None]) -> None:
    for _ in range(_MOST_GLANCES):
        try:
            child.wait(timeout=_GLANCE)
        except subprocess.TimeoutExpired:
            still_here()
        else:
            return
    raise ScoringError("It took too long: choose a shorter period.")
