"""From results to stored scores: what is written, and how each database is told to write it.

A score row is written only where something in it but its day differs. The old scores are joined in
front of the upsert: with nothing changed that writes nothing, while `ON CONFLICT ... DO UPDATE ...
WHERE changed` locks every row (measured: 56 MB of WAL).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leads.conditions import Dialect, Fragment
from leads.conditions.sql import sql
from scoring.engine.levels import Levels, Target

COMPUTED = (
    "fit",
    "engagement",
    "total",
    "grade",
    "qualified",
    "fast_tracked",
    "disqualified",
    "known_facts",
    "asked_facts",
    "valid_until",
)
# The others are never null, and `<>` is cheaper than a comparison that takes nulls.
_MAY_BE_NULL = {"valid_until"}
_KEPT = ("lead_id", *COMPUTED, "rulebook_version", "day", "below_since")
_SCORES, _CHANGES, _DIFFERENCES = "leads_leadscore", "scoring_scorechange", "scoring_difference"


@dataclass(frozen=True)
class Stamp:
    """What is written beside the numbers, and which rows may be replaced."""

    version: int
    day: int
    today: int
    run: int
    is_ordinary: bool = True  # not an operator's look at another day


def write_statements(levels: Levels, target: Target, stamp: Stamp) -> Iterator[Fragment]:
    """The statements that score a target, in order; the last one returns (rows written,)."""
    differences = _differences(levels, target, stamp)
    if levels.speech.dialect == Dialect.POSTGRESQL:
        yield sql(
            f"WITH {_DIFFERENCES} AS MATERIALIZED ({{}}), logged AS ({{}}), updated AS ({{}}), inserted AS ({{}})"
            f" SELECT COUNT(*) FROM {_DIFFERENCES}",
            differences,
            _log(stamp),
            _update(levels, target, stamp),
            _upsert(stamp, "known IS NULL"),
        )
        return
    # SQLite cannot write in a CTE: the differences wait in a temporary table of the connection.
    yield Fragment(f"DROP TABLE IF EXISTS temp.{_DIFFERENCES}")
    yield sql(f"CREATE TEMP TABLE {_DIFFERENCES} AS {{}}", differences)
    yield _log(stamp)
    yield _upsert(stamp, "true")
    yield Fragment(f"SELECT COUNT(*) FROM {_DIFFERENCES}")


def _differences(levels: Levels, target: Target, stamp: Stamp) -> Fragment:
    differs = levels.speech.distinct
    columns = ", ".join(f"r.{column}" for column in COMPUTED)
    changed = " OR ".join(
        f"s.{column} {differs if column in _MAY_BE_NULL else '<>'} r.{column}" for column in COMPUTED
    )
    below = _below_since(levels, stamp)
    return sql(
        f"SELECT r.lead_id, {columns}, {{}} AS below_since, s.lead_id AS known, s.fit AS fit_before,"
        " s.engagement AS engagement_before, s.qualified AS qualified_before"
        # The range stands twice: else the database takes all scores for a range of them.
        f" FROM ({{}}) r LEFT JOIN {_SCORES} s ON s.lead_id = r.lead_id AND {{}}"
        f" WHERE s.lead_id IS NULL OR ({{}} AND ({changed}"
        f" OR s.rulebook_version <> {{}} OR s.below_since {differs} {{}} OR s.day > {{}}))",
        below,
        levels.result(target),
        target.contains("s.lead_id", levels.speech.dialect),
        _may_replace(stamp),
        stamp.version,
        below,
        # The day of an operator's look ahead is taken back even where nothing else in the row differs.
        stamp.today,
    )


def _below_since(levels: Levels, stamp: Stamp) -> Fragment:
    """The first day on which the lead did not hold the line; another day's scores say nothing about that."""
    if not stamp.is_ordinary:
        return Fragment("s.below_since")
    first = levels.speech.minimum(sql("COALESCE(s.below_since, {})", stamp.day), stamp.day)
    return sql("CASE WHEN r.holds_line THEN NULL ELSE {} END", first)


def _may_replace(stamp: Stamp) -> Fragment:
    """A row of a higher version, or of the same and a later day, stands; only an operator sets days aside.

    A day that has not come yet can only be an operator's.
    """
    if not stamp.is_ordinary:
        return sql("s.rulebook_version <= {}", stamp.version)
    return sql(
        "(s.rulebook_version < {} OR (s.rulebook_version = {} AND (s.day <= {} OR s.day > {})))",
        stamp.version,
        stamp.version,
        stamp.day,
        stamp.today,
    )


def _log(stamp: Stamp) -> Fragment:
    return sql(
        f"INSERT INTO {_CHANGES} (lead_id, day, run_id, rulebook_version, fit_before, engagement_before,"
        " qualified_before, fit_after, engagement_after, qualified_after)"
        " SELECT lead_id, {}, {}, {}, fit_before, engagement_before, qualified_before, fit, engagement, qualified"
        f" FROM {_DIFFERENCES} WHERE known IS NULL OR fit <> fit_before OR engagement <> engagement_before"
        " OR qualified <> qualified_before",
        stamp.day,
        stamp.run,
        stamp.version,
    )


def _update(levels: Levels, target: Target, stamp: Stamp) -> Fragment:
    """For rows that are known to be there: an upsert would lock each of them before it updates it."""
    columns = ", ".join(f"{column} = d.{column}" for column in (*COMPUTED, "below_since"))
    return sql(
        f"UPDATE {_SCORES} s SET {columns}, rulebook_version = {{}}, day = {{}} FROM {_DIFFERENCES} d"
        " WHERE s.lead_id = d.lead_id AND {}",
        stamp.version,
        stamp.day,
        target.contains("s.lead_id", levels.speech.dialect),
    )


def _upsert(stamp: Stamp, which: str) -> Fragment:
    """`which`: a condition on the differences; never none, as SQLite would read ON as the beginning of a join."""
    columns = ", ".join(("lead_id", *COMPUTED, "below_since"))
    updates = ", ".join(f"{column} = excluded.{column}" for column in _KEPT if column != "lead_id")
    return sql(
        f"INSERT INTO {_SCORES} ({columns}, rulebook_version, day) SELECT {columns}, {{}}, {{}} FROM {_DIFFERENCES}"
        f" WHERE {which} ON CONFLICT (lead_id) DO UPDATE SET {updates}",
        stamp.version,
        stamp.day,
    )
