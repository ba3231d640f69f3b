"""A small world with all the edges, for what is asked of every report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from leads.models import Lead, LeadScore, Role
from leads.models.fields import day_of
from reports.store.folding import fold
from scoring.models import Rulebook
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from tests.factories import TeamFactory, UserFactory
from tests.reports.conftest import lead_maker
from tests.reports.selling import accepted, deal, offered, rejected, touched
from tests.scoring.views.test_why import RULEBOOK

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DUE = "2026-01-08 12:00:00"


def make_world() -> None:
    """Sixteen leads of December to March, as they stand on 15 March 2026 at noon.

    Among them: blank and "unknown" sources, one that spreadsheets take for a formula, one spelt in two ways; skipped
    stages, a lead that came back, moves of one second, an undone one, a customer before its creation, a leap of months;
    decisions in time, late and overdue, by two reps, one in another system, and in two teams; deals open, won and lost,
    with no amount, with 0, and in a currency without a rate.
    """
    book = save_draft(form=read_form(RULEBOOK, vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(
        state="published", number=1, published_at=timezone.now() - timedelta(days=100)
    )
    north, south = TeamFactory(name="North"), TeamFactory(name="=South")
    ann = UserFactory(username="ann", first_name="Ann", last_name="Arctic", role=Role.REP, team=north)
    bob = UserFactory(username="bob", first_name="@Bob", last_name="Bell", role=Role.REP, team=south)
    lead = lead_maker()

    _worked(lead, ann, bob)
    _unworked(lead, ann)
    # Created before 2026, with a long way; and one of the last day of February.
    old = lead(
        "2025-03-31 23:59:59", {"mql": "2025-06-01", "sql": "2025-06-20", "customer": "2026-02-28 23:00:00"}
    )
    deal(old, "2025-07-01", won="2026-02-28 23:00:00", amount="250.50", currency="USD", owner=bob)
    lead("2026-02-28 23:59:59", {"mql": "2026-03-01"}, source="Event", country="FR", imported=True)
    _scored()
    fold()


def _worked(lead, ann, bob) -> None:
    facts = {"source": "Webinar", "country": "DE", "industry": "Machines", "employees": 80}
    one = lead(
        "2026-01-02",
        {"mql": "2026-01-05", "sql": "2026-01-06", "opportunity": "2026-01-20", "customer": "2026-02-10"},
        campaign="Webinar January",
        **facts,
    )
    accepted(
        one, "2026-01-05", "2026-01-06", ann, due=DUE, touch_due="2026-01-07", grade="A1", fit=80, engagement=60,
        total=140, team=ann.team,
    )  # fmt: skip
    touched(one, "2026-01-06 12:00:00")
    deal(one, "2026-01-20", won="2026-02-10", amount="12000", owner=ann)

    two = lead(
        "2026-01-03",
        [("mql", "2026-01-07"), ("recycled", "2026-01-09"), ("mql", "2026-02-20"), ("sql", "2026-02-21")],
        source="WEBINAR",
        country="FR",
    )
    rejected(two, "2026-01-07", "2026-01-09", bob, "too_small", due=DUE, grade="B2", team=bob.team)
    accepted(two, "2026-02-20", "2026-02-21", ann, due="2026-02-24", grade="A2", team=ann.team)
    deal(two, "2026-02-25", amount="0", owner=ann)

    three = lead(
        "2026-01-08",
        {"mql": "2026-01-09", "disqualified": "2026-01-11"},
        undone=[("sql", "2026-01-10")],
        **facts,
    )
    rejected(three, "2026-01-09", "2026-01-11", ann, "not_now", grade="C3", fit=10, engagement=5, total=15)
    four = lead(
        "2025-12-20", {"mql": "2026-01-02", "sql": "2026-01-03"}, source="=SUM(A1:A9)", campaign="+Fair"
    )
    accepted(four, "2026-01-02", "2026-01-03", bob, due=DUE, touch_due="2026-01-04", team=bob.team)
    deal(four, "2026-01-10", lost="2026-02-01", owner=bob)
    deal(four, "2026-02-02", amount="77", currency="JPY", owner=None)


def _unworked(lead, ann) -> None:
    lead("2026-01-04", {"customer": "2026-01-09"})
    waiting = lead("2026-01-05", {"mql": "2026-01-30"}, source="unknown", country="DE", company_name="@Evil")
    offered(waiting, "2026-01-30", due="2026-02-02", to=ann, grade="A2", team=ann.team)
    lead("2026-01-06", source="unknown")
    lead("2026-01-31", [("mql", "2026-01-31 23:59:59"), ("lead", "2026-02-01")], source="Webinar")
    # Recorded backwards, in one second.
    lead("2026-02-05 10:00", [("sql", "2026-02-05 10:00"), ("mql", "2026-02-05 10:00")], source="Event")
    lead("2026-02-10", {"customer": "2026-02-08"}, source="Referral", imported=True)
    lead("2026-03-14 23:00", {"mql": "2026-03-15 08:00"}, source="Event", country="DE")
    lead("2026-01-15", {"disqualified": "2026-01-15"}, source="unknown")


def _scored() -> None:
    LeadScore.objects.bulk_create(
        LeadScore(
            lead=lead, fit=20, engagement=number * 10, total=20 + number * 10, grade="ABC"[number % 3] + "2",
            qualified=number > 4, fast_tracked=False, disqualified=False, known_facts=1, asked_facts=4,
            rulebook_version=1, day=day_of(NOW),
        )
        for number, lead in enumerate(Lead.objects.order_by("pk")[:10])
    )  # fmt: skip
