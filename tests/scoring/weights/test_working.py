from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from leads.models import Handoff
from scoring.models import Study
from scoring.rulebook.editing import Edit, apply_edit
from scoring.rulebook.rows import form_of
from scoring.studies import ledger
from scoring.studies.progress import Progress
from scoring.studies.working import work_on
from scoring.weights import working
from scoring.weights.asked import Limits, Wanted
from scoring.weights.examples import Examples
from tests.factories import ActivityFactory, contribution
from tests.scoring.evidence.conftest import DECIDED_AT, decided
from tests.scoring.weights.conftest import requested, wanted

pytestmark = pytest.mark.django_db


def done(study: Study) -> Study:
    work_on(study.pk)
    study.refresh_from_db()
    return study


def points(study: Study) -> dict[str, int]:
    return {rule["key"]: rule["to"] for rule in study.result["rules"]}


def test_ignored_rule_is_lowered_in_a_child_process(draft, marketer):
    study = done(requested(draft, marketer))

    assert (study.state, study.error) == ("done", "")
    assert points(study)["r0"] < 20 and points(study)["r1"] > 10
    assert points(study)["r2"] == 5  # nobody had it
    assert (study.result["decided"], study.result["train"], study.result["test"]) == (120, 84, 36)
    assert study.steps_done == study.steps == 2
    assert not list(draft.events.filter(kind="edited"))


def test_asking_twice_suggests_the_same(draft, marketer):
    first, second = done(requested(draft, marketer)), done(requested(draft, marketer))

    assert first.pk != second.pk
    assert first.result == second.result


def test_limits_reach_the_child(draft, marketer):
    limits = wanted(r0=Limits(keep=True), r1=Limits(low=3, high=4))

    found = points(done(requested(draft, marketer, asked=limits)))

    assert (found["r0"], found["r1"]) == (20, 4)


def test_what_is_asked_survives_the_ledger():
    limits = wanted(r0=Limits(keep=True), r1=Limits(low=3, may_turn=True))

    assert Wanted.from_json(limits.to_json()) == limits


@pytest.mark.parametrize(("decided_ones", "accepted"), [(99, 40), (100, 19), (120, 101)])
def test_too_few_decisions_are_refused_in_words(decided_ones, accepted):
    with pytest.raises(
        working.TooFew, match=f"There are {decided_ones} decided handoffs .* {accepted} of them accepted"
    ):
        working.refuse_too_few(decided_ones, accepted, wanted())


def test_just_enough_decisions_are_not_refused():
    working.refuse_too_few(100, 20, wanted())


def test_refusal_ends_the_study_in_words(draft, marketer):
    short = Wanted(date(2026, 6, 1), date(2026, 6, 1), low=1, high=40)

    study = done(requested(draft, marketer, asked=short))

    assert study.state == "failed"
    assert study.error.startswith("There are 12 decided handoffs with evidence from 2026-06-01 to 2026-06-01")


def test_draft_that_was_edited_meanwhile_is_not_worked_on(draft, marketer):
    study = requested(draft, marketer)
    apply_edit(draft=draft.pk, edit=Edit("rules.r0.points", 19, seen=0), by=marketer, at=DECIDED_AT)

    assert done(study).error == "The draft was edited before this began. Ask again."


def test_cancelled_study_kills_its_child(draft, marketer, monkeypatch):
    children = []
    popen = subprocess.Popen

    def start(args, **options):
        children.append(popen([sys.executable, "-c", "import time; time.sleep(60)"], **options))
        ledger.cancel(study=Study.objects.get(), by=marketer, at=DECIDED_AT)
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    study = done(requested(draft, marketer))

    assert (study.state, study.result) == ("cancelled", None)
    assert children[0].returncode is not None


def test_child_that_fails_is_an_error_with_its_words(draft, marketer, monkeypatch):
    popen = subprocess.Popen
    command = [sys.executable, "-c", "import sys; sys.exit('no memory left')"]
    monkeypatch.setattr(subprocess, "Popen", lambda args, **options: popen(command, **options))
    study = requested(draft, marketer)

    with pytest.raises(RuntimeError, match="no memory left"):
        working.work_on_weights(ledger.take(study.pk, at=DECIDED_AT), _Deaf())


class _Deaf(Progress):
    def __init__(self) -> None:
        pass

    def _write(self, **values) -> None:
        pass


def test_neither_web_nor_worker_loads_what_learns():
    """The libraries are for the child alone: a process that has the addresses and the tasks has not imported them."""
    code = (
        "import django, sys; django.setup(); import leadfunnel.urls, scoring.tasks, scoring.weights.working;"
        "sys.exit(bool({'sklearn', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}

    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def resident_megabytes() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_worker_keeps_no_memory(draft, marketer):
    done(requested(draft, marketer))
    before = resident_megabytes()
    done(requested(draft, marketer))

    assert resident_megabytes() - before < 20


# What the examples say


def examples(draft) -> list[dict[str, float]]:
    form = form_of(draft)
    keys = [rule.key for rule in form.enabled_rules]
    read = Examples(draft, form, Handoff.objects.filter(decided_at__gte=DECIDED_AT + timedelta(days=30)))
    return [
        {keys[place]: units for place, units in one.units.items()}
        for batch in read.batches()
        for one in batch
    ]


LATER = DECIDED_AT + timedelta(days=40)


def test_units_are_what_was_given_by_the_points_of_then(draft, publish_rules):
    decided(accepted=True, decided_at=LATER, contributions=[contribution(rule="r0", points=30)])

    assert examples(draft) == [{"r0": 1.5}]


def test_new_rule_is_computed_as_of_the_offer(draft, marketer):
    """A pricing view before the offer counts; one after it, or known only later, does not."""
    rule = {
        "name": "Pricing",
        "kind": "engagement",
        "group": "what",
        "points": 5,
        "activity_types": ["pricing_view"],
        "conditions": [],
    }
    apply_edit(draft=draft.pk, edit=Edit("rules.pricing", rule, seen=0), by=marketer, at=DECIDED_AT)
    draft.refresh_from_db()
    offered = datetime(2026, 7, 1, 2, tzinfo=UTC)
    handoff = decided("r1", accepted=True, decided_at=LATER, offered_at=offered)
    for days, known in ((-2, -2), (-1, 3), (2, 2)):
        ActivityFactory(
            lead=handoff.lead,
            code="pricing_view",
            occurred_at=offered + timedelta(days=days),
            known_at=offered + timedelta(days=known),
        )

    assert examples(draft) == [{"r1": 2.0, "pricing": 1.0}]


def test_examples_are_read_in_batches_in_the_order_of_decisions(draft, monkeypatch):
    monkeypatch.setattr("scoring.weights.examples.BATCH", 2)
    for hours in (3, 1, 2, 2, 2):
        decided(*["r1"] * (hours == 2), accepted=True, decided_at=LATER + timedelta(hours=hours))

    assert [bool(one) for one in examples(draft)] == [False, True, True, True, False]
