from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.folding import fold as fold_text
from leads.models import Campaign, Lead, Stage
from reports.asking import ask
from reports.catalogue import report_called
from reports.document import Document, Drill
from reports.drilling.listing import rows_behind
from reports.metrics.funnel import (
    Mode,
    MqlRate,
    Outcome,
    WindowedRate,
    cohort_by,
    cohort_funnel,
    mql_to_sql,
    outcomes_by,
    period_funnel,
    windowed_by,
    windowed_rate,
)
from reports.pages.funnel import at_stage, mql_visits, ripe_visits
from reports.period import Period
from reports.scope import Scope
from reports.store.folding import fold
from reports.store.kept import of_one_fold

pytestmark = pytest.mark.usefixtures("in_november")

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
LATER = date(2026, 12, 31)


def scope(period=JANUARY, as_of=LATER, **chosen) -> Scope:
    """What was made so far is folded in. Choices are written as people do."""
    fold()
    if campaign := chosen.get("campaign"):
        chosen["campaign"] = str(Campaign.objects.get(name_folded=fold_text(campaign)).pk)
    if source := chosen.get("source"):
        chosen["source"] = fold_text(source)
    return Scope(period=period, as_of=as_of, chosen=chosen)


def rows(drill: Drill, asked: Scope):
    return rows_behind(drill, asked).rows


def january_report(**parameters: str) -> Document:
    fold()
    report = report_called("funnel")
    days = {"first_day": "2026-01-01", "last_day": "2026-01-31", "as_of": "2026-12-31"}
    asked = ask(report, days | parameters, today=LATER).asked
    return report.build(asked.question)


def counts(funnel) -> list[int]:
    return [step.leads for step in funnel.steps]


# --- Cohort funnel -----------------------------------------------------------------------------------------------


def test_cohort_funnel_counts_the_furthest_stage_ever_reached(eight_leads):
    # Created in January: a b c d e f g = 7. mql or further: a b c d f g = 6. sql or further: a b c = 3
    # (g's was undone). opportunity or further: a c = 2. customer: a c = 2.
    funnel = cohort_funnel(scope())

    assert counts(funnel) == [7, 6, 3, 2, 2]
    assert funnel[Stage.SQL].conversion == 3 / 6
    assert funnel[Stage.SQL].overall == 3 / 7
    assert funnel.overall == 2 / 7


def test_cohort_funnel_as_of_a_day_knows_only_what_had_happened_by_its_end(eight_leads):
    # By the end of 9 January: created a b c d e g = 6; mql a b c(customer) g = 4; sql a c; then c alone.
    assert counts(cohort_funnel(scope(as_of=date(2026, 1, 9)))) == [6, 4, 2, 1, 1]


def test_cohort_funnel_before_the_period_is_empty(eight_leads):
    funnel = cohort_funnel(scope(as_of=date(2025, 12, 31)))

    assert funnel.is_empty
    assert funnel.overall is None
    assert funnel[Stage.MQL].conversion is None


def test_cohort_funnel_of_nobody_is_empty(db):
    assert counts(cohort_funnel(scope())) == [0, 0, 0, 0, 0]


def test_cohort_funnel_of_leads_that_never_moved_has_one_stage(a_lead):
    a_lead("2026-01-01")
    a_lead("2026-01-31 23:59:59")

    assert counts(cohort_funnel(scope())) == [2, 0, 0, 0, 0]


def test_recycled_and_disqualified_are_no_progress(a_lead):
    a_lead("2026-01-01", {"disqualified": "2026-01-02"})
    a_lead("2026-01-01", {"recycled": "2026-01-02"})

    assert counts(cohort_funnel(scope())) == [2, 0, 0, 0, 0]


# --- Period funnel -----------------------------------------------------------------------------------------------


def test_period_funnel_counts_distinct_entrants_as_recorded(eight_leads):
    # January. lead: a b c d e f g = 7 (h entered in December, f's return is in February).
    # mql: a b d f g h = 6. sql: a h = 2 (g undone; c skipped it). opportunity: a = 1. customer: c = 1.
    funnel = period_funnel(scope())

    assert counts(funnel) == [7, 6, 2, 1, 1]


