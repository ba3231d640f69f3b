"""Backtests worked out by hand. A page view gives what a test says; the threshold is 20."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leads.models import Deal, Handoff, HandoffDecision, Reason, Stage, StageChange
from scoring.backtest.asked import Asked
from scoring.models import BacktestHandoff
from tests.factories import ActivityFactory, change_of
from tests.scoring.backtest.conftest import Run, at, draft_of, handed_over, lead_of, lines, views
from tests.scoring.conftest import Publish, activity, german

pytestmark = pytest.mark.django_db
VIEWS = activity("page_view", 20)  # one view qualifies
TWO_VIEWS = activity("page_view", 10)  # two do
TEN_DAYS = activity("page_view", 20, window_days=10)


def test_what_counts_is_the_score_of_the_decision_not_that_of_today(run: Run) -> None:
    """20 points when sales decided, on day 10; 65 today."""
    lead = lead_of()
    views(lead, 5)
    handed_over(lead, 9, decided=10)
    views(lead, 11, 12, 13)
    draft = draft_of(activity("page_view", 20, max_points=65), threshold=60)

    study = run(draft)

    assert lines(study) == [(lead.pk, "missed", None)]
    assert study.result["sides"]["draft"]["missed"]["accepted"] == 1


def test_activity_that_was_imported_later_was_not_known(run: Run) -> None:
    """Two leads did the same; of one of them it became known on day 12, after the decision."""
    known, late = lead_of(), lead_of()
    views(known, 5)
    views(late, 5, known=12)
    for lead in (known, late):
        handed_over(lead, 9, decided=10)

    study = run(draft_of(VIEWS))

    assert lines(study) == [(known.pk, "same", 5), (late.pk, "missed", None)]


def test_numbers_of_a_month(run: Run, publish_rules: Publish) -> None:
    """Six real handoffs and one of nobody, by hand:

    | lead | views on | offered | decided | one view: draft | two views: published |
    |------|----------|---------|---------|-----------------|----------------------|
    | won  | 2, 4     | 6       | accepted, won 20 | day 2: 4 days earlier | day 4: 2 days earlier |
    | yes  | 9        | 9       | accepted  | day 9, the same day | not made |
    | no   | 10       | 11      | rejected: student | day 10: 1 earlier | not made |
    | slow | 12, 16   | 12      | rejected: budget, 18 | day 12 | day 16: 4 later |
    | none | none     | 20      | accepted  | not made | not made |
    | wait | 22       | 23      | waits     | day 22: 1 earlier | not made |
    | new  | 25       | never   |           | new on day 25 | - |
    """
    publish_rules(TWO_VIEWS)
    won, yes, no, slow, none, wait, new = (lead_of() for _ in range(7))
    views(won, 2, 4)
    views(yes, 9)
    views(no, 10)
    views(slow, 12, 16)
    views(wait, 22)
    views(new, 25)
    handed_over(won, 6, decided=7)
    Deal.objects.create(lead=won, state="won", opened_at=at(8), closed_at=at(20))
    handed_over(yes, 9, decided=10, hour=18)
    handed_over(no, 11, decided=12, state="rejected", reason="student")
    handed_over(slow, 12, decided=18, state="rejected", reason="no_budget", hour=18)
    handed_over(none, 20, decided=21)
    handed_over(wait, 23)

    study = run(draft_of(VIEWS))

    result = study.result
    assert result["published"] == 1
    assert result["real"] == {
        "total": 6, "won": 1, "waiting": 1, "accepted": 3, "rejected": 2, "withdrawn": 0,
        "weekly": [0, 1, 3, 1, 1, 0],
    }  # fmt: skip
    draft, published = result["sides"]["draft"], result["sides"]["published"]
    assert lines(study) == [
        (won.pk, "same", 2),
        (yes.pk, "same", 9),
        (no.pk, "same", 10),
        (slow.pk, "same", 12),
        (none.pk, "missed", None),
        (wait.pk, "same", 22),
        (new.pk, "new", 25),
    ]
    assert draft["same"] == {
        "total": 5, "won": 1, "waiting": 1, "accepted": 2, "rejected": 2, "withdrawn": 0,
    }  # fmt: skip
    assert (draft["made"], draft["new"], draft["weekly"]) == (6, 1, [0, 1, 3, 1, 1, 0])
    assert (draft["days"], draft["median_days"]) == ([[-4, 1], [-1, 2], [0, 2]], -1)
    assert lines(study, "published") == [
        (won.pk, "same", 4),
        (yes.pk, "missed", None),
        (no.pk, "missed", None),
        (slow.pk, "same", 16),
        (none.pk, "missed", None),
        (wait.pk, "missed", None),
    ]
    assert (published["days"], published["median_days"]) == ([[-2, 1], [4, 1]], 1)
    assert [(row["label"], row["total"], row["missed"]) for row in published["reasons"]] == [
        ("No budget", 1, 0),
        ("Student or job seeker", 1, 1),
    ]


def test_draft_equal_to_the_published_version_has_the_same_numbers(run: Run, publish_rules: Publish) -> None:
    published = publish_rules(VIEWS)
    lead, new = lead_of(), lead_of()
    views(lead, 3)
    views(new, 4)
    handed_over(lead, 9, decided=10)

    for book in (draft_of(VIEWS), published):
        study = run(book)

        assert study.result["sides"]["draft"] == study.result["sides"]["published"]
        assert lines(study) == lines(study, "published") == [(lead.pk, "same", 3), (new.pk, "new", 4)]


def test_without_any_handoff_there_is_nothing_but_new_ones(run: Run) -> None:
    lead = lead_of()
    views(lead, 3)

    study = run(draft_of(VIEWS))

    assert (study.result["real"]["total"], study.result["published"]) == (0, None)
    assert study.result["sides"]["draft"]["median_days"] is None
    assert lines(study) == [(lead.pk, "new", 3)]


def test_without_leads_there_is_a_result(run: Run) -> None:
    assert run(draft_of(VIEWS)).result["sides"]["draft"]["made"] == 0


# Which handoffs are of the period ------------------------------------------------------------------------------------


def test_handoff_offered_before_the_period_is_of_another_one(run: Run) -> None:
    """Offered on 27 February, decided on 5 March: neither judged nor made anew while it waited."""
    lead = lead_of()
    views(lead, -1)
    handed_over(lead, -1, decided=5)

    assert lines(run(draft_of(VIEWS))) == []


def test_window_reaches_back_before_the_period_and_on_to_the_decision_after_it(run: Run) -> None:
    """Offered on 2 and 30 March; the draft qualifies one on 20 February, the other on the day of its decision."""
    early, late = lead_of(), lead_of()
    views(early, -8)
    handed_over(early, 2, decided=3)
    handed_over(late, 30, decided=33, hour=8)
    views(late, 33)

    study = run(draft_of(TEN_DAYS), when=datetime(2026, 4, 10, 12, tzinfo=UTC))

    assert lines(study) == [(early.pk, "same", -8), (late.pk, "same", 33)]
    assert study.result["sides"]["draft"]["days"] == [[-10, 1], [3, 1]]
    # Each in the week of its day, also where that is outside of the period.
    assert study.result["weeks"][0] == "2026-02-16"
    assert study.result["sides"]["draft"]["weekly"] == [1, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("day", "kind"), [(6, "same"), (5, "missed")])
def test_two_weeks_are_close_enough_and_a_day_more_is_not(run: Run, day: int, kind: str) -> None:
    """Qualified on one day only; offered on day 20, and W is 14."""
    lead = lead_of()
    views(lead, day)
    handed_over(lead, 20, decided=21)

    found = lines(run(draft_of(activity("page_view", 20, window_days=1))))

    assert (lead.pk, kind, day if kind == "same" else None) in found


def test_handoff_far_from_a_real_one_is_new_and_the_real_one_is_also_made(run: Run) -> None:
    """Qualified from day 2 on, offered on day 25: the draft hands it over once, 23 days earlier."""
    lead = lead_of()
    views(lead, 2)
    handed_over(lead, 25, decided=26)

    study = run(draft_of(VIEWS))

    assert lines(study) == [(lead.pk, "same", 11), (lead.pk, "new", 2)]
    draft = study.result["sides"]["draft"]
    assert (draft["made"], draft["new"], draft["before"]) == (1, 1, 1)


def test_handoff_shortly_after_the_period_is_neither_judged_nor_new(run: Run) -> None:
    lead = lead_of()
    views(lead, 28)
    handed_over(lead, 34, decided=35)

    assert lines(run(draft_of(VIEWS), when=datetime(2026, 4, 10, tzinfo=UTC))) == []


def test_who_qualified_before_the_period_is_counted_apart(run: Run) -> None:
    lead = lead_of()
    views(lead, -20)

    study = run(draft_of(VIEWS))

    assert lines(study) == [(lead.pk, "start", 0)]
    draft = study.result["sides"]["draft"]
    assert (draft["made"], draft["new"], draft["start"]) == (0, 0, 1)


# What the lead's own life allows -------------------------------------------------------------------------------------


def test_lead_is_handed_over_only_once_it_exists_and_stands_where_promotion_takes_leads(run: Run) -> None:
    fresh, sql, customer = lead_of(created=15, country="DE"), lead_of(-60), lead_of(-60)
    for lead in (sql, customer):
        views(lead, 5)
        StageChange.objects.filter(lead=lead).update(undone=True)
    change_of(sql, Stage.SQL, at=at(-60), imported=True)
    change_of(customer, Stage.CUSTOMER, at=at(-60), imported=True)

    assert lines(run(draft_of(VIEWS, german(20)))) == [(fresh.pk, "new", 15)]


def test_undone_decisions_have_not_happened(run: Run) -> None:
    """Rejected on day 6, undone at once, accepted on day 9: a real handoff until day 9, accepted."""
    lead = lead_of()
    views(lead, 8)
    handoff = handed_over(lead, 5, decided=9)
    change_of(lead, Stage.RECYCLED, at=at(6), undone=True, reason=Reason.objects.get(key="not_now"))
    change_of(lead, Stage.MQL, at=at(6, 13), undone=True)
    for action in ("reject", "undo"):
        HandoffDecision.objects.create(handoff=handoff, action=action, at=at(6))

    study = run(draft_of(VIEWS))

    assert lines(study) == [(lead.pk, "same", 8)]
    assert study.result["sides"]["draft"]["same"]["accepted"] == 1


def test_lead_that_was_recycled_and_handed_over_twice_is_judged_twice(run: Run) -> None:
    """Views on days 2 and 20, each good for five days. Rejected on day 6 (bad data: 30 days), by hand again on 22."""
    lead = lead_of()
    views(lead, 2, 20)
    handed_over(lead, 5, decided=6, state="rejected", reason="bad_contact_data")
    handed_over(lead, 22, decided=23, origin=Handoff.Origin.HAND)

    study = run(draft_of(activity("page_view", 20, window_days=5)))

    assert lines(study) == [(lead.pk, "same", 2), (lead.pk, "same", 20)]
    assert [row.days_later for row in BacktestHandoff.objects.order_by("pk")] == [-3, -2]


def test_what_led_to_the_handoff_before_is_not_evidence_for_the_next(run: Run) -> None:
    """Qualified on days 2 to 4 only. Offered and rejected on day 5, offered again on day 9."""
    lead = lead_of()
    views(lead, 2)
    handed_over(lead, 5, decided=5, state="rejected", reason="bad_contact_data")
    handed_over(lead, 9, decided=10, origin=Handoff.Origin.HAND)

    assert lines(run(draft_of(activity("page_view", 20, window_days=3)))) == [
        (lead.pk, "same", 2),
        (lead.pk, "missed", None),
    ]


@pytest.mark.parametrize(
    ("more", "day"),
    [
        ([], None),  # held, and nothing new
        ([("page_view", 10)], 31),  # 30 days after 1 March, with new evidence
        ([("demo_request", 10)], 10),  # raised its hand anew
    ],
)
def test_hold_keeps_a_recycled_lead_back(run: Run, more: list[tuple[str, int]], day: int | None) -> None:
    """Rejected on 1 March for bad data: held until the 31st, and until ten points are earned anew."""
    lead = lead_of()
    views(lead, -2)
    handed_over(lead, -1, decided=1, state="rejected", reason="bad_contact_data")
    for code, when in more:
        views(lead, when, code=code)
    rules = (VIEWS, activity("demo_request", 20, fast_track=True))

    found = lines(run(draft_of(*rules)))

    assert found == ([] if day is None else [(lead.pk, "new", day)])


def test_end_of_a_hold_is_the_one_that_was_set_then(run: Run) -> None:
    """The reason's cool-down was 10 days at that time, as the lead still says."""
    lead = lead_of()
    views(lead, -2)
    handoff = handed_over(lead, -1, decided=1, state="rejected", reason="bad_contact_data")
    lead.hold_until, lead.evidence_after = date(2026, 3, 11), handoff.decided_at
    lead.save()
    views(lead, 5)

    assert lines(run(draft_of(VIEWS))) == [(lead.pk, "new", 11)]


