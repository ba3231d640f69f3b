"""What the benchmark of reports works on: leads of two years and what became of them, made set-based on PostgreSQL.

Everything is worked out from row numbers by whole-number arithmetic, as in the benchmark of scoring. A quarter of the
leads becomes an MQL; with 1,000,000 leads there are about 1,600,000 stage changes. What would happen after today has
not happened: young leads are open.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.utils import timezone

from leads.handoff import tally
from leads.models import (
    Activity,
    ActivityType,
    Campaign,
    CampaignCost,
    Deal,
    Handoff,
    Lead,
    LeadScore,
    Reason,
    Role,
    StageChange,
    Team,
    Touch,
    User,
    WorkingHours,
)
from leads.models.fields import day_number
from leads.reference import install as install_reference
from reports.period import today

DAYS = 730
SOURCES = ("webinar", "website", "paid search", "event", "partner", "referral", "outbound", "")
CHANNELS = ("organic", "paid", "email", "")
COUNTRIES = ("DE", "US", "GB", "FR", "ES", "BR", "NL", "IT", "PL", "IN", "SE", "")
INDUSTRIES = ("software", "retail", "manufacturing", "health care", "logistics", "")
GRADES = ("A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3")
CAMPAIGNS, TEAMS, REPS = 20, 2, 10
DAY = 86_400

# Of a hundred leads: so many go this way, each step with its stage, position and how many seconds it takes at most.
PATHS: tuple[tuple[int, tuple[tuple[str, int, int], ...]], ...] = (
    (3, (("mql", 1, 30 * DAY), ("lead", 0, 40 * DAY))),
    (7, (("mql", 1, 30 * DAY), ("recycled", 5, 6 * DAY))),
    (2, (("mql", 1, 30 * DAY), ("recycled", 5, 6 * DAY), ("mql", 1, 90 * DAY), ("sql", 2, 4 * DAY))),
    (4, (("mql", 1, 30 * DAY), ("disqualified", 6, 6 * DAY))),
    (5, (("mql", 1, 30 * DAY), ("sql", 2, 4 * DAY))),
    (3, (("mql", 1, 20 * DAY), ("sql", 2, 4 * DAY), ("opportunity", 3, 20 * DAY))),
    (2, (("mql", 1, 20 * DAY), ("sql", 2, 3 * DAY), ("opportunity", 3, 15 * DAY), ("customer", 4, 60 * DAY))),
    (1, (("customer", 4, 40 * DAY),)),
)


def load(leads: int) -> None:
    """Fill an empty, migrated database. Nothing of the store is built."""
    install_reference()
    _people()
    _campaigns()
    with connection.cursor() as cursor:
        # Without triggers and foreign keys, which cost more than the rows.
        cursor.execute("SET session_replication_role = replica")
        with transaction.atomic():
            _leads(cursor, leads)
            _changes(cursor)
            _handoffs(cursor)
            _deals(cursor)
            _touches_and_activities(cursor)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE)")
    tally.rebuild()


def promote(count: int) -> None:
    """So many open leads, spread over all, become MQLs now, as after a night's run: with triggers, as in life."""
    day = day_number(today())
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMP TABLE promoted ON COMMIT DROP AS SELECT id AS n FROM leads_lead
            WHERE stage = 'lead' AND NOT EXISTS (
                SELECT 1 FROM leads_handoff h WHERE h.lead_id = leads_lead.id AND h.state = 'waiting')
            ORDER BY id * 48271 %% 2147483647 LIMIT %s""",
            [count],
        )
        move = {"lead_id": "n", "from_stage": "'lead'", "to_stage": "'mql'", "to_position": "1"}
        when = {"occurred_at": "now()", "recorded_at": "now()", "day": str(day)}
        _insert(cursor, StageChange, move | when, "promoted")
        evidence = {"fit": "40", "engagement": "30", "total": "70", "grade": "'A2'", "rulebook_version": "3"}
        offer = {"lead_id": "n", "state": "'waiting'", "origin": "'scoring'", "offered_at": "now()"}
        place = {"offered_day": str(day), "team_id": "1", "assignee_id": "1", "decide_due_at": "now()"}
        _insert(cursor, Handoff, offer | place | evidence, "promoted")


def _people() -> None:
    now = timezone.now()
    for number in range(TEAMS):
        team = Team.objects.create(pk=number + 1, name=f"Team {number}", time_zone="Europe/Berlin")
        WorkingHours.objects.bulk_create(WorkingHours(team=team, weekday=day) for day in range(5))
    User.objects.bulk_create(
        [
            User(pk=number + 1, username=f"rep{number}", team_id=1 + number % TEAMS, date_joined=now)
            for number in range(REPS)
        ]
        + [User(pk=REPS + 1, username="manager", date_joined=now)]
    )
    Group.objects.get(name=Role.REP.value).user_set.set(range(1, REPS + 1))
    Group.objects.get(name=Role.MANAGER.value).user_set.set([REPS + 1])


def _campaigns() -> None:
    """Each with a cost a month."""
    first = today() - timedelta(days=DAYS)
    for number in range(CAMPAIGNS):
        campaign = Campaign.objects.create(
            pk=number + 1, name=f"Campaign {number}", source=SOURCES[number % 7]
        )
        CampaignCost.objects.bulk_create(
            CampaignCost(
                campaign=campaign,
                starts_on=start,
                ends_on=start + timedelta(days=29),
                amount=1000 + 100 * number,
                currency="EUR",
            )
            for start in (first + timedelta(days=30 * month) for month in range(DAYS // 30))
        )


def _leads(cursor: Any, leads: int) -> None:
    """Their moves first: a lead stands where the last one has led to."""
    now = "extract(epoch FROM now())::bigint"
    cursor.execute(
        f"CREATE TEMP TABLE created ON COMMIT DROP AS SELECT n, {now} - {_dice('n', 1, DAYS * DAY)} AS at, "
        f"{_dice('n', 2, 100)} AS path FROM generate_series(1::bigint, {leads}) numbers (n)",
        [],
    )
    steps, below = [], 0
    for share, path in PATHS:
        steps += [
            (below, below + share, step, stage, position, most)
            for step, (stage, position, most) in enumerate(path, start=1)
        ]
        below += share
    values = ", ".join(
        f"({low}, {high}, {step}, '{stage}', {position}, {most})"
        for low, high, step, stage, position, most in steps
    )
    # One after the other; what has not happened yet ends a lead's way.
    cursor.execute(
        f"""CREATE TEMP TABLE moves ON COMMIT DROP AS
        SELECT n, step, stage, position, at, {_day("at")} AS day,
               lead(stage) OVER (PARTITION BY n ORDER BY step) AS next_stage,
               lead(at) OVER (PARTITION BY n ORDER BY step) AS next_at
        FROM (
            SELECT n, 0 AS step, 'lead' AS stage, 0 AS position, at FROM created
            UNION ALL
            SELECT n, step, stage, position, at + sum({_dice("n * 7 + step", 3, "most")} + 60) OVER (
                PARTITION BY n ORDER BY step)::bigint AS at
            FROM created JOIN (VALUES {values}) ways (low, high, step, stage, position, most)
                 ON path >= low AND path < high) steps
        WHERE at <= {now}""",
        [],
    )
    cursor.execute("CREATE INDEX ON moves (n)")
    cursor.execute("ANALYZE moves")
    _insert(
        cursor,
        Lead,
        {
            "id": "m.n",
            "external_id": "'L' || m.n",
            "email": "'lead' || m.n || '@example.com'",
            "email_folded": "'lead' || m.n || '@example.com'",
            "first_name": "'First'",
            "first_name_folded": "'first'",
            "last_name": "'Last' || m.n %% 5000",
            "last_name_folded": "'last' || m.n %% 5000",
            **_twice("source", _skewed(SOURCES, "m.n", 4)),
            **_twice("channel", _pick(CHANNELS, _dice("m.n", 5, len(CHANNELS)))),
            **_twice("industry", _pick(INDUSTRIES, _dice("m.n", 6, len(INDUSTRIES)))),
            "country": _skewed(COUNTRIES, "m.n", 7),
            "employees": f"CASE WHEN {_dice('m.n', 8, 5)} > 0 THEN {_dice('m.n', 9, 60)} * {_dice('m.n', 10, 60)} END",
            "campaign_id": f"CASE WHEN {_dice('m.n', 11, 3)} > 0 THEN 1 + {_dice('m.n', 12, CAMPAIGNS)} END",
            "created_at": "to_timestamp(f.at)",
            "created_day": "f.day",
            "stage": "m.stage",
            "stage_entered_at": "to_timestamp(m.at)",
            "owner_id": f"CASE WHEN m.position BETWEEN 2 AND 4 THEN {_rep('m.n')} END",
        },
        "moves m JOIN moves f ON f.n = m.n AND f.step = 0 WHERE m.next_at IS NULL ORDER BY m.n",
    )
    fit, engagement = _dice("n", 20, 60), _dice("n", 21, 100)
    _insert(
        cursor,
        LeadScore,
        {
            "lead_id": "n",
            "fit": fit,
            "engagement": engagement,
            "total": f"{fit} + {engagement}",
            "grade": _pick(GRADES, _dice("n", 70, 9)),
            "qualified": f"{fit} + {engagement} > 110",
            "fast_tracked": "false",
            "disqualified": "false",
            "known_facts": "8",
            "asked_facts": "11",
            "rulebook_version": "3",
            "day": str(day_number(today())),
        },
        "created",
    )


def _changes(cursor: Any) -> None:
    _insert(
        cursor,
        StageChange,
        {
            "lead_id": "n",
            "from_stage": "coalesce(lag(stage) OVER (PARTITION BY n ORDER BY step), '')",
            "to_stage": "stage",
            "to_position": "position",
            "occurred_at": "to_timestamp(at)",
            "recorded_at": "to_timestamp(at)",
            "day": "day",
            "reason_id": f"CASE WHEN position >= 5 THEN {_reason('n', 'position')} END",
        },
        "moves ORDER BY at",
    )


def _handoffs(cursor: Any) -> None:
    """One of each MQL visit; what followed decided it. Versions change every 250 days."""
    state = (
        "CASE WHEN next_at IS NULL THEN 'waiting' WHEN next_stage = 'sql' THEN 'accepted' "
        "WHEN next_stage = 'lead' THEN 'withdrawn' ELSE 'rejected' END"
    )
    by = f"CASE WHEN next_stage <> 'lead' THEN {_rep('n')} END"
    next_position = "CASE next_stage WHEN 'recycled' THEN 5 ELSE 6 END"
    fit, engagement = _dice("n * 5 + step", 30, 60), _dice("n * 5 + step", 31, 110)
    rules = ", ".join(
        f"json_build_object('rule', 'rule' || {number}, 'name', 'Rule ' || {number}, 'kind', 'engagement', "
        f"'group', 'intent', 'dimension', 'engagement', 'points', 10 + {number}, 'matches', 1, "
        "'latest', '2026-01-05', 'asset', NULL)"
        for number in (_dice("n * 5 + step", 40 + place, 4) + f" + {4 * place}" for place in range(2))
    )
    _insert(
        cursor,
        Handoff,
        {
            "lead_id": "n",
            "state": state,
            "origin": "'scoring'",
            "offered_at": "to_timestamp(at)",
            "offered_day": "day",
            "team_id": f"1 + ({_rep('n')} - 1) %% {TEAMS}",
            "assignee_id": f"CASE WHEN n %% 4 > 0 THEN {_rep('n')} END",
            "decide_due_at": f"to_timestamp(at + {2 * DAY})",
            "decided_at": "to_timestamp(next_at)",
            "first_touch_due_at": f"CASE WHEN next_stage = 'sql' THEN to_timestamp(next_at + {DAY}) END",
            "decided_by_id": by,
            "reason_id": f"CASE WHEN next_stage IN ('recycled', 'disqualified') THEN {_reason('n', next_position)} END",
            "fit": fit,
            "engagement": engagement,
            "total": f"{fit} + {engagement}",
            "grade": _pick(GRADES, _dice("n * 5 + step", 70, 9)),
            "fast_tracked": "n %% 10 = 0",
            "rulebook_version": f"1 + greatest(0, (day - {day_number(today())} + {DAYS}) / 250)",
            "known_facts": "8",
            "asked_facts": "11",
            "contributions": f"json_build_array({rules})::jsonb",
            "source_folded": "''",
            "country": "''",
        },
        "moves WHERE stage = 'mql' ORDER BY at",
    )


def _deals(cursor: Any) -> None:
    """Of each opportunity: won where the lead became a customer, else half of them lost within 40 days."""
    lost = f"CASE WHEN n %% 2 = 0 AND at + {40 * DAY} < extract(epoch FROM now()) THEN at + {40 * DAY} END"
    closed = f"coalesce(next_at, {lost})"
    _insert(
        cursor,
        Deal,
        {
            "lead_id": "n",
            "state": f"CASE WHEN next_stage = 'customer' THEN 'won' WHEN {closed} IS NULL THEN 'open' ELSE 'lost' END",
            "amount": f"CASE WHEN {_dice('n', 50, 20)} > 0 THEN 500 + 10 * {_dice('n', 51, 3000)} END",
            "currency": f"CASE {_dice('n', 52, 10)} WHEN 0 THEN 'USD' ELSE 'EUR' END",
            "owner_id": _rep("n"),
            "opened_at": "to_timestamp(at)",
            "closed_at": f"to_timestamp({closed})",
        },
        "moves WHERE stage = 'opportunity' ORDER BY at",
    )


def _touches_and_activities(cursor: Any) -> None:
    """A call after each acceptance, and before each MQL an activity of a campaign."""
    _insert(
        cursor,
        Touch,
        {
            "lead_id": "n",
            "kind": "'call'",
            "by_id": _rep("n"),
            "at": f"to_timestamp(at + {_dice('n', 60, 3 * DAY)})",
        },
        "moves WHERE stage = 'sql' ORDER BY at",
    )
    _insert(
        cursor,
        Activity,
        {
            "lead_id": "n",
            "type_id": str(ActivityType.objects.get(code="form_submit").pk),
            "occurred_at": "to_timestamp(at - 60)",
            "known_at": "to_timestamp(at - 60)",
            "day": _day("(at - 60)"),
            "campaign_id": f"1 + {_dice('n * 3 + step', 61, CAMPAIGNS)}",
            "key": "lpad(to_hex(n * 8 + step), 32, '0')::uuid",
        },
        "moves WHERE stage = 'mql' ORDER BY at",
    )


def _insert(cursor: Any, model: type[models.Model], values: dict[str, str], rows: str) -> None:
    """A row of the model for each of `rows` (what follows FROM): by expressions, the rest by default."""
    columns, expressions, params = [], [], []
    for item in model._meta.local_concrete_fields:
        if item.generated or (item.primary_key and item.column not in values):
            continue
        columns.append(f'"{item.column}"')
        if item.column in values:
            expressions.append(values[item.column])
        else:
            expressions.append("%s")
            params.append(item.get_db_prep_save(item.get_default(), connection))
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)} FROM {rows}", params
    )
    if model._meta.pk.column == "id":
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )


def _dice(number: str, salt: int, sides: int | str) -> str:
    """A number from 0 to sides - 1 that looks like chance, by the middle of a square."""
    seed = f"((({number}) * 48271 + {salt * 7_368_787}) %% 2147483647)"
    return f"({seed} * {seed} / 4096 %% {sides})"


def _pick(choices: list[str] | tuple[str, ...], dice: str) -> str:
    branches = " ".join(f"WHEN {index} THEN '{choice}'" for index, choice in enumerate(choices))
    return f"CASE {dice} {branches} END"


def _skewed(choices: tuple[str, ...], number: str, salt: int) -> str:
    """The first ones more often: the lower of two dice."""
    return _pick(
        choices, f"least({_dice(number, salt, len(choices))}, {_dice(number, salt + 100, len(choices))})"
    )


def _twice(name: str, value: str) -> dict[str, str]:
    """A text and its folded twin: it is written folded."""
    return {name: value, f"{name}_folded": value}


def _rep(number: str) -> str:
    return f"(1 + {_dice(number, 71, REPS)})"


def _reason(number: str, position: str) -> str:
    """One that leads to the stage."""
    ids = {
        leads_to: list(Reason.objects.filter(leads_to=leads_to).order_by("pk").values_list("pk", flat=True))
        for leads_to in Reason.LeadsTo
    }
    recycling, disqualifying = ids[Reason.LeadsTo.RECYCLED], ids[Reason.LeadsTo.DISQUALIFIED]
    return f"CASE WHEN {position} = 5 THEN {_one_of(recycling, number)} ELSE {_one_of(disqualifying, number)} END"


def _one_of(ids: list[int], number: str) -> str:
    return f"(ARRAY{ids})[1 + least({_dice(number, 72, len(ids))}, {_dice(number, 73, len(ids))})]"


def _day(seconds: str) -> str:
    """In the organisation's time zone, which is UTC."""
    return f"({seconds} / {DAY})::integer"