def test_period_funnel_may_exceed_one_and_has_no_rate_without_a_previous_step(eight_leads):
    # February. lead: f. mql: b. sql: b. opportunity: none. customer: a.
    funnel = period_funnel(scope(FEBRUARY))

    assert counts(funnel) == [1, 1, 1, 0, 1]
    assert funnel[Stage.CUSTOMER].conversion is None
    assert funnel[Stage.CUSTOMER].overall == 1.0


def test_period_funnel_counts_a_lead_that_comes_back_once(a_lead):
    a_lead("2025-12-01", [("mql", "2026-01-02"), ("recycled", "2026-01-03"), ("mql", "2026-01-20")])

    assert counts(period_funnel(scope())) == [0, 1, 0, 0, 0]
    assert mql_to_sql(scope()).visits == 2


def test_period_funnel_as_of_a_day_inside_the_period(eight_leads):
    # 1 to 5 January: lead a b c d; mql a h; sql h.
    assert counts(period_funnel(scope(as_of=date(2026, 1, 5)))) == [4, 2, 1, 0, 0]


# --- Visits: order, sameness, edges of the period -----------------------------------------------------------------


def test_moves_of_one_second_are_ordered_by_their_place_in_the_funnel(a_lead):
    # Recorded backwards, all at 10:00:00: lead, mql, sql. The visit to mql ended in sql.
    a_lead("2026-01-05 10:00", [("sql", "2026-01-05 10:00"), ("mql", "2026-01-05 10:00")])

    assert mql_to_sql(scope()) == MqlRate(accepted=1)
    assert counts(period_funnel(scope())) == [1, 1, 1, 0, 0]


def test_reporting_a_stage_again_begins_no_new_visit(a_lead):
    # Two systems report the same acceptance on different days.
    a_lead(
        "2025-12-01",
        [("mql", "2025-12-30"), ("mql", "2026-01-03"), ("sql", "2026-02-02"), ("sql", "2026-02-09")],
    )

    assert counts(period_funnel(scope())) == [0, 0, 0, 0, 0]
    assert mql_to_sql(scope(Period(date(2025, 12, 1), date(2026, 1, 1)))) == MqlRate(accepted=1)


def test_undone_move_between_two_of_a_kind_does_not_split_a_visit(a_lead):
    a_lead("2025-12-01", [("mql", "2026-01-03"), ("mql", "2026-01-05")], undone={"sql": "2026-01-04"})

    assert mql_to_sql(scope()) == MqlRate(waiting=1)


def test_month_ends_where_the_next_begins(a_lead):
    a_lead("2025-12-01", {"mql": "2026-01-31 23:59:59.999999"})
    a_lead("2025-12-01", {"mql": "2026-02-01 00:00:00"})

    assert counts(period_funnel(scope(JANUARY))) == [0, 1, 0, 0, 0]
    assert counts(period_funnel(scope(FEBRUARY))) == [0, 1, 0, 0, 0]


def test_day_of_a_clock_change_belongs_to_its_local_date(settings, a_lead):
    # On 29 March 2026 Berlin's clocks went forward: the day lasted from 28 March 23:00 to 29 March 22:00 UTC.
    settings.TIME_ZONE = "Europe/Berlin"
    a_lead("2026-03-28 22:59:59")
    a_lead("2026-03-28 23:00:00", {"mql": "2026-03-29 21:59:59"})
    a_lead("2026-03-29 22:00:00")
    that_day = scope(Period(date(2026, 3, 29), date(2026, 3, 30)))

    assert counts(cohort_funnel(that_day)) == [1, 1, 0, 0, 0]
    assert counts(period_funnel(that_day)) == [1, 1, 0, 0, 0]


def test_leap_day_belongs_to_february(a_lead):
    a_lead("2024-02-29 12:00")

    assert counts(cohort_funnel(scope(Period(date(2024, 2, 1), date(2024, 3, 1))))) == [1, 0, 0, 0, 0]
    assert counts(cohort_funnel(scope(Period(date(2024, 3, 1), date(2024, 4, 1))))) == [0, 0, 0, 0, 0]


def test_customer_before_creation_is_counted_and_not_dropped(a_lead):
    # Bad data of another system: won two days before the first contact.
    a_lead("2026-01-10", {"customer": "2026-01-08"}, imported=True)

    assert counts(cohort_funnel(scope())) == [1, 1, 1, 1, 1]


# --- MQL to SQL rate ---------------------------------------------------------------------------------------------


