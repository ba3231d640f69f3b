"""The rulebook of rulebook.json in bulk Python, written by hand: what scoring in the database is measured against.

It reads leads, activities and scores range by range, computes in plain Python, and writes only what has
changed: the way that a program takes that does not score in the database.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from leads.models import ActivityType
from scoring.engine.writing import COMPUTED

RANGE = 50_000
KEPT = (*COMPUTED, "rulebook_version", "below_since")
FACTS = (
    "SELECT l.id, l.seniority, l.job_title_folded, l.department_folded, l.email_domain_type, l.email_domain,"
    " l.employees, c.employees, l.industry_folded, c.industry_folded, l.country, l.email_opt_out, l.created_day"
    " FROM leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id WHERE l.id BETWEEN %s AND %s"
)
DAYS = (
    "SELECT lead_id, type_id, day FROM leads_activity WHERE lead_id BETWEEN %s AND %s AND day > %s"
    " AND (day > %s OR type_id = ANY (%s)) ORDER BY lead_id, type_id, day"
)
STUDIED = (
    "SELECT lead_id, MAX(day) FROM leads_activity WHERE lead_id BETWEEN %s AND %s AND type_id = %s"
    " AND day BETWEEN %s AND %s AND asset_id IN"
    " (SELECT id FROM leads_asset WHERE strpos(name_folded, 'case-study') > 0) GROUP BY lead_id"
)
COUNTRIES = frozenset(("DE", "GB", "FR", "NL", "SE", "US"))
INDUSTRIES = ("software", "financial", "e-commerce")
LEADERS = ("founder", "owner", "vp ", "head of")
Days = dict[int, list[int]]


class BulkPython:
    def __init__(self, *, day: int, version: int) -> None:
        self.day, self.version = day, version
        self.types = dict(ActivityType.objects.values_list("code", "pk"))

    def score_all(self, leads: int) -> int:
        """Returns how many rows were written."""
        return sum(self._range(first, first + RANGE - 1) for first in range(0, leads + 1, RANGE))

    def _range(self, first: int, last: int) -> int:
        far = [self.types[code] for code in ("email_bounce", "webinar_attend", "event_attend", "unsubscribe")]
        far.append(self.types["content_download"])
        days: dict[int, Days] = {}
        for lead_id, type_id, day in _rows(DAYS, first, last, self.day - 365, self.day - 90, far):
            days.setdefault(lead_id, {}).setdefault(type_id, []).append(day)
        studied = dict(_rows(STUDIED, first, last, self.types["content_download"], self.day - 119, self.day))
        stored = {
            row[0]: row[1:]
            for row in _rows(
                f"SELECT lead_id, {', '.join(KEPT)} FROM leads_leadscore WHERE lead_id BETWEEN %s AND %s",
                first,
                last,
            )
        }
        changed = []
        for facts in _rows(FACTS, first, last):
            old = stored.get(facts[0])
            new = self._score(facts, days.get(facts[0], {}), studied.get(facts[0]), old and old[-1])
            if new != old:
                changed.append((facts[0], *new, self.day))
        _write(changed)
        return len(changed)

    def _score(
        self, facts: Sequence[Any], days: Days, study: int | None, below: int | None
    ) -> tuple[Any, ...]:
        fit, known, disqualified = _fit(facts)
        engagement, fast, until = self._engagement(days, study, facts)
        total = fit + engagement
        fast = fast and fit >= 50
        holds = not disqualified and (fast or (total >= 105 and fit >= 10 and engagement >= 15))
        return (
            fit,
            engagement,
            total,
            ("A" if fit >= 35 else "B" if fit >= 15 else "C")
            + ("1" if engagement >= 45 else "2" if engagement >= 20 else "3"),
            not disqualified and (fast or (total >= 110 and fit >= 15 and engagement >= 20)),
            fast,
            disqualified,
            known,
            11,
            until,
            self.version,
            None if holds else min(self.day if below is None else below, self.day),
        )

    def _within(self, days: Days, window: int, *codes: str) -> list[int]:
        """Days of matches inside a window, in order."""
        found: list[int] = []
        for code in codes:
            all_days = days.get(self.types[code])
            if all_days:
                found += all_days[
                    bisect_right(all_days, self.day - window) : bisect_right(all_days, self.day)
                ]
        return found if len(codes) == 1 else sorted(found)

    def _engagement(
        self, days: Days, study: int | None, facts: Sequence[Any]
    ) -> tuple[int, bool, int | None]:
        today, within = self.day, self._within
        until: list[int] = []

        def decayed(found: Sequence[int], step: int, weights: Sequence[int], points: int, most: int) -> int:
            if not found:
                return 0
            until.append(today + step - max((today - day) % step for day in found))
            return min((sum(weights[(today - day) // step] for day in found) * points + 500) // 1000, most)

        def latest(found: Sequence[int], window: int) -> int | None:
            if not found:
                return None
            until.append(found[-1] + window)
            return found[-1]

        def first(found: Sequence[int], window: int) -> int:
            if found:
                until.append(found[0] + window)
            return len(found)

        demo = within(days, 90, "demo_request")
        intent = 0
        if demo:
            age = today - demo[-1]
            until.append(demo[-1] + (age // 30 + 1) * 30)
            intent += (40, 30, 20)[age // 30]
        contact = latest(within(days, 60, "contact_request", "meeting_booked"), 60)
        intent += 0 if contact is None else 30
        pricing = within(days, 90, "pricing_view")
        intent += decayed(sorted(set(pricing)), 30, (1000, 750, 500), 15, 35)
        again = {day for day in pricing if day > today - 30}
        if len(again) >= 2:
            until.append(min(again) + 30)
            intent += 10
        trial = within(days, 60, "trial_start")
        if trial:
            age = today - trial[-1]
            until.append(trial[-1] + (age // 15 + 1) * 15)
            intent += (25, 15, 9, 5)[age // 15]
        if study is not None:
            until.append(study + 120)
            intent += 10
        interest = min(first(within(days, 60, "email_reply"), 60) * 12, 24)
        interest += decayed(
            _at_most(2, within(days, 150, "content_download")), 30, (1000, 800, 600, 400, 200), 8, 24
        )
        interest += decayed(
            within(days, 180, "webinar_attend", "event_attend"), 45, (1000, 750, 500, 250), 12, 24
        )
        interest += 0 if latest(within(days, 90, "webinar_register"), 90) is None else 4
        interest += min(first(_at_most(1, within(days, 90, "form_submit")), 90) * 6, 12)
        interest += decayed(_at_most(1, within(days, 60, "email_click")), 30, (1000, 500), 3, 12)
        interest += min(first(within(days, 60, "email_open"), 60), 5)
        visits = within(days, 30, "page_view", "pricing_view")
        if len(set(visits)) >= 3:
            interest += 8
            first(visits, 30)
        burst = within(days, 14, "page_view")
        if len(burst) >= 5:
            interest += 5
            first(burst, 14)
        cooling = 0 if latest(within(days, 365, "unsubscribe"), 365) is None else -25
        cooling -= min(first(within(days, 180, "email_bounce"), 180) * 10, 20)
        quiet = self._quiet_since(days, facts[0], facts[-1])
        periods = max((today - quiet) // 30, 0)
        cooling -= min(periods * 10, 30)
        if periods < 3:
            until.append(quiet + (periods + 1) * 30)
        until += [
            found[place] for found in days.values() if (place := bisect_right(found, today)) < len(found)
        ]
        points = min(intent, 70) + min(interest, 40) + max(cooling, -60)
        is_fast = bool(demo) or contact is not None
        return max(min(points, 100), 0), is_fast, min(until) if until else None

    def _quiet_since(self, days: Days, lead_id: int, created: int) -> int:
        seen = [found[place - 1] for found in days.values() if (place := bisect_right(found, self.day))]
        last = max(seen, default=None)
        if last is not None and last > self.day - 90:
            return last
        if created > self.day - 90:
            ((last,),) = _rows(
                "SELECT MAX(day) FROM leads_activity WHERE lead_id = %s AND day <= %s", lead_id, self.day
            )
            return created if last is None else last
        return created


def _fit(facts: Sequence[Any]) -> tuple[int, int, bool]:
    """(fit, known facts, whether the lead is disqualified)."""
    (
        _,
        seniority,
        title,
        department,
        kind,
        domain,
        size,
        company_size,
        industry,
        company_industry,
        country,
        out,
        _,
    ) = facts
    person = 20 if seniority in ("c_level", "vp", "head") or title.startswith(LEADERS) else 0
    person += {"director": 15, "manager": 8}.get(seniority, 0)
    if any(word in department for word in ("marketing", "sales", "operations", "revenue")) or any(
        word in title for word in ("marketing", "sales", "operations", "demand")
    ):
        person += 10
    person -= 10 if kind == "free" else 0
    is_student = seniority == "student" or kind == "academic"
    person -= 20 if is_student else 0
    is_rival = domain in ("leadrival.example", "scorehive.example")
    company = -20 if is_rival else 0
    sizes = [value for value in (size, company_size) if value is not None]
    company += 20 if any(100 <= value <= 1000 for value in sizes) else 0
    company += 12 if any(value > 1000 for value in sizes) else 0
    texts = (industry, company_industry or "")
    company += 10 if any(word in text for word in INDUSTRIES for text in texts) else 0
    company += (5 if country in COUNTRIES else 0) - (5 if out else 0)
    asked = (seniority, title, department, kind, domain, industry, company_industry, country)
    known = sum(map(bool, asked)) + len(sizes) + (out is not None)
    fit = max(min(person, 25), -20) + max(min(company, 35), -20)
    return max(min(fit, 60), -50), known, is_student or is_rival


def _at_most(most: int, days: Sequence[int]) -> list[int]:
    """No more than so many of a day; the days are in order."""
    return [day for place, day in enumerate(days) if place - bisect_left(days, day) < most]


def _rows(statement: str, *params: Any) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(10_000):
            yield from rows


def _write(rows: Sequence[tuple[Any, ...]]) -> None:
    columns = ("lead_id", *KEPT, "day")
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO leads_leadscore ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
            f" ON CONFLICT (lead_id) DO UPDATE SET {updates}",
            rows,
        )
