from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leads.models import AttributeKey
from scoring.rulebook.document import read_document, read_form
from scoring.rulebook.findings import Finding, FindingKind
from scoring.rulebook.lint import MOST_FINDINGS, lint
from scoring.rulebook.rows import vocabulary
from tests.scoring.conftest import activity, document

pytestmark = pytest.mark.django_db
STARTER = Path(__file__).parents[3] / "scoring/starter_rulebook.json"


def asks(field: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, **({"values": list(values)} if values else {})}


def fit(*conditions: dict[str, Any], points: int = 10, **rule: Any) -> dict[str, Any]:
    return {"kind": "fit", "group": "who", "points": points, "conditions": list(conditions), **rule}


def engagement(*conditions: dict[str, Any], **rule: Any) -> dict[str, Any]:
    return {**activity("page_view", 10, conditions=list(conditions)), **rule}


def findings(*rules: dict[str, Any], kind: FindingKind | None = None) -> list[Finding]:
    """What the lint says about rules whose points reach every bound."""
    everything = [
        fit(asks("city", "is_known"), key="fill-fit", points=1000),
        fit(asks("city", "is_unknown"), key="fill-fit-less", points=-1000),
        activity("newsletter_signup", 1000, key="fill-engagement"),
        activity("unsubscribe", -1000, key="fill-engagement-less"),
    ]
    keyed = [{"key": f"r{index}", "name": f"R{index}", **rule} for index, rule in enumerate(rules)]
    value = document(*everything)
    value["rules"] += keyed
    return [found for found in lint(read_form(value, vocabulary())) if kind in (None, found.kind)]


def kinds(*rules: dict[str, Any]) -> list[str]:
    return [str(found.kind) for found in findings(*rules)]


def sentence(*rules: dict[str, Any]) -> str:
    (found,) = findings(*rules)
    return found.sentence


def test_starter_rulebook_has_nothing_to_look_at() -> None:
    assert lint(read_document(STARTER.read_bytes(), vocabulary())) == ()


# Overlapping ranges


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (asks("employees", "between", 11, 1000), asks("employees", "gte", 1000), "1,000"),
        (asks("employees", "between", 11, 999), asks("employees", "gte", 1000), None),
        (asks("employees", "between", 11, 1000), asks("employees", "gt", 1000), None),
        (asks("employees", "lt", 50), asks("employees", "gt", 49), None),
        (asks("employees", "lte", 50), asks("employees", "gt", 49), "50"),
        (asks("employees", "lt", 50.5), asks("employees", "eq", 50), "50"),
        (asks("employees", "gte", 50), asks("employees", "gte", 200), "200 or more"),
        (asks("employees", "lt", 50), asks("employees", "lt", 200), "49 or less"),
        (asks("employees", "lt", 50), asks("company.employees", "lt", 200), None),
        (asks("annual_revenue", "lt", 50), asks("annual_revenue", "gte", 49.9999), "49.9999"),
        (asks("annual_revenue", "lt", 50), asks("annual_revenue", "gte", 50), None),
        (asks("created_at", "lte", "2026-01-31"), asks("created_at", "gte", "2026-01-31"), "2026-01-31"),
        (asks("created_at", "lte", "2026-01-31"), asks("created_at", "gt", "2026-01-31"), None),
        (
            asks("created_at", "gt", "2026-01-31"),
            asks("created_at", "gt", "2025-01-31"),
            "2026-02-01 or later",
        ),
    ],
)
def test_ranges_overlap_where_one_fact_meets_both(
    first: dict[str, Any], second: dict[str, Any], both: str | None
) -> None:
    found = findings(fit(first), fit(second), kind=FindingKind.OVERLAP)

    assert bool(found) == (both is not None)
    for finding in found:
        assert set(finding.rules) == {"r0", "r1"}
        assert f" is {both}, and their points add up." in finding.sentence


def test_ranges_of_custom_numbers_touch_at_any_fraction() -> None:
    AttributeKey.objects.create(scope="lead", key="seats", label="Seats", type="number")

    between = asks("attributes.seats", "gt", 5), asks("attributes.seats", "lt", 5.0002)

    assert "seats is 5.0001," in findings(*map(fit, between), kind=FindingKind.OVERLAP)[0].sentence