def test_mql_to_sql_rate_is_accepted_of_all_visits_that_begin_in_the_period(eight_leads):
    # Visits of January: a accepted; b's first rejected (recycled); d waiting; f withdrawn;
    # g rejected (its acceptance was undone); h accepted. b's second visit begins in February.
    rate = mql_to_sql(scope())

    assert rate == MqlRate(accepted=2, rejected=2, withdrawn=1, waiting=1)
    assert (rate.visits, rate.decided) == (6, 4)
    assert rate.of_visits == 2 / 6
    assert rate.of_decided == 2 / 4


def test_mql_to_sql_rate_as_of_a_day_shows_later_decisions_as_waiting(eight_leads):
    # By the end of 10 January: visits of a b g h; g was rejected only on the 11th.
    assert mql_to_sql(scope(as_of=date(2026, 1, 10))) == MqlRate(accepted=2, rejected=1, waiting=1)


def test_visit_belongs_to_the_period_in_which_it_began(eight_leads):
    assert mql_to_sql(scope(FEBRUARY)) == MqlRate(accepted=1)


def test_mql_to_sql_rate_of_nothing_is_no_data(db):
    rate = mql_to_sql(scope())

    assert rate.of_visits is None
    assert rate.of_decided is None


def test_mql_that_skips_to_opportunity_is_accepted(a_lead):
    a_lead("2026-01-01", {"mql": "2026-01-02", "opportunity": "2026-01-03"})

    assert mql_to_sql(scope()) == MqlRate(accepted=1)


# --- By source and filters ---------------------------------------------------------------------------------------


def test_by_source_adds_up_and_keeps_blank_apart_from_unknown(eight_leads):
    # "WEBINAR" is the source "Webinar" in other letters.
    funnels, rates = cohort_by(scope(), by="source"), outcomes_by(scope(), by="source")

    assert {source: counts(funnel) for source, funnel in funnels.items()} == {
        "webinar": [4, 4, 2, 1, 1],
        "unknown": [2, 1, 0, 0, 0],
        "": [1, 1, 1, 1, 1],
    }
    assert rates == {
        "webinar": MqlRate(accepted=1, rejected=2, withdrawn=1),
        "unknown": MqlRate(waiting=1),
        "event": MqlRate(accepted=1),
    }


def test_by_source_has_a_line_for_each_that_has_a_number_and_a_total(eight_leads):
    lines = {row.label: row.numbers for row in january_report().tables[-1].rows}

    assert {
        label: [numbers[stage.value].value for stage in Stage if stage.value in numbers]
        for label, numbers in lines.items()
    } == {
        "Webinar": [4, 4, 2, 1, 1],
        "unknown": [2, 1, 0, 0, 0],
        "Event": [0, 0, 0, 0, 0],
        "Not recorded": [1, 1, 1, 1, 1],
        "All": [7, 6, 3, 2, 2],
    }
    assert {label: numbers["rate"].of for label, numbers in lines.items()} == {
        "Webinar": (1, 4),
        "unknown": (0, 1),
        "Event": (1, 1),
        "Not recorded": (0, 0),
        "All": (2, 6),
    }


def test_by_source_has_the_largest_first_and_not_recorded_last(eight_leads):
    table = january_report(mode="period").tables[-1]

    assert [row.label for row in table.rows] == ["Webinar", "unknown", "Event", "Not recorded", "All"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"source": "webinar"}, [4, 4, 2, 1, 1]),
        ({"source": "unknown"}, [2, 1, 0, 0, 0]),
        ({"source": ""}, [1, 1, 1, 1, 1]),
        ({"source": "no such source"}, [0, 0, 0, 0, 0]),
        ({"country": "DE"}, [2, 2, 1, 1, 1]),
        ({"country": ""}, [4, 3, 1, 1, 1]),
        ({"campaign": "webinar january"}, [1, 1, 1, 1, 1]),
        ({"campaign": ""}, [6, 5, 2, 1, 1]),
        ({"source": "Webinar", "country": "FR"}, [1, 1, 1, 0, 0]),
    ],
)
def test_cohort_funnel_of_chosen_leads(eight_leads, chosen, expected):
    assert counts(cohort_funnel(scope(**chosen))) == expected


