from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from leads.models import Reason, Team, Touch, User
from reports.measures import NOTHING
from reports.metrics.quantiles import percentile
from reports.metrics.sales import (
    Punctuality,
    Record,
    Speed,
    minutes_to_decide,
    sales_record,
    sales_records,
    speed,
)
from reports.period import Period
from reports.scope import Scope
from tests.factories import TeamFactory, UserFactory
from tests.reports.conftest import instant
from tests.reports.selling import accepted, deal, offered, rejected, touched

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
LATER = date(2026, 12, 31)
# "Now" of these tests, long after everything.
NOW = instant("2026-12-31 12:00:00")


@dataclass(frozen=True)
class Sales:
    team: Team
    ann: User
    bob: User


@pytest.fixture
def sales(a_lead, refresh) -> Sales:
    """Nine leads offered to Ann and Bob. Their team works Monday to Friday, 9 to 17, in UTC.

    |   | mql              | became of it                | due          | business minutes                           |
    |---|------------------|-----------------------------|--------------|--------------------------------------------|
    | a | Mon 5 Jan 10:00  | Ann accepts 11:00           | 14:00        | 60; touch due 6 Jan 11:00, called 12:00: 60 |
    | b | Mon 5 Jan 10:00  | Ann accepts Tue 6 Jan 10:00 | 14:00, late  | 480; touch due 7 Jan 10:00, 7 Jan 10:01: 481 |
    | c | Fri 9 Jan 16:30  | Ann rejects Mon 12 Jan 9:30 | Mon 12:30    | 30 + 30 = 60; not_now                      |
    | d | Mon 12 Jan 9:00  | Ann rejects 9:30            | none (import)| no clock: no minutes; too_small            |
    | e | Mon 12 Jan 9:00  | waits for Ann               | 13:00        | overdue                                    |
    | f | Mon 12 Jan 9:00  | withdrawn 13 Jan            |              | assigned to Bob; nobody decided            |
    | g | Sat 31 Jan 23:59:59 | Bob accepts Mon 2 Feb 9:10 | 13:00      | 10; touch due 3 Feb 9:10, only a note      |
    | h | Tue 13 Jan 9:00  | Bob accepts 9:20            | 13:00        | 20; no first-touch clock                   |
    | i | Wed 31 Dec 12:00 | Bob accepts 12:30           | 16:00        | before the period                          |
    """
    team = TeamFactory(name="Inside", time_zone="UTC")
    ann, bob = UserFactory(username="ann", team=team), UserFactory(username="bob", team=team)
    a = a_lead("2026-01-01", {"mql": "2026-01-05 10:00:00", "sql": "2026-01-05 11:00:00"}, source="Webinar")
    accepted(
        a,
        "2026-01-05 10:00:00",
        "2026-01-05 11:00:00",
        ann,
        due="2026-01-05 14:00:00",
        touch_due="2026-01-06 11:00:00",
    )
    touched(a, "2026-01-05 12:00:00")
    b = a_lead("2026-01-01", {"mql": "2026-01-05 10:00:00", "sql": "2026-01-06 10:00:00"})
    accepted(
        b,
        "2026-01-05 10:00:00",
        "2026-01-06 10:00:00",
        ann,
        due="2026-01-05 14:00:00",
        touch_due="2026-01-07 10:00:00",
    )
    touched(b, "2026-01-07 10:01:00")
    c = a_lead(
        "2026-01-01", {"mql": "2026-01-09 16:30:00", "recycled": "2026-01-12 09:30:00"}, source="Webinar"
    )
    rejected(c, "2026-01-09 16:30:00", "2026-01-12 09:30:00", ann, "not_now", due="2026-01-12 12:30:00")
    d = a_lead("2026-01-01", {"mql": "2026-01-12 09:00:00", "recycled": "2026-01-12 09:30:00"})
    rejected(d, "2026-01-12 09:00:00", "2026-01-12 09:30:00", ann, "too_small")
    e = a_lead("2026-01-01", {"mql": "2026-01-12 09:00:00"})
    offered(e, "2026-01-12 09:00:00", due="2026-01-12 13:00:00", to=ann)
    f = a_lead("2026-01-01", {"mql": "2026-01-12 09:00:00", "lead": "2026-01-13"})
    offered(f, "2026-01-12 09:00:00", to=bob, state="withdrawn", decided_at=instant("2026-01-13"))
    g = a_lead("2026-01-01", {"mql": "2026-01-31 23:59:59", "sql": "2026-02-02 09:10:00"})
    accepted(
        g,
        "2026-01-31 23:59:59",
        "2026-02-02 09:10:00",
        bob,
        due="2026-02-02 13:00:00",
        touch_due="2026-02-03 09:10:00",
    )
    touched(g, "2026-02-02 10:00:00", Touch.Kind.NOTE)
    h = a_lead("2026-01-01", {"mql": "2026-01-13 09:00:00", "sql": "2026-01-13 09:20:00"})
    accepted(h, "2026-01-13 09:00:00", "2026-01-13 09:20:00", bob, due="2026-01-13 13:00:00")
    i = a_lead("2025-12-01", {"mql": "2025-12-31 12:00:00", "sql": "2025-12-31 12:30:00"})
    accepted(i, "2025-12-31 12:00:00", "2025-12-31 12:30:00", bob, due="2025-12-31 16:00:00")
    deal(a, "2026-01-06", won="2026-01-20", amount="100", owner=ann)
    deal(b, "2026-01-06", lost="2026-01-31 23:59:59", owner=ann)
    deal(h, "2026-01-14", won="2026-02-01", amount="7", owner=bob)
    refresh()
    return Sales(team, ann, bob)