def test_rules_of_different_groups_switched_off_or_apart_by_another_fact_do_not_overlap() -> None:
    small, all_sizes = asks("employees", "lt", 50), asks("employees", "gte", 1)
    german, french = asks("country", "is", "DE"), asks("country", "is", "FR")

    assert kinds(fit(small), fit(all_sizes, enabled=False)) == []
    assert kinds(fit(small, german), fit(all_sizes, french)) == []
    assert kinds(fit(small, german), fit(all_sizes, german)) == ["overlap"]
    assert kinds(fit(small, german), fit(all_sizes)) == ["overlap"]
    value = document(fit(small, points=20), fit(all_sizes, points=20, group="other"))
    value["groups"].append({"key": "other", "name": "Other", "dimension": "fit"})
    assert FindingKind.OVERLAP not in {found.kind for found in lint(read_form(value, vocabulary()))}


def test_range_made_of_two_conditions_is_their_common_part() -> None:
    ten_to_20 = fit(asks("employees", "gte", 10), asks("employees", "lte", 20))

    assert kinds(ten_to_20, fit(asks("employees", "gt", 20))) == []
    assert kinds(ten_to_20, fit(asks("employees", "lt", 11))) == ["overlap"]


def test_pair_that_overlaps_on_two_fields_is_told_once() -> None:
    own, companys = asks("employees", "lt", 50), asks("company.employees", "lt", 50)
    more = asks("employees", "lt", 60), asks("company.employees", "lt", 60)

    assert kinds(fit(own, companys, match="any"), fit(*more, match="any")) == ["overlap"]


# The same condition twice


def test_condition_twice_within_a_rule_is_found_however_it_is_written() -> None:
    assert sentence(fit(asks("country", "is", "DE"), asks("country", "in", "de"))) == (
        "“R0” asks more than once whether country is DE. Keep one of them."
    )
    assert kinds(fit(asks("employees", "gt", 9), asks("employees", "gte", 10), match="any")) == ["twice"]
    assert kinds(engagement(asks("asset", "contains", "/A"), asks("asset", "contains", "/a"))) == ["twice"]
    assert kinds(fit(asks("employees", "gt", 9), asks("employees", "gte", 11))) == []


def test_value_in_two_rules_of_a_group_is_counted_twice() -> None:
    leaders = fit(asks("seniority", "in", "c_level", "vp", "head"))
    vps = fit(asks("job_title", "contains", "vp"), asks("seniority", "in", "vp", "head"), match="any")

    assert sentence(leaders, vps) == (
        "“R0” and “R1” both count where seniority is VP or Head, and their points add up."
        " Ask it in one of them only."
    )
    assert kinds(leaders, fit(asks("seniority", "is", "manager"))) == []


def test_whole_of_two_rules_is_compared_where_all_conditions_must_hold() -> None:
    german, big = asks("country", "is", "DE"), asks("employees", "gte", 1000)

    assert "where country is DE and employees is at least 1000," in sentence(
        fit(german, big), fit(big, german)
    )
    assert kinds(fit(german, big), fit(german, asks("employees", "lt", 1000))) == []
    assert kinds(fit(german, big), fit(german)) == []


def test_rules_that_ask_for_the_same_activities_are_found() -> None:
    first = engagement(window_days=30)

    assert sentence(first, engagement(window_days=30, points=5, count="once")) == (
        "“R0” and “R1” both ask for the same activities, and their points add up. Keep one of them."
    )
    assert kinds(first, engagement(window_days=31)) == []
    assert kinds(first, engagement(window_days=30, min_days=2)) == []
    quiet = {"kind": "silence", "group": "what", "points": -5, "every_days": 30}
    assert kinds(quiet, quiet, quiet) == ["twice"]
    assert "“R0”, “R1” and “R2” all ask" in sentence(quiet, quiet, quiet)


# Contradictions, and rules that nobody or everybody meets