# What becomes of a handoff that only the draft makes -----------------------------------------------------------------


def test_lead_is_not_handed_over_again_while_it_holds_the_line(run: Run) -> None:
    """Good for 6 days each: qualified on 2 to 7, on 10 to 15, which two nights do not end, and on 20."""
    lead = lead_of()
    views(lead, 2, 10, 20)

    assert lines(run(draft_of(activity("page_view", 20, window_days=6)))) == [
        (lead.pk, "new", 2),
        (lead.pk, "new", 20),
    ]
    assert lines(run(draft_of(activity("page_view", 20, window_days=15)))) == [(lead.pk, "new", 2)]


def test_draft_takes_back_what_is_below_the_line_for_enough_nights(run: Run) -> None:
    """Good for 6 days, from 2 to 7; below the line on 8, 9 and 10. Back on 9 it was never free; on 10 it is."""
    quick, slow = lead_of(), lead_of()
    views(quick, 2, 9)
    views(slow, 2, 11)

    rules = activity("page_view", 20, window_days=6)

    assert lines(run(draft_of(rules, demote_after_nights=3))) == [
        (quick.pk, "new", 2),
        (slow.pk, "new", 2),
        (slow.pk, "new", 11),
    ]


def test_real_move_frees_what_the_draft_has_handed_over(run: Run) -> None:
    """New on day 2; a manager takes it out on 5 and reopens it on 9, after which only new evidence counts."""
    lead = lead_of()
    views(lead, 2, 12)
    change_of(lead, Stage.DISQUALIFIED, at=at(5), reason=Reason.objects.get(key="student"))
    change_of(lead, Stage.LEAD, at=at(9), from_stage="disqualified")

    assert lines(run(draft_of(VIEWS))) == [(lead.pk, "new", 2), (lead.pk, "new", 12)]