def scope(as_of: date = LATER, **chosen: str) -> Scope:
    return Scope(JANUARY, as_of, chosen=chosen)


def of_rep(rep: User, as_of: date = LATER) -> Record:
    return sales_records(scope(as_of), by="rep", at=NOW)[str(rep.pk)]


def speed_of(rep: User, as_of: date = LATER) -> Speed:
    return speed(scope(as_of), by="rep")[str(rep.pk)]


def reasons(*keys: str) -> dict[int, int]:
    return {Reason.objects.get(key=key).pk: 1 for key in keys}


def test_record_of_a_rep_is_what_they_decided_and_what_waits_for_them(sales):
    # a b accepted, c d rejected, e waiting.
    ann = of_rep(sales.ann)

    assert (ann.accepted, ann.rejected, ann.withdrawn, ann.waiting) == (2, 2, 0, 1)
    assert (ann.offered, ann.decided, ann.acceptance) == (5, 4, 2 / 4)
    assert ann.reasons == reasons("not_now", "too_small")


def test_what_nobody_decided_is_nobodys(sales):
    # f was withdrawn: nobody in sales decided it.
    nobody = sales_records(scope(), by="rep", at=NOW)[""]

    assert (nobody.offered, nobody.withdrawn, nobody.decided) == (1, 1, 0)
    assert nobody.acceptance is None


def test_minutes_to_decide_are_business_time(sales):
    # Ann: a 60, b 480 (10-17 = 420 on Monday, 9-10 = 60 on Tuesday), c 60 over the weekend; d has no clock.
    # The middle one is 60; nine of ten: (3 - 1) x 0.9 = 1.8 from the first: 60 + 0.8 x 420 = 396.
    ann = speed_of(sales.ann)

    assert ann.minutes == {60: 2, 480: 1}
    assert percentile(ann.minutes, 50) == 60
    assert percentile(ann.minutes, 90) == 396


def test_minutes_to_touch_are_business_time_from_acceptance(sales):
    # a 11:00 to 12:00 = 60; b Tue 10:00 to Wed 10:01 = 420 + 61 = 481. g has only a note, which is no touch.
    assert speed_of(sales.ann).touch_minutes == {60: 1, 481: 1}
    assert speed_of(sales.bob).touch_minutes == {}


def test_deadlines_are_met_missed_or_overdue(sales):
    # Ann: a and c in time, b late, e overdue; d has no deadline. Bob: g and h in time.
    assert of_rep(sales.ann).deciding == Punctuality(in_time=2, late=1, overdue=1)
    assert of_rep(sales.ann).deciding.attainment == 2 / 4
    assert of_rep(sales.bob).deciding == Punctuality(in_time=2)
    # Touches: a in time, b a minute late; g overdue; h has no deadline.
    assert of_rep(sales.ann).touching == Punctuality(in_time=1, late=1)
    assert of_rep(sales.bob).touching == Punctuality(overdue=1)


