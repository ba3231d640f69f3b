"""What the benchmark of the queue works on: leads, 100 reps in 10 teams, and so many handoffs that wait.

Made set-based on PostgreSQL, on top of the leads and activities of the benchmark of scoring.
"""

from __future__ import annotations

import json

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from leads.handoff import tally
from leads.models import Role, Team, User
from tests.benchmarks.scoring import world

TEAMS, REPS = 10, 100
ACTIVITIES = 3  # a lead, on average; one in two belongs to a fifth of the leads
CONTRIBUTIONS = [
    {
        "rule": f"rule{number}",
        "name": name,
        "kind": "engagement",
        "group": "intent",
        "dimension": "engagement",
        "points": 40 - 5 * number,
        "matches": 1 + number % 3,
        "latest": "2026-02-10",
        "asset": None,
    }
    for number, name in enumerate(("Demo requested", "Pricing page", "Decision-maker", "Country", "Webinar"))
]

# A fourth is assigned to nobody. Overdue 30 %, due within the hour 5 %, in time 60 %, without a clock 5 %.
WAITING = """
INSERT INTO leads_handoff (lead_id, state, origin, offered_at, offered_day, offer_note, team_id, assignee_id,
    assigned_because, decide_due_at, decided_at, decided_by_actor, note, fit, engagement, total, grade, fast_tracked,
    rulebook_version, known_facts, asked_facts, contributions, source_folded, country)
SELECT id, '{state}', 'scoring', now() - interval '1 hour' * ({hours}), {day}, '', 1 + id %% {teams},
    CASE WHEN id %% 4 > 0 THEN 1 + id %% {teams} + {teams} * (id / {teams} %% {each}) END,
    'By weight.',
    CASE WHEN id * 7919 %% 100 < 30 THEN now() - interval '1 minute' * (1 + id %% 3000)
        WHEN id * 7919 %% 100 < 35 THEN now() + interval '1 minute' * (1 + id %% 59)
        WHEN id * 7919 %% 100 < 95 THEN now() + interval '1 minute' * (90 + id %% 3000) END,
    {decided}, '', '', id * 104729 %% 60, id * 1299709 %% 100, id * 104729 %% 60 + id * 1299709 %% 100,
    'A1', id %% 10 = 0, 1, 8, 11, %s::jsonb, 'webinar', country
FROM leads_lead WHERE id BETWEEN {first} AND {last}
"""


def load(*, leads: int, waiting: int) -> None:
    """Fill an empty, migrated database of PostgreSQL."""
    world.load(leads, ACTIVITIES)
    _people()
    decided = min(3 * waiting, leads - waiting)
    with connection.cursor() as cursor:
        for first, count, state, when in (
            (1, waiting, "waiting", "NULL"),
            (waiting + 1, decided, "withdrawn", "now()"),
        ):
            text = WAITING.format(
                first=first,
                last=first + count - 1,
                state=state,
                decided=when,
                day=world.DAY,
                hours="id %% 200",
                teams=TEAMS,
                each=REPS // TEAMS,
            )
            cursor.execute(text, [json.dumps(CONTRIBUTIONS)])
        cursor.execute(
            "UPDATE leads_lead SET stage = 'mql', stage_entered_at = now() - interval '30 days' WHERE id <= %s",
            [waiting],
        )
        cursor.execute(
            """INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, to_position, occurred_at, day, recorded_at,
                   actor, note, imported, undone)
               SELECT id, CASE step WHEN 'lead' THEN '' ELSE 'lead' END, step, position,
                   now() - interval '31 days' + interval '1 day' * position, %s, now(), '', '', false, false
               FROM leads_lead CROSS JOIN (VALUES ('lead', 0), ('mql', 1)) steps (step, position) WHERE id <= %s""",
            [world.DAY, waiting],
        )
        cursor.execute("VACUUM (ANALYZE)")
    tally.fold()


def _people() -> None:
    """Rep `1 + n` is in team `1 + n % 10`; then a manager without a team, and one of the first."""
    now = timezone.now()
    Team.objects.bulk_create(Team(pk=number + 1, name=f"Team {number}") for number in range(TEAMS))
    User.objects.bulk_create(
        [
            User(pk=number + 1, username=f"rep{number}", team_id=1 + number % TEAMS, date_joined=now)
            for number in range(REPS)
        ]
        + [
            User(pk=REPS + 1, username="head", date_joined=now),
            User(pk=REPS + 2, username="manager", team_id=1, date_joined=now),
        ]
    )
    reps, managers = (Group.objects.get(name=role.value) for role in (Role.REP, Role.MANAGER))
    reps.user_set.set(range(1, REPS + 1))
    managers.user_set.set((REPS + 1, REPS + 2))
