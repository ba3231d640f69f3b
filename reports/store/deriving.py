"""Visits and journeys from stage changes, leads and handoffs: two statements, for all leads or for some.

What they mean is said in reports.models. Columns stand here once: for filling the tables and for verifying them.
"""

from __future__ import annotations

from leads.models import Handoff, Lead, Stage, StageChange, Touch, User
from reports.dimensions import BAND, ELSEWHERE, LAST_BAND, SIZES
from reports.models import Journey, Visit
from reports.store.dialect import FAR_FUTURE, as_text, begun_days, execute, is_postgresql, whole_hours

VISITS, JOURNEYS = Visit._meta.db_table, Journey._meta.db_table
# Business minutes of decisions and first touches (reports.store.minutes), which SQL does not know.
MINUTES = "reports_minutes"
MQL = Stage.MQL.position

# Facts of the lead `l` and of the handoff `h`.
_COUNTED = {
    "source": "l.source_folded",
    "channel": "l.channel_folded",
    "campaign": "l.campaign_id",
    "country": "l.country",
    "industry": "l.industry_folded",
    "handoff": "h.id",
    "grade": "coalesce(h.grade, '')",
    "band": "h.band",
    "version": "h.rulebook_version",
    "team": "h.team",
    "rep": "coalesce(h.rep, '')",
}


def visit_columns() -> dict[str, str]:
    """Column of `Visit` to its expression over the visit `v`, the lead `l`, the handoff `h` and its minutes `m`."""
    return {
        "lead_id": "v.lead_id",
        "position": "v.position",
        "entered_at": "v.entered_at",
        "entered_day": "v.entered_day",
        "previous_day": "v.previous_day",
        "left_at": "v.left_at",
        "left_day": "v.left_day",
        "next_position": "v.next_position",
        "hours": whole_hours("v.entered_at", "v.left_at"),
        "begun_days": begun_days("v.entered_at", "v.left_at"),
        "won_day": "v.won_day",
        # An open visit has not ended for a reason, whatever became of an earlier handoff.
        "reason": f"CASE WHEN v.left_at IS NOT NULL THEN coalesce(v.reason, CASE WHEN v.position = {MQL} "
        f"AND h.state = '{Handoff.State.REJECTED.value}' THEN h.reason_id END) END",
        "due_at": f"CASE WHEN v.position = {MQL} THEN h.decide_due_at END",
        "minutes": f"CASE WHEN v.position = {MQL} THEN m.minutes END",
        "touch_due_at": f"CASE WHEN v.position = {MQL} THEN h.touch_due_at END",
        "touched_at": f"CASE WHEN v.position = {MQL} THEN h.touched_at END",
        "touch_minutes": f"CASE WHEN v.position = {MQL} THEN m.touch_minutes END",
        **_COUNTED,
        "size": _size(),
    }


def journey_columns() -> dict[str, str]:
    """Column of `Journey` to its expression over the lead `l`, what it reached `r` and its latest handoff `h`."""
    return {
        "lead_id": "l.id",
        "created_day": "l.created_day",
        **{f"reached_{stage.value}": f"r.{stage.value}" for stage in _REACHED},
        **_COUNTED,
        "size": _size(),
    }


def insert_visits(*, only: str = "", into: str = VISITS, order: str = "") -> int:
    """Derive the visits of all leads, or of those whose ids `only` (our own SQL) selects. Returns their number."""
    columns = visit_columns()
    sorted_by = f" ORDER BY {order}" if order else ""
    return execute(f"INSERT INTO {into} ({', '.join(columns)}) {visits_sql(only=only)}{sorted_by}")


def insert_journeys(*, only: str = "", into: str = JOURNEYS, order: str = "") -> int:
    columns = journey_columns()
    sorted_by = f" ORDER BY {order}" if order else ""
    return execute(f"INSERT INTO {into} ({', '.join(columns)}) {journeys_sql(only=only)}{sorted_by}")


def visits_sql(*, only: str = "") -> str:
    """A handoff is valid from its offer to the next one's, so that a visit joins one at most."""
    selected = ", ".join(f"{expression} AS {column}" for column, expression in visit_columns().items())
    return f"""
        WITH changes AS (
            SELECT id, lead_id, to_position, occurred_at, day, reason_id,
                   lag(to_position) OVER (PARTITION BY lead_id ORDER BY occurred_at, to_position, id) AS position_before
            FROM {StageChange._meta.db_table} WHERE NOT undone {_among("lead_id", only)}
        ), moves AS (
            SELECT id, lead_id, to_position AS position, occurred_at AS entered_at, day AS entered_day,
                   lead(occurred_at) OVER since AS left_at, lead(day) OVER since AS left_day,
                   lead(to_position) OVER since AS next_position, lead(reason_id) OVER since AS reason,
                   min(CASE WHEN to_position = {Stage.CUSTOMER.position} THEN day END) OVER (
                       PARTITION BY lead_id ORDER BY occurred_at, to_position, id
                       ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS won_day
            FROM changes WHERE position_before IS NULL OR position_before <> to_position
            WINDOW since AS (PARTITION BY lead_id ORDER BY occurred_at, to_position, id)
        ), stays AS (
            SELECT moves.*, lag(entered_day) OVER (
                PARTITION BY lead_id, position ORDER BY entered_at, id) AS previous_day
            FROM moves
        ), offers AS ({_offers_sql(only)})
        SELECT {selected}
        FROM stays v JOIN {Lead._meta.db_table} l ON l.id = v.lead_id
        LEFT JOIN offers h ON h.lead_id = v.lead_id AND ({_offer_of_visit()})
        LEFT JOIN {MINUTES} m ON m.handoff = h.id"""