@pytest.mark.parametrize(
    "conditions",
    [
        (asks("country", "is", "DE"), asks("country", "is", "FR")),
        (asks("country", "in", "DE", "FR"), asks("country", "not_in", "FR", "DE")),
        (asks("employees", "lt", 10), asks("employees", "gt", 50)),
        (asks("employees", "gt", 9), asks("employees", "lt", 10)),
        (asks("created_at", "lt", "2026-01-01"), asks("created_at", "gte", "2026-01-01")),
        (asks("email_opt_out", "is_true"), asks("email_opt_out", "is_false")),
        (asks("job_title", "is_known"), asks("job_title", "is_unknown")),
        (asks("job_title", "is_unknown"), asks("job_title", "is_not", "boss")),
        (asks("job_title", "is", "Sales VP"), asks("job_title", "not_contains", "sales")),
        (asks("job_title", "contains", "sales ops"), asks("job_title", "not_contains", "x", "sales")),
        (asks("job_title", "starts_with", "vp", "head"), asks("job_title", "starts_with", "chief")),
        (asks("job_title", "ends_with", "sales"), asks("job_title", "ends_with", "marketing")),
        (asks("seniority", "contains", "vp"), asks("seniority", "starts_with", "c")),
    ],
)
def test_conditions_that_cannot_be_at_once_are_a_contradiction(conditions: Any) -> None:
    found = findings(fit(*conditions))

    assert [(one.kind, one.rules) for one in found] == [(FindingKind.CONTRADICTION, ("r0",))]
    assert "cannot be at once, so nobody meets it" in found[0].sentence
    assert FindingKind.CONTRADICTION not in {one.kind for one in findings(fit(*conditions, match="any"))}


@pytest.mark.parametrize(
    "conditions",
    [
        (asks("country", "in", "DE", "FR"), asks("country", "is_not", "FR")),
        (asks("employees", "gte", 10), asks("employees", "lte", 10)),
        (asks("annual_revenue", "gt", 9), asks("annual_revenue", "lt", 10)),
        (asks("employees", "is_known"), asks("employees", "lt", 10)),
        (asks("job_title", "starts_with", "vp"), asks("job_title", "starts_with", "vp sales")),
        (asks("job_title", "starts_with", "vp"), asks("job_title", "ends_with", "sales")),
        (asks("job_title", "contains", "vp", "sales"), asks("job_title", "not_contains", "sales")),
        (asks("country", "is", "DE"), asks("company.country", "is", "FR")),
    ],
)
def test_conditions_that_some_fact_meets_are_none(conditions: Any) -> None:
    assert kinds(fit(*conditions)) == []


def test_contradiction_names_the_pair_or_all_where_no_pair_says_it() -> None:
    pair = fit(asks("industry", "is", "saas"), asks("country", "is", "DE"), asks("country", "is", "FR"))
    three = (
        asks("country", "in", "DE", "FR"),
        asks("country", "is_not", "DE"),
        asks("country", "is_not", "FR"),
    )

    assert "“R0” asks that country is DE and country is FR, which" in sentence(pair)
    assert "country is DE or FR and country is known and not DE and country is known and not FR" in sentence(
        fit(*three)
    )


def test_contradiction_of_an_engagement_rule_is_found() -> None:
    assert kinds(engagement(asks("asset", "is", "/a"), asks("asset", "is", "/b"))) == ["contradiction"]


def test_condition_that_no_fact_can_meet_is_found_alone() -> None:
    halves = asks("employees", "eq", 10.5)

    assert kinds(fit(halves)) == ["never_met"]
    assert kinds(fit(halves, asks("country", "is", "DE"), match="any")) == ["never_met"]
    assert "asks that employees is 10.5, which no fact can be." in sentence(fit(halves))


def test_more_days_than_the_window_has_are_never_met() -> None:
    assert kinds(engagement(window_days=7, min_days=8)) == ["never_met"]
    assert kinds(engagement(window_days=7, min_days=7)) == []
    assert kinds(engagement(min_days=8)) == []


def test_more_assets_than_the_conditions_leave_are_never_met() -> None:
    two = asks("asset", "in", "/a", "/b")

    assert kinds(engagement(two, min_assets=3)) == ["never_met"]
    assert kinds(engagement(two, min_assets=2)) == []
    assert kinds(engagement(asks("asset", "is_unknown"), min_assets=1)) == ["never_met"]
    assert kinds(engagement(asks("asset", "contains", "/a"), min_assets=9)) == []


def test_rule_that_asks_for_known_or_unknown_is_always_met() -> None:
    both = asks("job_title", "is_known"), asks("job_title", "is_unknown")

    assert kinds(fit(*both, match="any")) == ["always_met"]


# How much, and in what order


def test_findings_are_bounded_and_the_gravest_come_first() -> None:
    sizes = [fit(asks("employees", "gte", n)) for n in range(50)]
    dreams = fit(asks("country", "is", "DE"), asks("country", "is", "FR"))

    found = findings(*sizes, dreams)

    assert len(found) == MOST_FINDINGS
    assert found[0].kind == FindingKind.CONTRADICTION
