"""The weekly report by mail: last week against the one before, to whoever wants it.

Written once a user and week, when their team opens first; the unique key of the notification is what keeps two workers
from writing a second one. Mail leaves as all mail does (leads.notifications.mailing).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse

from leads.handoff.sla import BusinessClock
from leads.models import Notification, NotificationPreference, Team, User
from leads.models.fields import day_of
from leads.notifications.telling import Line, Message, image, line, notify, table
from reports.catalogue import Question
from reports.document import Chart, Document, Finding, Section, Table
from reports.metrics.overview import trend
from reports.pages import overview
from reports.period import Period
from reports.pictures import picture_of
from reports.scope import Scope
from reports.wording import days_words, number_words

Kind = Notification.Kind
# A minute's work; the others follow a minute later.
BATCH = 50
QUIET = "Nothing changed beyond what chance explains."
WEEK = timedelta(days=7)
TREND_WEEKS = 12


def write_due(*, at: datetime) -> int:
    """Write the reports of this week that are not written yet; how many. Safe to run twice, and twice at once."""
    written, letter = 0, WeeklyLetter(day_of(at))
    for team in [*Team.objects.prefetch_related("working_hours"), None]:
        if BusinessClock.of_team(team).is_open(at):
            users = _subscribers(team, letter)[: BATCH - written]
            if users:
                notify(users=users, message=letter.message, at=at)
            written += len(users)
    return written


def _subscribers(team: Team | None, letter: WeeklyLetter) -> Sequence[User]:
    """Those of the team who want it and have none of this week."""
    wanted = NotificationPreference.objects.filter(user=OuterRef("pk"), kind=Kind.WEEKLY, email=True)
    written = Notification.objects.filter(user=OuterRef("pk"), key=letter.key)
    people = User.objects.filter(Exists(wanted), ~Exists(written), team=team, is_active=True)
    return list(people.exclude(email="").order_by("pk")[:BATCH])


class WeeklyLetter:
    """What is written in the week of a day: the same for all, and worked out once, if anybody wants it."""

    def __init__(self, day: date) -> None:
        monday = day - timedelta(days=day.weekday())
        self.today, self.week = day, Period(monday - WEEK, monday)

    @property
    def key(self) -> str:
        year, week, _ = self.today.isocalendar()
        return f"weekly:{year}-W{week:02}"

    @cached_property
    def message(self) -> Message:
        title = f"The funnel from {days_words(self.week)}"
        return Message(Kind.WEEKLY, title, self._lines(), link=self._address("overview"), key=self.key)

    def _lines(self) -> list[Line]:
        document = self._document()
        found = [self._finding(each) for each in document.findings] or [line(QUIET)]
        return [
            line("What changed", head=True),
            *found,
            *(line(notice) for notice in document.notices),
            *(each for section in self._sections(document) for each in _shown(section)),
        ]

    def _sections(self, document: Document) -> list[Section]:
        of_week = {section.key: section for section in document.sections}
        return [of_week["comparison"], of_week["funnel"], self._trend()]

    def _trend(self) -> Section:
        """A week alone is a dot."""
        weeks = Period(self.week.end - TREND_WEEKS * WEEK, self.week.end)
        return overview.trend_section(trend(Scope(period=weeks, as_of=self.today)))

    def _document(self) -> Document:
        scope = Scope(period=self.week, as_of=self.today)
        return overview.build(Question(scope, self.today, before=self.week.previous()))

    def _finding(self, finding: Finding) -> Line:
        return line(finding.text, self._address(finding.report, **finding.parameters))

    def _address(self, report: str, **parameters: str) -> str:
        days = {"first_day": self.week.start.isoformat(), "last_day": self.week.last_day.isoformat()}
        return f"{reverse('reports:report', args=[report])}?{urlencode(days | parameters)}"


def _shown(section: Section) -> list[Line]:
    """Its chart where it can be drawn, and its tables, which say the same to those who see no pictures."""
    tables = [_table(each) for each in section.tables]
    return [line(section.title, head=True), *_picture(section.chart), *tables]


def _picture(chart: Chart | None) -> list[Line]:
    png = picture_of(chart.figure) if chart else None
    return [image(png, chart.label)] if chart and png else []


def _table(found: Table) -> Line:
    heads = [found.first, *(column.label for column in found.columns)]
    rows = [
        [row.label, *(number_words(row.numbers[column.key]) for column in found.columns)]
        for row in found.rows
    ]
    return table([heads, *rows])