def journeys_sql(*, only: str = "") -> str:
    selected = ", ".join(f"{expression} AS {column}" for column, expression in journey_columns().items())
    first, last = Stage.MQL.position, Stage.CUSTOMER.position
    days = ", ".join(
        f"min(CASE WHEN to_position >= {stage.position} THEN day END) AS {stage.value}" for stage in _REACHED
    )
    return f"""
        WITH offers AS ({_offers_sql(only)})
        SELECT {selected}
        FROM {Lead._meta.db_table} l
        LEFT JOIN (
            SELECT lead_id, {days} FROM {StageChange._meta.db_table}
            WHERE NOT undone AND to_position BETWEEN {first} AND {last} {_among("lead_id", only)}
            GROUP BY lead_id) r ON r.lead_id = l.id
        LEFT JOIN offers h ON h.lead_id = l.id AND h.next_offer IS NULL
        WHERE {_among("l.id", only).removeprefix("AND ") or "1 = 1"}"""


_REACHED = (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)


def _offers_sql(only: str) -> str:
    """Handoffs as they are counted, each with the instant of the lead's next one."""
    somebody = "CASE WHEN h.decided_at IS NULL THEN h.assignee_id ELSE h.decided_by_id END"
    is_accepted = f"h.state = '{Handoff.State.ACCEPTED.value}'"
    return f"""
            SELECT h.id, h.lead_id, h.state, h.offered_at, h.decide_due_at, h.reason_id, h.grade, h.rulebook_version,
                   CASE WHEN {is_accepted} THEN h.first_touch_due_at END AS touch_due_at,
                   CASE WHEN {is_accepted} AND h.first_touch_due_at IS NOT NULL THEN (
                       SELECT min(t.at) FROM {Touch._meta.db_table} t
                       WHERE t.lead_id = h.lead_id AND t.at >= h.decided_at
                         AND t.kind <> '{Touch.Kind.NOTE.value}') END AS touched_at,
                   lead(h.offered_at) OVER (PARTITION BY h.lead_id ORDER BY h.offered_at, h.id) AS next_offer,
                   CASE WHEN h.total < 0 THEN {-BAND} WHEN h.total >= {LAST_BAND} THEN {LAST_BAND}
                        ELSE h.total / {BAND} * {BAND} END AS band,
                   coalesce(h.team_id, u.team_id) AS team,
                   CASE WHEN {somebody} IS NOT NULL THEN {as_text(somebody)}
                        WHEN h.decided_at IS NOT NULL AND h.decided_by_actor <> ''
                        THEN '{ELSEWHERE}' || h.decided_by_actor ELSE '' END AS rep
            FROM {Handoff._meta.db_table} h
            LEFT JOIN {User._meta.db_table} u ON h.team_id IS NULL AND u.id = {somebody}
            WHERE {_among("h.lead_id", only).removeprefix("AND ") or "1 = 1"}"""


def _offer_of_visit() -> str:
    """Of an MQL visit the latest by its end; of one to `lead` before it began: what was offered then came of it."""
    until = f"coalesce(v.left_at, {_far_future()})"
    return f"""
            v.position = {Stage.LEAD.position}
                AND h.offered_at < v.entered_at AND (h.next_offer IS NULL OR h.next_offer >= v.entered_at)
            OR v.position = {MQL}
                AND h.offered_at <= {until} AND (h.next_offer IS NULL OR h.next_offer > {until})
            OR v.position > {MQL}
                AND h.offered_at <= v.entered_at AND (h.next_offer IS NULL OR h.next_offer > v.entered_at)"""


def _far_future() -> str:
    return "CAST('infinity' AS timestamptz)" if is_postgresql() else f"'{FAR_FUTURE}'"


def _size() -> str:
    """Zero is no size that a company can have, so it is taken for not recorded."""
    classes, low = [], 1
    for high in SIZES:
        classes.append(f"WHEN l.employees <= {high} THEN '{low}-{high}'")
        low = high + 1
    return f"CASE WHEN l.employees IS NULL OR l.employees < 1 THEN '' {' '.join(classes)} ELSE '{low}+' END"


def _among(column: str, only: str) -> str:
    return f"AND {column} IN ({only})" if only else ""