def test_what_is_not_due_yet_is_not_counted(sales):
    # At 10:00 on 3 February g's first touch, due 9:10, is overdue; at 9:00 it was not due.
    before, after = instant("2026-02-03 09:00:00"), instant("2026-02-03 10:00:00")

    assert sales_records(scope(), by="rep", at=before)[str(sales.bob.pk)].touching.attainment is None
    assert sales_records(scope(), by="rep", at=after)[str(sales.bob.pk)].touching == Punctuality(overdue=1)


def test_deals_are_their_owners_and_of_the_period(sales):
    # In January: Ann won one and lost one in its last second; Bob's was won on 1 February.
    assert (of_rep(sales.ann).won, of_rep(sales.ann).lost, of_rep(sales.ann).win_rate) == (1, 1, 1 / 2)
    assert (of_rep(sales.bob).won, of_rep(sales.bob).lost, of_rep(sales.bob).win_rate) == (0, 0, None)


def test_team_and_everybody_are_the_sum(sales):
    # a b g h accepted, c d rejected, e waiting; f was withdrawn, and is no team's.
    team = sales_records(scope(), by="team", at=NOW)[str(sales.team.pk)]
    everybody = sales_record(scope(), at=NOW)

    assert (team.withdrawn, everybody.withdrawn) == (0, 1)
    for record in (team, everybody):
        assert (record.accepted, record.rejected, record.waiting) == (4, 2, 1)
        assert record.deciding == Punctuality(in_time=4, late=1, overdue=1)
    everybodys = {60: 2, 480: 1, 10: 1, 20: 1}
    assert speed(scope(), by="team")[str(sales.team.pk)].minutes == everybodys
    assert minutes_to_decide(scope()) == speed(scope(), by=None)[""].minutes == everybodys


def test_as_of_knows_what_had_happened_by_the_end_of_that_day(sales):
    # By the end of 5 January: a accepted and touched in time; b waiting, and overdue since 14:00. No deal is closed.
    ann = of_rep(sales.ann, as_of=date(2026, 1, 5))

    assert (ann.accepted, ann.rejected, ann.waiting) == (1, 0, 1)
    assert ann.deciding == Punctuality(in_time=1, overdue=1)
    assert ann.touching == Punctuality(in_time=1)
    assert speed_of(sales.ann, date(2026, 1, 5)) == Speed({60: 1}, {60: 1})
    assert ann.closed == 0


def test_as_of_between_acceptance_and_touch_there_is_no_touch(sales):
    # By the end of 6 January b is accepted, late, and not touched: due on the 7th, so not counted yet.
    ann = of_rep(sales.ann, as_of=date(2026, 1, 6))

    assert ann.deciding == Punctuality(in_time=1, late=1)
    assert ann.touching == Punctuality(in_time=1)
    assert speed_of(sales.ann, date(2026, 1, 6)).touch_minutes == {60: 1}


def test_record_by_one_filter_is_the_same_from_rollups_and_rows(sales):
    # Webinar: a accepted by Ann with a deal won, c rejected.
    webinar = sales_record(scope(source="webinar"), at=NOW)

    assert (webinar.accepted, webinar.rejected, webinar.offered) == (1, 1, 2)
    assert (webinar.won, webinar.lost) == (1, 0)
    assert webinar.touching == Punctuality(in_time=1)
    assert sales_records(scope(source="webinar"), by="rep", at=NOW) == {str(sales.ann.pk): webinar}


def test_record_of_nobody_says_nothing(refresh):
    refresh()

    empty = sales_record(scope(), at=NOW)

    assert empty == Record()
    assert empty.acceptance is None
    assert empty.deciding.attainment is None
    assert speed(scope(), by=None) == {}


def test_a_rejection_without_a_reason_is_one_of_its_own(a_lead, refresh):
    # Imported history may not say why.
    a_lead("2026-01-01", {"mql": "2026-01-05", "recycled": "2026-01-06"}, imported=True)
    refresh()

    assert sales_record(scope(), at=NOW).reasons == {NOTHING: 1}