# Days ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", 10), ("Pacific/Kiritimati", 11), ("America/Los_Angeles", 10)]
)
def test_day_ends_at_midnight_of_the_organisation(run: Run, settings: object, zone: str, day: int) -> None:
    """A view at 12:00 UTC on the 10th is on the 11th at UTC+14."""
    settings.TIME_ZONE = zone  # type: ignore[attr-defined]
    lead = lead_of()
    views(lead, 10)

    assert lines(run(draft_of(VIEWS))) == [(lead.pk, "new", day)]


@pytest.mark.parametrize(("minutes", "day"), [(-1, 29), (0, 30)])
def test_known_before_midnight_also_when_the_clocks_change(
    run: Run, settings: object, minutes: int, day: int
) -> None:
    """In Berlin 29 March 2026 has 23 hours and ends at 22:00 UTC."""
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]
    lead = lead_of()
    known_at = datetime(2026, 3, 29, 22, tzinfo=UTC) + timedelta(minutes=minutes)
    ActivityFactory(lead=lead, occurred_at=at(29, 6), known_at=known_at)

    assert lines(run(draft_of(VIEWS))) == [(lead.pk, "new", day)]


def test_beyond_ninety_days_a_day_a_week_is_scored_and_real_handoffs_day_by_day(run: Run) -> None:
    """From 1 December, weekly: 1 March is a day that is scored, 3 March is not, 8 March is again."""
    new, real = lead_of(-120), lead_of(-120)
    views(new, 3)
    views(real, 3)
    handed_over(real, 5, decided=6)

    study = run(draft_of(VIEWS), Asked(date(2025, 12, 7), date(2026, 3, 31)))

    assert Asked(date(2025, 12, 7), date(2026, 3, 31)).is_weekly
    assert lines(study) == [(new.pk, "new", 8), (real.pk, "same", 3)]
