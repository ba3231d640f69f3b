"""The Overview: what it says of hand-made leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from leads import triggers
from leads.models import Reason, Stage, StageChange
from reports.catalogue import Question, report_called
from reports.metrics.overview import _time, trend, waiting
from reports.pages import overview
from reports.period import Period
from reports.scope import Scope, elapsed_part
from reports.store.folding import fold

JANUARY, FEBRUARY = Period(date(2026, 1, 1), date(2026, 2, 1)), Period(date(2026, 2, 1), date(2026, 3, 1))
AS_OF = date(2026, 6, 30)


def question(period: Period = FEBRUARY, *, as_of: date = AS_OF, **chosen: str) -> Question:
    return Question(Scope(period, as_of, chosen), as_of)


def decided(a_lead, day: date, count: int, stage: str, *, reason: str = "", **facts) -> None:
    """So many leads that were created and offered on a day and decided on the same."""
    for _ in range(count):
        lead = a_lead(f"{day} 08:00:00", {"mql": f"{day} 09:00:00", stage: f"{day} 10:00:00"}, **facts)
        if reason:
            last = StageChange.objects.filter(lead=lead, to_stage=stage)
            with triggers.erasing():
                last.update(reason=Reason.objects.get(key=reason))


@pytest.fixture
def worse_webinars(a_lead) -> None:
    """January: 40 decided, 24 accepted (webinar 16 of 20, referral 8 of 20).
    February: 40 decided, 12 accepted (webinar 4 of 20, referral 8 of 20).
    """
    for month, webinars in ((1, 16), (2, 4)):
        day = date(2026, month, 10)
        decided(a_lead, day, webinars, "sql", source="Webinar")
        decided(a_lead, day, 20 - webinars - 2, "recycled", reason="too_small", source="Webinar")
        decided(a_lead, day, 2, "recycled", reason="no_budget", source="Webinar")
        decided(a_lead, day, 8, "sql", source="Referral")
        decided(a_lead, day, 12, "recycled", reason="no_budget", source="Referral")
    fold()


def test_what_fell_says_by_how_much_where_and_why(worse_webinars):
    document = overview.build(question())

    # 24/40 to 12/40. Webinar 0.5 * (0.2 - 0.8) = -0.3, all of the -0.3. 14 of its 16 rejections are "too small".
    # That SQLs fell from 24 to 12 may be chance: 12 of 36, Wilson 20.2 to 49.7 %, and 28 of 59 days are 47.5 %.
    assert [finding.text.replace("\N{NO-BREAK SPACE}", " ") for finding in document.findings] == [
        "Acceptance fell from 60.0 % (24 of 40 decided MQLs) to 30.0 % (12 of 40); all of the fall comes from "
        "Webinar (source); 14 of its 16 rejections say “Too small”.",
    ]
    assert [(finding.report, finding.parameters) for finding in document.findings] == [
        ("conversion", {"by": "source", "source": "webinar"}),
    ]


def test_a_choice_of_leads_is_not_explained_by_itself(worse_webinars):
    document = overview.build(question(source="webinar"))

    texts = [finding.text.replace("\N{NO-BREAK SPACE}", " ") for finding in document.findings]
    assert texts[0] == "Acceptance fell from 80.0 % (16 of 20 decided MQLs) to 20.0 % (4 of 20)."


def test_nothing_is_said_of_what_chance_explains(a_lead):
    for month, accepted in ((1, 12), (2, 8)):
        decided(a_lead, date(2026, month, 10), accepted, "sql", source="Webinar")
        decided(
            a_lead, date(2026, month, 10), 20 - accepted, "recycled", reason="no_budget", source="Webinar"
        )
    fold()

    assert overview.build(question()).findings == []


def test_nobody_is_no_change_and_no_rate(db):
    document = overview.build(question())

    assert document.findings == []
    tiles = {tile.key: tile.number for tile in document.tiles}
    assert (tiles["leads"].value, tiles["leads"].before) == (0, 0)
    assert (tiles["mql_to_sql"].value, tiles["mql_to_sql"].of) == (None, (0, 0))
    assert tiles["time"].value is None


def test_tiles_hold_the_period_against_the_one_before(worse_webinars):
    tiles = {tile.key: tile.number for tile in overview.build(question()).tiles}

    assert {key: (tiles[key].value, tiles[key].before) for key in ("leads", "mql", "sql", "customer")} == {
        "leads": (40, 40),
        "mql": (40, 40),
        "sql": (12, 24),
        "customer": (0, 0),
    }
    assert (tiles["mql_to_sql"].value, tiles["mql_to_sql"].before) == (12 / 40, 24 / 40)


def test_a_period_that_is_not_over_is_held_against_as_many_days():
    # 15 June: 15 days of June against the first 15 of May.
    june, may = Period(date(2026, 6, 1), date(2026, 7, 1)), Period(date(2026, 5, 1), date(2026, 6, 1))

    assert elapsed_part(may, Scope(june, date(2026, 6, 15))) == Period(date(2026, 5, 1), date(2026, 5, 16))
    assert elapsed_part(may, Scope(june, date(2026, 6, 30))) == may
    assert elapsed_part(may, Scope(june, date(2026, 7, 20))) == may
    assert elapsed_part(may, Scope(june, date(2026, 5, 20))) == may
    # February has not 30 days.
    march, february = Period(date(2026, 3, 1), date(2026, 4, 1)), Period(date(2026, 2, 1), date(2026, 3, 1))
    assert elapsed_part(february, Scope(march, date(2026, 3, 30))) == february


def test_rate_with_many_young_visits_is_marked_wherever_it_stands(a_lead):
    # 20 of January are accepted after ten days; on 12 February one of two of February is two days old.
    for _ in range(20):
        a_lead("2026-01-01", {"mql": "2026-01-05", "sql": "2026-01-15"})
    a_lead("2026-02-01", {"mql": "2026-02-01", "sql": "2026-02-02"})
    a_lead("2026-02-01", {"mql": "2026-02-10"})
    fold()
    asked = replace(
        question(as_of=date(2026, 2, 12)), options={"mode": "cohort", "within": "14", "by": "source"}
    )

    assert {tile.key: tile.number.mark for tile in overview.build(asked).tiles}["mql_to_sql"] == "immature"
    tables = {table.key: table for table in report_called("funnel").build(asked).tables}
    assert [row.numbers["share"].mark for row in tables["rates"].rows] == ["immature", "immature", ""]
    assert {row.numbers["rate"].mark for row in tables["by"].rows} == {"immature"}
    later = replace(asked, scope=replace(asked.scope, as_of=date(2026, 3, 1)))
    assert {tile.key: tile.number.mark for tile in overview.build(later).tiles}["mql_to_sql"] == "few"


def test_waiting_counts_those_that_waited_on_the_as_of_day(a_lead):
    a_lead("2026-01-01", {"mql": "2026-01-05"})
    a_lead("2026-01-01", {"mql": "2026-01-05", "sql": "2026-02-01"})
    a_lead("2026-01-01", {"mql": "2026-03-05"})
    a_lead("2026-01-01")
    fold()

    def on(day: date) -> int:
        return waiting(Scope(JANUARY, day))

    assert [on(date(2026, 1, 4)), on(date(2026, 1, 5)), on(date(2026, 1, 31)), on(date(2026, 2, 1))] == [
        0,
        2,
        2,
        1,
    ]
    assert on(AS_OF) == 2


def test_trend_counts_a_lead_once_a_week_and_stops_at_the_as_of_day(a_lead):
    # Monday 2 February; mql twice in the first week, again in the second.
    a_lead(
        "2026-02-02",
        [
            ("mql", "2026-02-03"),
            ("lead", "2026-02-04"),
            ("mql", "2026-02-05"),
            ("lead", "2026-02-06"),
            ("mql", "2026-02-10"),
        ],
    )
    fold()

    points = trend(Scope(FEBRUARY, date(2026, 2, 12)))

    assert [(point.slice.label, point.created, point.entrants.get(Stage.MQL, 0)) for point in points] == [
        ("1 Feb 2026", 0, 0),
        ("2 Feb 2026", 1, 1),
        ("9 Feb 2026", 0, 1),
    ]
    assert [point.slice.is_whole for point in points] == [False, True, False]


def test_median_time_is_compared_where_it_can_be():
    # 30 decisions of 10 to 39 minutes, then 30 of 40 to 69: of both together the median is 39.5.
    fast, slow = {10 + n: 1 for n in range(30)}, {40 + n: 1 for n in range(30)}
    change = _time(fast, slow)
    assert change is not None
    assert (change.before, change.now, change.direction.value) == (24.5, 54.5, "rose")
    assert _time(fast, fast) is None
    assert _time({}, fast) is None
    assert _time({10: 2}, {60: 2}) is None