def test_filters_hold_for_entrants_and_rates_alike(eight_leads):
    german = scope(country="DE")

    assert counts(period_funnel(german)) == [2, 2, 1, 1, 0]
    assert mql_to_sql(german) == MqlRate(accepted=1, waiting=1)


def test_filter_is_by_the_present_fact(eight_leads):
    Lead.objects.filter(pk=eight_leads["e"].pk).update(source="Webinar", source_folded="webinar")

    assert counts(cohort_funnel(scope(source="Webinar"))) == [5, 4, 2, 1, 1]


# --- The leads behind the numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", [date(2026, 1, 9), LATER])
@pytest.mark.parametrize("mode", [Mode.COHORT, Mode.PERIOD])
def test_leads_behind_each_step_are_as_many_as_it_says(eight_leads, mode, as_of):
    for chosen in ({}, {"source": "webinar"}, {"source": ""}, {"country": "DE"}):
        asked = scope(as_of=as_of, **chosen)
        funnel = (cohort_funnel if mode is Mode.COHORT else period_funnel)(asked)

        for step in funnel.steps:
            found = rows(at_stage(step.stage, mode, {}), asked)
            assert len({row.pk if mode is Mode.COHORT else row.lead_id for row in found}) == step.leads


def test_leads_behind_a_step_are_the_right_ones(eight_leads):
    found = rows(at_stage(Stage.SQL, Mode.COHORT, {}), scope())
    assert {row.pk for row in found} == {eight_leads[name].pk for name in "abc"}


@pytest.mark.parametrize("as_of", [date(2026, 1, 10), LATER])
def test_visits_behind_each_outcome_are_as_many_as_it_says(eight_leads, as_of):
    asked = scope(as_of=as_of)
    rate = mql_to_sql(asked)

    for outcome in Outcome:
        found = rows(mql_visits({}, outcome=outcome.value), asked)
        assert found.count() == getattr(rate, outcome.value)
    assert rows(mql_visits({}), asked).count() == rate.visits


@pytest.mark.parametrize("mode", Mode)
def test_report_takes_as_many_queries_for_many_leads_as_for_one(a_lead, mode):
    a_lead("2026-01-01", {"mql": "2026-01-02"}, source="Event")
    few = _queries(mode)
    for number in range(10):
        a_lead("2026-01-01", {"mql": "2026-01-02", "sql": "2026-01-03"}, source=f"Source {number}")

    assert _queries(mode) == few < 30


def _queries(mode: Mode) -> int:
    fold()
    with CaptureQueriesContext(connection) as captured:
        of_one_fold(lambda: january_report(mode=mode.value))
    return len(captured)


# --- Windowed ------------------------------------------------------------------------------------------------------


def test_windowed_rate_gives_every_visit_the_same_time(eight_leads):
    # MQL visits of January with 14 days until 20 January, so begun by the 6th: a (5 Jan, accepted after one day) and
    # h (2 Jan, after one day). b's of the 7th and g's of the 9th are too young.
    asked = scope(as_of=date(2026, 1, 20))

    assert windowed_rate(asked, within=14) == WindowedRate(accepted=2, visits=2)
    assert windowed_by(asked, by="source", within=14) == {
        "webinar": WindowedRate(1, 1),
        "event": WindowedRate(1, 1),
    }


def test_accepted_later_than_the_window_is_not_accepted_in_it(a_lead):
    # 7 x 24 h exactly is within 7 days; a second more is not. The third waits.
    a_lead("2026-01-01", {"mql": "2026-01-02 10:00:00", "sql": "2026-01-09 10:00:00"})
    a_lead("2026-01-01", {"mql": "2026-01-02 10:00:00", "sql": "2026-01-09 10:00:01"})
    a_lead("2026-01-01", {"mql": "2026-01-02 10:00:00"})
    asked = scope()

    assert windowed_rate(asked, within=7) == WindowedRate(accepted=1, visits=3)
    assert windowed_rate(asked, within=14) == WindowedRate(accepted=2, visits=3)
    assert rows(ripe_visits({}, 7, accepted=True), asked).count() == 1
    assert rows(ripe_visits({}, 7, accepted=False), asked).count() == 3


def test_window_that_nobody_had_is_no_data(eight_leads):
    rate = windowed_rate(scope(as_of=date(2026, 1, 10)), within=30)

    assert rate == WindowedRate(0, 0)
    assert rate.share is None
