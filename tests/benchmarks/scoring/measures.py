"""What is measured on one database: each a function from the bench to lines of the table."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from leads.models import Activity, ActivityType, Lead, LeadScore, Organisation, Stage
from scoring.engine.writing import COMPUTED
from scoring.models import Rulebook, ScoringRun
from scoring.rescoring import job_of, rescore_logged
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.versions import publish
from scoring.runs import request_run
from tests.benchmarks.scoring import by_hand
from tests.benchmarks.scoring.by_hand_python import BulkPython
from tests.benchmarks.scoring.goals import Line, median
from tests.benchmarks.scoring.worker import Worker
from tests.benchmarks.scoring.world import DAY, noon

WRITTEN = ("leads_lead", "leads_leadscore", "scoring_scorechange", "leads_activity", "leads_changelogentry")
RULEBOOK = Path(__file__).with_name("rulebook.json")


@dataclass
class Bench:
    """A loaded database with a published rulebook, the workers on it, and the day that it is."""

    leads: int
    repeats: int
    workers: Sequence[Worker]
    days: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0

    def night(self, *, full: bool = False) -> dict[str, Any]:
        """A run by one worker, from its planning to its end."""
        return self._checked(self.workers[0].ask(days=self.days, full=full))

    def night_of_two(self) -> float:
        """Seconds of a full run by two workers."""
        began = time.perf_counter()
        run = request_run(kind=ScoringRun.Kind.MANUAL, at=noon(self.days), full=True)
        for worker in self.workers:
            worker.tell(days=self.days, run=run.pk)
        for worker in self.workers:
            self._checked(worker.answer(), ended=False)
        seconds = time.perf_counter() - began
        run.refresh_from_db()
        assert run.state == ScoringRun.State.DONE, run.error
        return seconds

    def _checked(self, answer: dict[str, Any], *, ended: bool = True) -> dict[str, Any]:
        assert not ended or answer["state"] == ScoringRun.State.DONE, answer
        self.peak_mb = max(self.peak_mb, answer["peak_mb"])
        return answer

    def median_of(self, name: str, measure: Callable[[], float]) -> float:
        """The median of so many repeats, kept under a name for the ratios of later lines."""
        self.seconds[name] = median([measure() for _ in range(self.repeats)])
        return self.seconds[name]


def prepare(bench: Bench) -> None:
    """Publish the rulebook, score everybody for the first time, and let those who qualify have been offered."""
    Organisation.objects.update(promotion_limit=0)  # no offers while it is measured: they cost what they cost
    publish_rules()
    bench.night(full=True)
    qualified = LeadScore.objects.filter(qualified=True).values("lead")
    Lead.objects.filter(pk__in=qualified).update(stage=Stage.MQL)
    vacuum()


def publish_rules(change: Callable[[dict[str, Any]], None] = lambda document: None) -> Rulebook:
    document = json.loads(RULEBOOK.read_text())
    change(document)
    form = read_form(document, vocabulary())
    return publish(book=save_draft(form=form, by=None), note="Benchmark", at=noon(), origin="the benchmark")


def vacuum() -> None:
    """As autovacuum would within the minute, but now, so that no repeat meets it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(WRITTEN)}")


