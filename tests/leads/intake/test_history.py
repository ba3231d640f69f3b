from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leads.handoff.decisions import accept
from leads.intake.report import Report
from leads.models import Deal, Handoff, HandoffDecision, Lead, Role, Stage, StageChange
from tests.factories import LeadFactory, UserFactory
from tests.leads.intake.conftest import NOW
from tests.leads.intake.snapshots import rows_of_all

pytestmark = pytest.mark.django_db
Import = Callable[..., Report]
CREATED = datetime(2025, 1, 1, tzinfo=UTC)
HEADER = "lead,stage,entered_at,actor,reason,amount,currency\n"


@pytest.fixture
def ann() -> Lead:
    return LeadFactory(email="ann@acme.com", created_at=CREATED)


def day(number: int) -> datetime:
    return datetime(2025, 1, number, tzinfo=UTC)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.updated, report.unchanged, report.refused


def handoffs() -> list[tuple[str, datetime, datetime | None]]:
    return list(Handoff.objects.order_by("offered_at").values_list("state", "offered_at", "decided_at"))


def test_history_becomes_stage_changes_deals_and_handoffs(history: Import, ann: Lead) -> None:
    report = history(
        HEADER + 'ann@acme.com,customer,2025-01-09,Bo,,"1,500.00",USD\nann@acme.com,MQL,2025-01-03,,,,\n'
        "ann@acme.com,opportunity,2025-01-06,Cy,,,\nann@acme.com,sql,2025-01-05,Cy,,,\n"
    )

    ann.refresh_from_db()
    deal = Deal.objects.get()
    assert counts(report) == (4, 0, 0, 0)
    assert (ann.stage, ann.stage_entered_at) == (Stage.CUSTOMER, day(9))
    assert set(StageChange.objects.filter(imported=True).values_list("to_stage", "day", "actor")) == {
        ("mql", date(2025, 1, 3), ""),
        ("sql", date(2025, 1, 5), "Cy"),
        ("opportunity", date(2025, 1, 6), "Cy"),
        ("customer", date(2025, 1, 9), "Bo"),
    }
    assert (deal.state, deal.amount, deal.currency, deal.owner_actor) == ("won", Decimal(1500), "USD", "Bo")
    assert (deal.opened_at, deal.closed_at, deal.imported) == (day(6), day(9), True)
    assert handoffs() == [("accepted", day(3), day(5))]
    handoff = Handoff.objects.get()
    assert (handoff.origin, handoff.decided_by_actor, handoff.decide_due_at) == ("import", "Cy", None)
    decision = HandoffDecision.objects.get()
    assert (decision.action, decision.at, decision.actor) == ("accept", day(5), "Cy")


@pytest.mark.parametrize(
    ("stage", "state", "reason"),
    [
        ("sql", "accepted", None),
        ("opportunity", "accepted", None),
        ("customer", "accepted", None),
        ("recycled", "rejected", "other"),
        ("disqualified", "rejected", "other"),
        ("lead", "withdrawn", None),
    ],
)
def test_what_comes_after_mql_decides_its_handoff(
    history: Import, ann: Lead, stage: str, state: str, reason: str | None
) -> None:
    history(HEADER + f"ann@acme.com,mql,2025-01-03,,,,\nann@acme.com,{stage},2025-01-04,,,,\n")

    assert list(Handoff.objects.values_list("state", "reason__key", "decided_at")) == [
        (state, reason, day(4))
    ]


def test_an_open_visit_waits_without_a_clock(history: Import, ann: Lead) -> None:
    history(HEADER + "ann@acme.com,mql,2025-01-03,,,,\n")

    handoff = Handoff.objects.get()
    assert (handoff.state, handoff.origin, handoff.decide_due_at) == ("waiting", "import", None)
    assert handoffs() == [("waiting", day(3), None)]


def test_reasons_are_ours_or_become_a_note(history: Import, ann: Lead) -> None:
    history(
        HEADER + "ann@acme.com,mql,2025-01-03,,,,\nann@acme.com,recycled,2025-01-04,,No Budget,,\n"
        "ann@acme.com,mql,2025-01-05,,,,\nann@acme.com,disqualified,2025-01-06,,too far away,,\n"
    )

    assert list(Handoff.objects.order_by("offered_at").values_list("reason__key", "note")) == [
        ("no_budget", ""),
        ("other", "too far away"),
    ]


def test_a_recycled_lead_is_held_as_if_recycled_here(history: Import, ann: Lead) -> None:
    history(HEADER + "ann@acme.com,mql,2025-01-03,,,,\nann@acme.com,recycled,2025-01-04,,No budget,,\n")

    ann.refresh_from_db()
    assert (ann.hold_until, ann.evidence_after) == (date(2025, 7, 3), day(4))


