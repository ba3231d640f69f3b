"""Handoffs that happened in another system: derived from imported stage changes, set-based.

Each visit to `mql` that begins with an imported change was an offer to sales. What came next decided
it; where nothing did, the lead is waiting, without clocks. Deriving again, after more history came,
changes only what that history changes, and never a decision taken here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from leads.models import Deal, Handoff, HandoffDecision, Reason, Stage

_VISITS, _DERIVED = "imported_visits", "imported_handoffs"
_ACCEPTING = (Stage.SQL.value, Stage.OPPORTUNITY.value, Stage.CUSTOMER.value)
_REJECTING = (Stage.RECYCLED.value, Stage.DISQUALIFIED.value)
OTHER_REASON = "other"


def derive(*, ids_sql: str, analyze: Callable[[str], None], at: datetime) -> int:
    """Bring handoffs, decisions and holds of the leads that `ids_sql` (our own SQL) selects to what history says.

    In the caller's transaction. `analyze` tells the planner the size of a temporary table. Returns the
    number of handoffs created.
    """
    _collect_visits(ids_sql)
    analyze(_VISITS)
    _decide()
    analyze(_DERIVED)
    _drop_unoffered(ids_sql)
    _move_earlier()
    _update_decided()
    created = _insert_missing()
    _record_decisions(at)
    _hold_recycled(ids_sql)
    for table in (_VISITS, _DERIVED):
        _execute(f"DROP TABLE {table}")
    return created


def _collect_visits(ids_sql: str) -> None:
    """Visits in order, each with the change that ended it: several changes to mql in a row are one visit."""
    _execute(f"DROP TABLE IF EXISTS {_VISITS}")
    _execute(
        f"""
        CREATE TEMP TABLE {_VISITS} AS SELECT * FROM (
            SELECT lead_id, to_stage, occurred_at, day, imported, lead(id) OVER visits AS ended_by
            FROM (
                SELECT id, lead_id, to_stage, to_position, occurred_at, day, imported,
                       lag(to_stage) OVER (PARTITION BY lead_id ORDER BY occurred_at, to_position, id) AS previous
                FROM leads_stagechange WHERE NOT undone AND lead_id IN ({ids_sql})) changes
            WHERE to_stage <> %s OR previous IS NULL OR previous <> %s
            WINDOW visits AS (PARTITION BY lead_id ORDER BY occurred_at, to_position, id)) visits
        WHERE to_stage = %s AND imported""",
        [Stage.MQL.value] * 3,
    )


def _decide() -> None:
    """What each visit says of its handoff: the state, when, by whom and why.

    An open visit of a lead that has won a deal by then is no offer: its owner sees a customer who may buy again. A
    visit within which the lead was offered here has its handoff already.
    """
    _execute(f"DROP TABLE IF EXISTS {_DERIVED}")
    other = Reason.objects.filter(key=OTHER_REASON).values_list("pk", flat=True).first()
    fallback = other or Reason.objects.order_by("position", "pk").values_list("pk", flat=True).first()
    accepting, rejecting = _listed(_ACCEPTING), _listed(_REJECTING)
    _execute(
        f"""
        CREATE TEMP TABLE {_DERIVED} AS
        SELECT v.lead_id, v.occurred_at AS offered_at, v.day AS offered_day, c.id AS change_id,
               CASE WHEN c.id IS NULL THEN %s WHEN c.to_stage IN ({accepting}) THEN %s
                    WHEN c.to_stage IN ({rejecting}) THEN %s ELSE %s END AS state,
               c.occurred_at AS decided_at, c.actor_user_id AS decided_by_id, coalesce(c.actor, '') AS actor,
               CASE WHEN c.to_stage IN ({rejecting}) THEN coalesce(c.reason_id, CAST(%s AS bigint)) END AS reason_id,
               CASE WHEN c.to_stage IN ({rejecting}) THEN c.note ELSE '' END AS note
        FROM {_VISITS} v LEFT JOIN leads_stagechange c ON c.id = v.ended_by
        WHERE (c.id IS NOT NULL OR NOT EXISTS (
                  SELECT 1 FROM leads_deal d
                  WHERE d.lead_id = v.lead_id AND d.state = %s AND d.closed_at <= v.occurred_at))
          AND NOT EXISTS (
                  SELECT 1 FROM leads_handoff h WHERE h.lead_id = v.lead_id AND h.origin <> %s
                     AND h.offered_at >= v.occurred_at AND (c.id IS NULL OR h.offered_at <= c.occurred_at))""",
        [
            Handoff.State.WAITING.value,
            Handoff.State.ACCEPTED.value,
            Handoff.State.REJECTED.value,
            Handoff.State.WITHDRAWN.value,
            fallback,
            Deal.State.WON.value,
            Handoff.Origin.IMPORT.value,
        ],
    )


def _drop_unoffered(ids_sql: str) -> None:
    """Waiting handoffs of an earlier import that, with what is known now, never were an offer."""
    _execute(
        f"""
        DELETE FROM leads_handoff WHERE origin = %s AND state = %s AND lead_id IN ({ids_sql})
          AND NOT EXISTS (SELECT 1 FROM leads_handoffdecision d WHERE d.handoff_id = leads_handoff.id)
          AND NOT EXISTS (SELECT 1 FROM leads_handoffassignment a WHERE a.handoff_id = leads_handoff.id)
          AND NOT EXISTS (
              SELECT 1 FROM {_DERIVED} w
              WHERE w.lead_id = leads_handoff.lead_id AND w.offered_at = leads_handoff.offered_at)""",
        [Handoff.Origin.IMPORT.value, Handoff.State.WAITING.value],
    )


def _move_earlier() -> None:
    """A decided handoff whose visit, with what is known now, began earlier: the same change ended it."""
    _execute(
        f"""
        UPDATE leads_handoff SET offered_at = w.offered_at, offered_day = w.offered_day FROM {_DERIVED} w
        WHERE leads_handoff.lead_id = w.lead_id AND leads_handoff.origin = %s
          AND NOT EXISTS (SELECT 1 FROM {_DERIVED} same WHERE same.lead_id = leads_handoff.lead_id
                          AND same.offered_at = leads_handoff.offered_at)
          AND NOT EXISTS (SELECT 1 FROM leads_handoff h WHERE h.lead_id = w.lead_id
                          AND h.offered_at = w.offered_at AND h.origin = leads_handoff.origin)
          AND EXISTS (SELECT 1 FROM leads_handoffdecision d
                      WHERE d.handoff_id = leads_handoff.id AND d.stage_change = w.change_id)""",
        [Handoff.Origin.IMPORT.value],
    )


def _update_decided() -> None:
    """Earlier imported handoffs whose visit ended otherwise than was known. A decision taken here stands."""
    _execute(
        f"""
        UPDATE leads_handoff SET state = w.state, decided_at = w.decided_at, decided_by_id = w.decided_by_id,
               decided_by_actor = w.actor, reason_id = w.reason_id, note = w.note,
               claimed_by_id = NULL, claimed_until = NULL
        FROM {_DERIVED} w
        WHERE leads_handoff.lead_id = w.lead_id AND leads_handoff.offered_at = w.offered_at
          AND leads_handoff.origin = %s AND w.change_id IS NOT NULL
          AND (leads_handoff.state <> w.state OR leads_handoff.decided_at <> w.decided_at)
          AND NOT EXISTS (
              SELECT 1 FROM leads_handoffdecision d JOIN leads_stagechange c ON c.id = d.stage_change
              WHERE d.handoff_id = leads_handoff.id AND NOT c.imported AND c.from_stage <> '')""",
        [Handoff.Origin.IMPORT.value],
    )


def _insert_missing() -> int:
    team = "(SELECT default_team_id FROM leads_organisation WHERE id = 1)"
    return _execute(
        f"""
        INSERT INTO leads_handoff (lead_id, state, origin, offered_at, offered_day, offer_note, team_id,
               assigned_because, decided_at, decided_by_id, decided_by_actor, reason_id, note, grade, fast_tracked,
               contributions, source_folded, country, campaign_id)
        SELECT w.lead_id, w.state, %s, w.offered_at, w.offered_day, '', {team}, '', w.decided_at, w.decided_by_id,
               w.actor, w.reason_id, w.note, '', %s, '[]', l.source_folded, l.country, l.campaign_id
        FROM {_DERIVED} w JOIN leads_lead l ON l.id = w.lead_id
        WHERE NOT EXISTS (
            SELECT 1 FROM leads_handoff h
            WHERE h.lead_id = w.lead_id AND h.offered_at = w.offered_at AND h.origin = %s)
        ORDER BY w.lead_id, w.offered_at""",
        [Handoff.Origin.IMPORT.value, False, Handoff.Origin.IMPORT.value],
    )


def _record_decisions(at: datetime) -> None:
    """A decision row for each change that ended a visit, once."""
    action = HandoffDecision.Action
    _execute(
        f"""
        INSERT INTO leads_handoffdecision (handoff_id, action, by_id, actor, at, recorded_at, reason_id, note,
                                           stage_change)
        SELECT h.id, CASE w.state WHEN %s THEN %s WHEN %s THEN %s ELSE %s END, w.decided_by_id, w.actor,
               w.decided_at, %s, w.reason_id, w.note, w.change_id
        FROM {_DERIVED} w JOIN leads_handoff h
             ON h.lead_id = w.lead_id AND h.offered_at = w.offered_at AND h.origin = %s AND h.state = w.state
        WHERE w.change_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM leads_handoffdecision d WHERE d.handoff_id = h.id AND d.stage_change = w.change_id)
        ORDER BY h.id""",
        [
            Handoff.State.ACCEPTED.value,
            action.ACCEPT.value,
            Handoff.State.REJECTED.value,
            action.REJECT.value,
            action.WITHDRAW.value,
            _instant(at),
            Handoff.Origin.IMPORT.value,
        ],
    )


def _hold_recycled(ids_sql: str) -> None:
    """A lead that another system recycled last is held as if it had been recycled here; one that moved on is not."""
    _execute(
        f"""
        UPDATE leads_lead SET hold_until = NULL, evidence_after = NULL
        WHERE id IN ({ids_sql}) AND NOT (stage = %s AND stage_entered_at = evidence_after) AND EXISTS (
            SELECT 1 FROM leads_stagechange c WHERE c.lead_id = leads_lead.id AND c.imported AND NOT c.undone
              AND c.to_stage = %s AND c.occurred_at = leads_lead.evidence_after)""",
        [Stage.RECYCLED.value, Stage.RECYCLED.value],
    )
    _execute(
        f"""
        UPDATE leads_lead SET evidence_after = w.occurred_at, hold_until = w.day + w.days FROM (
            SELECT c.lead_id, c.occurred_at, c.day, coalesce(r.cooldown_days, o.cooldown_days, 0) AS days
            FROM leads_stagechange c LEFT JOIN leads_reason r ON r.id = c.reason_id
            LEFT JOIN leads_reason o ON o.key = %s
            WHERE c.imported AND NOT c.undone AND c.to_stage = %s AND c.lead_id IN ({ids_sql})) w
        WHERE leads_lead.id = w.lead_id AND leads_lead.stage = %s AND leads_lead.stage_entered_at = w.occurred_at""",
        [OTHER_REASON, Stage.RECYCLED.value, Stage.RECYCLED.value],
    )


def _execute(sql: str, params: Sequence[Any] = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return int(cursor.rowcount)


def _listed(stages: tuple[str, ...]) -> str:
    """Stage codes of our own as an SQL list."""
    return ", ".join(f"'{stage}'" for stage in stages)


def _instant(at: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(at)