def checksum(table: str = "leads_leadscore") -> str:
    """Of everything that scores are compared by, and valid_until; the same on both databases."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT lead_id, {', '.join(COMPUTED)} FROM {table} ORDER BY lead_id")
        while rows := cursor.fetchmany(10_000):
            for row in rows:
                digest.update(repr([int(x) if isinstance(x, bool) else x for x in row]).encode())
    return digest.hexdigest()[:16]


def wal_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


# The lines -----------------------------------------------------------------------------------------------------------


def unchanged(bench: Bench) -> Iterator[Line]:
    """Full runs in which nothing changes."""
    is_postgresql = connection.vendor == "postgresql"
    answers: list[dict[str, Any]] = []
    wal: list[float] = []

    def measure() -> float:
        before = wal_position() if is_postgresql else 0
        answers.append(bench.night(full=True))
        wal.append((wal_position() - before) / 1e6 if is_postgresql else 0)
        return float(answers[-1]["seconds"])

    seconds = bench.median_of("full", measure)
    yield Line("full rescore, one worker", seconds, "s", note=f"{seconds / bench.leads * 1e6:.1f} µs a lead")
    yield Line("  rows written where nothing changed", max(a["changed"] for a in answers), "rows", most=0)
    if is_postgresql:
        yield Line("  WAL where nothing changed", median(wal), "MB", most=1)
        two = bench.median_of("two", bench.night_of_two)
        yield Line("full rescore, two workers", two, "s", note=f"{two / seconds:.2f} x one worker")


def by_hand_too(bench: Bench) -> Iterator[Line]:
    """The hand-written statement: first that it comes to the same, then what it takes, in turns with the product."""
    published = Rulebook.objects.get(state=Rulebook.State.PUBLISHED)
    run = ScoringRun.objects.latest("pk").pk
    text = by_hand.statement(day=DAY + bench.days, version=published.number or 0, run=run)
    ours, theirs = checksum(), _from_scratch(text)
    assert ours == theirs, "The hand-written statement scores otherwise: its time says nothing."
    # Neither of them finds anything to write over what the other left: so below_since is the same, too.
    yield Line(
        "checksums of product and hand-written statement", int(ours == theirs), "equal", least=1, note=ours
    )
    vacuum()

    def measure() -> float:
        began = time.perf_counter()
        assert by_hand.score(text) == 0
        return time.perf_counter() - began

    seconds = bench.median_of("by hand", measure)
    yield Line("hand-written statement", seconds, "s", note=f"{seconds / bench.leads * 1e6:.1f} µs a lead")
    yield Line(
        "full rescore, one worker, of the hand-written", bench.seconds["full"] / seconds, "x", most=1.25
    )
    if "two" in bench.seconds:
        yield Line(
            "full rescore, two workers, of the hand-written", bench.seconds["two"] / seconds, "x", most=0.7
        )


def bulk_python(bench: Bench) -> Iterator[Line]:
    """A program that reads everything, computes in Python, and writes what has changed: here, nothing."""
    if connection.vendor != "postgresql":
        return
    published = Rulebook.objects.get(state=Rulebook.State.PUBLISHED)
    program = BulkPython(day=DAY + bench.days, version=published.number or 0)
    began = time.perf_counter()
    written = program.score_all(bench.leads)
    seconds = time.perf_counter() - began
    assert written == 0, f"Bulk Python comes to other scores for {written} leads: its time says nothing."
    faster = seconds / bench.seconds["full"]
    yield Line("full rescore, faster than bulk Python", faster, "x", least=3.5, note=f"{seconds:.1f} s, once")


def _from_scratch(text: str) -> str:
    """The checksum of what the hand-written statement makes of nothing, in tables of its own."""
    with connection.cursor() as cursor:
        for name in ("leads_leadscore", "scoring_scorechange"):
            cursor.execute(f"DROP TABLE IF EXISTS scratch_{name}")
            cursor.execute(f"CREATE TEMP TABLE scratch_{name} AS SELECT * FROM {name} WHERE 1 = 0")
            text = text.replace(name, f"scratch_{name}")
        if connection.vendor == "postgresql":
            cursor.execute("CREATE TEMP SEQUENCE IF NOT EXISTS scratch_ids")
            cursor.execute(
                "ALTER TABLE scratch_scoring_scorechange ALTER id SET DEFAULT nextval('scratch_ids')"
            )
        cursor.execute("CREATE UNIQUE INDEX scratch_key ON scratch_leads_leadscore (lead_id)")
        by_hand.score(text)
        found = checksum("scratch_leads_leadscore")
        for name in ("leads_leadscore", "scoring_scorechange"):
            cursor.execute(f"DROP TABLE scratch_{name}")
    return found


def thousand_due(bench: Bench) -> Iterator[Line]:
    """A thousand leads of one range, against the hand-written statement that looks up each lead by itself."""
    if connection.vendor != "postgresql":
        return
    run = ScoringRun.objects.filter(rulebook__state=Rulebook.State.PUBLISHED).latest("pk")
    job, at = job_of(run), noon(bench.days)
    everyone = list(LeadScore.objects.filter(pk__lt=50_000).order_by("pk").values_list("pk", flat=True))
    chosen = everyone[:: max(len(everyone) // 1000, 1)][:1000]
    text = by_hand.lateral(day=DAY + bench.days, version=job.version, run=run.pk, lead_ids=chosen)
    taken: dict[str, list[float]] = {"product": [], "hand": []}
    for _ in range(bench.repeats):
        began = time.perf_counter()
        with transaction.atomic():
            assert rescore_logged(job, chosen, clock=lambda: at).changed == 0
        taken["product"].append(time.perf_counter() - began)
        began = time.perf_counter()
        assert by_hand.score(text) == 0
        taken["hand"].append(time.perf_counter() - began)
    ours, theirs = median(taken["product"]), median(taken["hand"])
    yield Line(
        "1,000 due leads, of the hand-written", ours / theirs, "x", most=1.3, note=f"{1000 * ours:.0f} ms"
    )


def nothing_due(bench: Bench) -> Iterator[Line]:
    bench.night()
    answers = [bench.night() for _ in range(bench.repeats)]
    share = median([answer["seconds"] for answer in answers]) / bench.seconds["full"]
    yield Line("nothing due: share of a full run", 100 * share, "%", most=1)
    yield Line("nothing due: seconds", median([answer["seconds"] for answer in answers]), "s")
    yield Line("nothing due: chunks", max(answer["chunks"] for answer in answers), "", most=0)


def nights(bench: Bench) -> Iterator[Line]:
    """Days go by, with new activities for one lead in sixty; each night writes exactly what has changed."""
    answers, wrong = [], 0
    for _ in range(bench.repeats):
        vacuum()
        bench.days += 1
        _new_activities(bench, every=60)
        before = _snapshot()
        answers.append(bench.night())
        wrong += abs(_differing(before) - answers[-1]["changed"])
    seconds = median([answer["seconds"] for answer in answers])
    due = median([answer["scored"] for answer in answers])
    yield Line("night: leads due", 100 * due / bench.leads, "%", note=f"{due:,.0f} leads")
    yield Line("night: of a full run", seconds / bench.seconds["full"], "x", most=0.45)
    yield Line(
        "night: seconds", seconds, "s", most=round(60e-6 * due + 0.5, 2), note="60 µs a lead due, and 0.5 s"
    )
    yield Line("night: rows written beside those that changed", wrong, "rows", most=0)


def _new_activities(bench: Bench, every: int) -> None:
    """By the way of any import, so that the triggers of the database log them."""
    with connection.cursor() as cursor:
        number = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
        cursor.execute(
            "INSERT INTO leads_activity (lead_id, type_id, occurred_at, day, known_at, key)"
            f" SELECT l.id, t.id, %s, %s, %s, {number} FROM leads_lead l, leads_activitytype t"
            " WHERE (l.id + %s) %% %s = 0 AND t.code = 'page_view'",
            [noon(bench.days), DAY + bench.days, noon(bench.days), bench.days, every],
        )


def _snapshot() -> dict[int, int]:
    return {
        row[0]: hash(row) for row in LeadScore.objects.values_list("pk", *COMPUTED, "below_since").iterator()
    }


def _differing(before: dict[int, int]) -> int:
    after = _snapshot()
    return sum(before.get(pk) != value for pk, value in after.items())


def many_due(bench: Bench) -> Iterator[Line]:
    """Half of all leads have changed: the run takes the full pass by itself."""
    answers = []
    for _ in range(bench.repeats):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO leads_changelogentry (lead_id) SELECT id FROM leads_lead WHERE id %% 2 = 0", []
            )
        answers.append(bench.night())
    seconds = median([answer["seconds"] for answer in answers])
    share = min(answer["scored"] for answer in answers) / bench.leads
    yield Line(
        "half of all leads due: looked at",
        100 * share,
        "%",
        least=100,
        note="it takes the full pass by itself",
    )
    yield Line("half of all leads due: of a full run", seconds / bench.seconds["full"], "x")


def one_lead(bench: Bench) -> Iterator[Line]:
    """A lead after a new activity, as live rescoring does it: seconds spent in the database."""
    run = ScoringRun.objects.latest("pk")
    job = job_of(run)
    spent: list[float] = []
    totals: list[float] = []

    def clocked(execute: Callable[..., Any], *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent.append(time.perf_counter() - began)

    at = noon(bench.days)
    page_view = ActivityType.objects.get(code="page_view")
    for number in range(max(bench.repeats, 5)):
        lead_id = 1 + number * (bench.leads // 7) % bench.leads
        Activity.objects.create(lead_id=lead_id, type=page_view, occurred_at=at, key=uuid4())
        spent.clear()
        with connection.execute_wrapper(clocked), transaction.atomic():
            rescore_logged(job, [lead_id], clock=lambda: at)
        totals.append(sum(spent))
    yield Line("one lead after a new activity, in the database", 1000 * median(totals), "ms", most=10)


def explanation(bench: Bench) -> Iterator[Line]:
    from scoring.explanations import explain_score

    today = noon(bench.days).date()
    times = []
    for number in range(max(bench.repeats, 5)):
        lead_id = 1 + number * (bench.leads // 7) % bench.leads
        began = time.perf_counter()
        explain_score(LeadScore.objects.select_related("lead").get(pk=lead_id), today=today)
        times.append(time.perf_counter() - began)
    yield Line("explain one lead", 1000 * median(times), "ms", most=20)


def edited(bench: Bench) -> Iterator[Line]:
    """A rulebook edit that changes the score of every lead."""
    points = [0]

    def change(document: dict[str, Any]) -> None:
        points[0] += 1
        condition = {"field": "email", "operator": "is_known"}
        rule = {
            "key": "mail",
            "name": "Has an address",
            "kind": "fit",
            "group": "mail",
            "conditions": [condition],
        }
        document["groups"].append(
            {"key": "mail", "name": "Mail", "dimension": "fit", "min": None, "max": None}
        )
        document["rules"].append({**rule, "points": points[0]})
        document["fit"] = {"min": None, "max": None}

    answers = []
    for _ in range(bench.repeats):
        publish_rules(change)
        answers.append(bench.night(full=True))
        vacuum()
    seconds = median([answer["seconds"] for answer in answers])
    yield Line(
        "an edit that changes every lead: rows", min(a["changed"] for a in answers), "rows", least=bench.leads
    )
    yield Line(
        "an edit that changes every lead",
        seconds / bench.seconds["full"],
        "x",
        most=1.7,
        note=f"{seconds:.2f} s",
    )


def memory(bench: Bench) -> Iterator[Line]:
    yield Line("peak memory of a worker", bench.peak_mb, "MB", most=200)


ALL = (
    unchanged,
    by_hand_too,
    bulk_python,
    nothing_due,
    thousand_due,
    nights,
    many_due,
    one_lead,
    explanation,
    edited,
    memory,
)
GROWTH = (unchanged, by_hand_too)
