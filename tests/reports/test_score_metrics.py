from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from leads.models import LeadScore, Role
from reports.metrics.rule_lift import rule_lift
from reports.metrics.scores import Judged, calibration_by_band, calibration_by_grade, distribution
from reports.models import ScoreSnapshot
from reports.period import Period, today
from reports.scope import Scope
from reports.snapshots import is_due, take_snapshot
from scoring.models import ScoringRun
from scoring.rulebook.versions import publish
from tests.factories import LeadFactory, UserFactory, contribution
from tests.reports.conftest import instant
from tests.reports.selling import accepted, offered, rejected
from tests.scoring.conftest import activity, draft_of

pytestmark = pytest.mark.usefixtures("in_november")

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
LATER = date(2026, 12, 31)
SCORES_NOW = "Scores as they are now;"


def scope(as_of: date = LATER, **chosen: str) -> Scope:
    return Scope(JANUARY, as_of, chosen=chosen)


def scored(total: int, grade: str = "B2", **facts) -> LeadScore:
    return LeadScore.objects.create(
        lead=LeadFactory(**facts),
        fit=0,
        engagement=total,
        total=total,
        grade=grade,
        qualified=False,
        fast_tracked=False,
        disqualified=False,
        known_facts=0,
        asked_facts=0,
        rulebook_version=1,
        day=date(2026, 1, 5),
    )


# --- How they are spread ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_scores_fall_into_bands_of_ten_with_open_ends():
    # Below 0: -1 and -1000. 0 to 9: 0, 9. 10 to 19: 10. 140 to 149: 149. 150 and more: 150, 2000.
    for total in (-1000, -1, 0, 9, 10, 149, 150, 2000):
        scored(total)
    take_snapshot(at=timezone.now())

    found = distribution(scope())

    assert found.bands == {-10: 2, 0: 2, 10: 1, 140: 1, 150: 2}
    assert (found.grades, found.leads) == ({"B2": 8}, 8)


@pytest.mark.django_db
def test_a_snapshot_is_taken_once_a_day_and_after_each_run(django_assert_num_queries):
    scored(5)
    assert is_due()
    first = timezone.now()
    take_snapshot(at=first)
    assert not is_due()

    book = publish(
        book=draft_of(activity("page_view", 10)), note="Test", at=instant("2026-01-01"), origin="test"
    )
    ScoringRun.objects.create(
        kind="manual",
        state="done",
        day=today(),
        rulebook=book,
        started_at=first,
        ended_at=first + timedelta(seconds=1),
    )
    assert is_due()

    scored(5)
    take_snapshot(at=first + timedelta(seconds=2))
    assert not is_due()
    # In place of the first of the day.
    assert list(ScoreSnapshot.objects.values_list("band", "count")) == [(0, 2)]


@pytest.mark.django_db
def test_distribution_of_an_earlier_day_is_the_latest_snapshot_by_then():
    for day, count in ((date(2026, 1, 10), 3), (date(2026, 1, 20), 5)):
        ScoreSnapshot.objects.create(
            day=day, grade="A1", band=60, count=count, taken_at=instant("2026-01-20")
        )

    assert distribution(scope(date(2026, 1, 9))) is None
    assert distribution(scope(date(2026, 1, 19))).leads == 3
    assert distribution(scope(date(2026, 1, 20))).leads == 5
    assert distribution(scope()).leads == 5


@pytest.mark.django_db
def test_filtered_distribution_counts_present_scores(refresh):
    scored(5, source="Webinar")
    scored(65, "A1", source="")
    scored(66, "A1", source="unknown")
    refresh()
    take_snapshot(at=timezone.now())

    assert distribution(scope(source="webinar")).bands == {0: 1}
    assert distribution(scope(source="")).grades == {"A1": 1}
    assert distribution(scope(source="nowhere")).leads == 0
    # By the grade of an offer, which none of them has; not by the present one.
    assert distribution(scope(grade="A1")).leads == 0
    assert distribution(scope(grade="")).leads == 3
    assert distribution(scope(band="")).leads == 3
    assert distribution(scope(date(2026, 1, 5), source="webinar")) is None


# --- How well they tell -----------------------------------------------------------------------------------------