def test_the_same_history_changes_nothing_and_later_files_decide_what_was_open(
    history: Import, ann: Lead
) -> None:
    text = HEADER + "ann@acme.com,mql,2025-01-03,,,,\n"
    history(text)
    before = rows_of_all()

    again = history(text)
    assert (counts(again), rows_of_all()) == ((0, 0, 1, 0), before)
    history(HEADER + "ann@acme.com,sql,2025-01-05,Cy,,,\n")

    assert handoffs() == [("accepted", day(3), day(5))]


def test_an_amount_told_later_is_added_to_the_deal(history: Import, ann: Lead) -> None:
    history(HEADER + "ann@acme.com,customer,2025-01-09,,,,\n")
    assert Deal.objects.get().amount is None

    report = history(HEADER + "ann@acme.com,won,2025-01-09,,,0.0,\n")

    assert (counts(report), Deal.objects.get().amount) == ((0, 1, 0, 0), Decimal(0))


def test_a_user_as_actor_is_that_user(history: Import, ann: Lead) -> None:
    rep = UserFactory(email="rep@us.example")

    history(HEADER + "ann@acme.com,mql,2025-01-03,,,,\nann@acme.com,sql,2025-01-04,Rep@us.example,,,\n")

    assert Handoff.objects.get().decided_by == rep
    assert StageChange.objects.get(to_stage="sql").actor_user == rep


def test_a_lead_that_won_before_it_became_an_mql_is_not_offered(history: Import, ann: Lead) -> None:
    won = HEADER + "ann@acme.com,customer,2025-01-02,,,,\n"
    mql = HEADER + "ann@acme.com,mql,2025-01-03,,,,\n"
    history(mql)
    assert Handoff.objects.waiting().count() == 1

    report = history(won)

    ann.refresh_from_db()
    assert (ann.stage, Handoff.objects.count(), Deal.objects.count()) == (Stage.MQL, 0, 1)
    assert report.warnings == [
        "Line 2: ann@acme.com won a deal before becoming an MQL; its history is kept as recorded, "
        "and it is not offered to sales."
    ]


def test_a_decision_taken_here_stands_whatever_is_imported_later(history: Import, ann: Lead) -> None:
    history(HEADER + "ann@acme.com,mql,2025-01-03,,,,\n")
    rep = UserFactory(role=Role.REP)
    accept(handoff=Handoff.objects.get(), by=rep, at=NOW)

    history(HEADER + "ann@acme.com,lead,2025-01-02,,,,\n")

    handoff = Handoff.objects.get()
    ann.refresh_from_db()
    assert (handoff.state, handoff.decided_by, ann.stage) == ("accepted", rep, Stage.SQL)


def test_a_lead_whose_creation_nobody_told_is_as_old_as_its_history(leads: Import, history: Import) -> None:
    leads("external_id\nx1\n", at=datetime.now(tz=UTC))

    history(HEADER + "x1,mql,2025-01-03,,,,\n")
    history(HEADER + "x1,lead,2025-01-02,,,,\n")

    lead = Lead.objects.get()
    assert (lead.created_at, lead.created_day, lead.stage) == (day(2), date(2025, 1, 2), Stage.MQL)
    assert Handoff.objects.waiting().count() == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x9,mql,2025-01-03,,,,", "No lead has the external id “x9”"),
        ("ann@acme.com,mega,2025-01-03,,,,", "“mega” is no stage; allowed are: lead, mql, sql"),
        ("ann@acme.com,,2025-01-03,,,,", "The row has no stage"),
        ("ann@acme.com,mql,,,,,", "has no date (entered_at)"),
        ("ann@acme.com,mql,2025-02-30,,,,", "does not exist"),
        ("ann@acme.com,mql,2027-02-03,,,,", "lies in the future"),
        ("ann@acme.com,customer,2025-01-03,,,1,Euro", "“EURO” is no currency"),
    ],
)
def test_a_bad_row_is_refused_and_never_stops_the_good_ones(
    history: Import, ann: Lead, row: str, reason: str
) -> None:
    report = history(HEADER + row + "\nann@acme.com,mql,2025-01-03,,,,\n")

    assert counts(report) == (1, 0, 0, 1)
    assert reason in report.refusals[0].reason


def test_an_amount_that_is_none_is_unknown_and_reported(history: Import, ann: Lead) -> None:
    report = history(HEADER + "ann@acme.com,customer,2025-01-09,,,a lot,\n")

    assert Deal.objects.get().amount is None
    assert "amount is no sum of money" in report.warnings[0]


def test_a_dry_run_writes_nothing(history: Import, ann: Lead) -> None:
    before = rows_of_all()

    report = history(HEADER + "ann@acme.com,mql,2025-01-03,,,,\n", dry_run=True)

    assert (counts(report), rows_of_all()) == ((1, 0, 0, 0), before)