@pytest.fixture
def decisions(a_lead, refresh):
    """Six decided MQL visits of January, one waiting, and one without evidence.

    |   | offered with | became of it                                          |
    |---|--------------|-------------------------------------------------------|
    | a | 65, A1       | accepted, customer on 10 February                     |
    | b | 69, A1       | accepted                                              |
    | c | 60, B2       | rejected                                              |
    | d | 59, B2       | rejected; came back 20 Jan with 70, A1: accepted, customer on 1 March |
    | e | 70, A1       | waiting                                               |
    | f | no evidence  | rejected                                              |
    """
    rep = UserFactory()
    no_evidence = {"fit": None, "engagement": None, "total": None, "grade": "", "rulebook_version": None}

    def of(total: int, grade: str, *rules: str) -> dict:
        gave = [contribution(rule=rule) for rule in rules]
        return {"fit": 0, "engagement": total, "grade": grade, "contributions": gave}

    a = a_lead(
        "2026-01-01", {"mql": "2026-01-05", "sql": "2026-01-06", "customer": "2026-02-10"}, source="Webinar"
    )
    accepted(a, "2026-01-05", "2026-01-06", rep, **of(65, "A1", "r0"))
    b = a_lead("2026-01-01", {"mql": "2026-01-05", "sql": "2026-01-06"})
    accepted(b, "2026-01-05", "2026-01-06", rep, **of(69, "A1", "r0", "r1"))
    c = a_lead("2026-01-01", {"mql": "2026-01-05", "recycled": "2026-01-06"})
    rejected(c, "2026-01-05", "2026-01-06", rep, "not_now", **of(60, "B2", "r1"))
    d = a_lead(
        "2026-01-01",
        [("mql", "2026-01-05"), ("recycled", "2026-01-06"), ("mql", "2026-01-20"), ("sql", "2026-01-21")]
        + [("customer", "2026-03-01")],
    )
    rejected(d, "2026-01-05", "2026-01-06", rep, "not_now", **of(59, "B2", "r1"))
    accepted(d, "2026-01-20", "2026-01-21", rep, **of(70, "A1", "r1"))
    e = a_lead("2026-01-01", {"mql": "2026-01-05"})

    offered(e, "2026-01-05", **of(70, "A1"))
    f = a_lead("2026-01-01", {"mql": "2026-01-05", "recycled": "2026-01-06"})
    rejected(f, "2026-01-05", "2026-01-06", rep, "not_now", origin="import", **no_evidence)
    refresh()


def test_calibration_is_by_the_score_of_the_offer(decisions):
    # 50s: d rejected; that it became a customer later is not of that offer. 60s: a b accepted, a won; c rejected.
    # 70s: d accepted and won the second time; e waits.
    assert calibration_by_band(scope()) == {50: Judged(1, 0, 0), 60: Judged(3, 2, 1), 70: Judged(1, 1, 1)}


def test_calibration_by_grade(decisions):
    # A1: a b d, of which a and d won. B2: c d rejected.
    assert calibration_by_grade(scope()) == {"A1": Judged(3, 3, 2), "B2": Judged(2, 0, 0)}


def test_calibration_as_of_a_day_knows_no_later_win(decisions):
    # By the end of 9 February nobody was a customer; by the end of the 10th a was.
    assert calibration_by_grade(scope(date(2026, 2, 9)))["A1"] == Judged(3, 3, 0)
    assert calibration_by_grade(scope(date(2026, 2, 10)))["A1"] == Judged(3, 3, 1)


def test_calibration_respects_filters(decisions):
    assert calibration_by_band(scope(source="webinar")) == {60: Judged(1, 1, 1)}
    assert calibration_by_band(scope(source="nowhere")) == {}


def test_rule_lift_is_the_acceptance_with_a_rule_less_that_without(decisions):
    # r0: a b accepted of 2, without it d of 3 (c, d, d again). r1: b d of 4 (b c d d), without it a of 1.
    publish(
        book=draft_of(activity("page_view", 10), activity("demo_request", 30)),
        note="Test",
        at=instant("2026-01-01"),
        origin="test",
    )
    found = {lift.key: lift for lift in rule_lift(scope())}

    assert list(found) == ["r0", "r1"]
    assert (found["r0"].with_.count, found["r0"].with_.of) == (2, 2)
    assert (found["r0"].without.count, found["r0"].without.of) == (1, 3)
    assert found["r0"].points == pytest.approx((1 - 1 / 3) * 100)
    assert found["r1"].points == pytest.approx((2 / 4 - 1) * 100)
    # By the end of 20 January d had not been accepted.
    early = {lift.key: lift for lift in rule_lift(scope(date(2026, 1, 20)))}
    assert (early["r1"].with_.count, early["r1"].with_.of) == (1, 3)
    assert rule_lift(scope(date(2025, 12, 31))) == []


# --- Lists behind them ---------------------------------------------------------------------------------------------


def listed(client, query: str) -> tuple[str, list[tuple[str, str]]]:
    """The heading of the scores, and each row's with what became of it; of January."""
    client.force_login(UserFactory(role=Role.MANAGER))
    response = client.get(f"/reports/scores/rows/?first_day=2026-01-01&last_day=2026-01-31&{query}")
    page = response.context["page"]
    assert (SCORES_NOW in response.content.decode()) == (page.found.score == "Score now")
    return page.found.score, sorted((row.score, row.then) for row in page.rows)


def test_list_of_offers_shows_the_scores_by_which_they_were_counted(decisions, client):
    LeadScore.objects.update(total=1)

    heading, rows = listed(client, "rows=visits&stage=mql&outcome=decided&band=60")

    assert heading == "Score when offered"
    assert rows == [("60 (B2)", "rejected"), ("65 (A1)", "accepted"), ("69 (A1)", "accepted")]
    assert listed(client, "rows=visits&stage=mql&outcome=waiting") == ("", [("", "waiting")])


@pytest.mark.django_db
def test_list_of_leads_shows_present_scores_and_says_so(client, refresh):
    scored(65, "A1")
    refresh()

    assert listed(client, "rows=leads&when=ever&score_band=60") == ("Score now", [("65 (A1)", "")])
    lines = client.get("/reports/scores/rows.csv?rows=leads&when=ever&score_band=60").getvalue().decode()
    assert lines.splitlines()[1].endswith(",65 (A1)")
