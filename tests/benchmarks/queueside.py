"""One database of the benchmark of the queue: a process that answers an order a line (tests/benchmarks/queue.py)."""

from __future__ import annotations

import html
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Samples = dict[str, list[float]]
PAGES = ("queue page", "side panel", "decision", "next lead")
STATIC = "static rows"
ROW = re.compile(r'data-lf-row="(\d+)"')
PLACE = re.compile(r'name="place" value="([^"]+)"')


class Side:
    """The screens as a browser asks for them, in this process: nothing but the product and its database is timed."""

    def __init__(self) -> None:
        self._desks: dict[str, _Desk] = {}

    def obey(self, order: Mapping[str, Any]) -> Any:
        """`do` is the name of what to measure, all else is for it."""
        asked = dict(order)
        do = asked.pop("do")
        if do in ("sessions", "violations"):
            return {"sessions": sessions, "violations": violations}[do](**asked)
        username = asked.pop("username")
        desk = self._desks.get(username) or self._desks.setdefault(username, _Desk(username))
        return getattr(desk, do)(**asked)


class _Desk:
    """Somebody signed in."""

    def __init__(self, username: str) -> None:
        from django.test import Client
        from django.utils import timezone

        from leads.handoff.place import Place
        from leads.models import User
        from leads.views.queue import queue_context

        self.user = User.objects.get(username=username)
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(self.user)
        self._turns = 0
        self._request = self.client.get("/queue/").wsgi_request
        # All that the page shows, loaded: rendered once, so that nothing in it asks the database anew.
        self._context = queue_context(self.user, Place.parse({}, user=self.user, now=timezone.now()))
        self._static()

    def turn(self, *, count: int) -> Samples:
        """Milliseconds of each screen, `count` times, each time with another row of the page."""
        from leads.handoff import tally

        took: Samples = defaultdict(list)
        for _ in range(count):
            for name, act in self._screens():
                began = time.perf_counter()
                act()
                took[name].append((time.perf_counter() - began) * 1000)
        tally.fold()  # as its task does every minute
        return took

    def queries(self, *, count: int) -> dict[str, int]:
        """The most of each screen over so many rows: some have an assignee or colleagues to look up, others none.

        The first of all warms up what a process asks but once.
        """
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        most = dict.fromkeys((*PAGES, STATIC), 0)
        for number in range(-1, count):
            for name, act in self._screens():
                with CaptureQueriesContext(connection) as captured:
                    act()
                most[name] = max(most[name], len(captured)) if number >= 0 else 0
        return most

    def listing(self, *, count: int) -> Samples:
        """Milliseconds of the statement that finds the rows of the page: as the database says, and by the clock."""
        from django.db import connection

        statement = self._statement()
        took: Samples = {"planned": [], "executed": [], "clock": []}
        with connection.cursor() as cursor:
            for _ in range(count):
                began = time.perf_counter()
                cursor.execute(statement)
                cursor.fetchall()
                took["clock"].append((time.perf_counter() - began) * 1000)
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
                plan = cursor.fetchone()[0]
                plan = json.loads(plan) if isinstance(plan, str) else plan
                took["planned"].append(plan[0]["Planning Time"])
                took["executed"].append(plan[0]["Execution Time"])
        return took

    def _screens(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """In the order of a working day; what is decided is undone, beside the clock."""
        from django.utils import timezone

        from leads.handoff.undoing import undo
        from leads.models import Handoff

        pages: list[str] = []
        yield PAGES[0], lambda: pages.append(self._get("/queue/"))
        yield STATIC, self._static
        rows, place = self._rows(pages[-1]), html.unescape(PLACE.findall(pages[-1])[0])
        pk = rows[self._turns % len(rows)]
        self._turns += 1
        yield PAGES[1], lambda: self._get(f"/queue/{pk}/panel/", {"place": place}, part=True)
        yield PAGES[2], lambda: self._decide(pk, place)
        yield PAGES[3], lambda: self._get(f"/queue/?{place}", part=True)
        undo(handoff=Handoff.objects.select_related("lead").get(pk=pk), by=self.user, at=timezone.now())

    def _rows(self, page: str) -> list[str]:
        from leads.handoff.rows import PAGE_SIZE

        rows = ROW.findall(page)
        if len(rows) != PAGE_SIZE:
            raise SystemExit(f"The page of {self.user} has {len(rows)} rows where {PAGE_SIZE} fill it.")
        return rows

    def _get(self, path: str, data: Mapping[str, str] | None = None, *, part: bool = False) -> str:
        response = self.client.get(path, data, headers={"HX-Request": "true"} if part else {})
        _expect(200, response.status_code, path)
        return str(response.content.decode())

    def _decide(self, pk: str, place: str) -> None:
        path = f"/queue/{pk}/accept/"
        _expect(302, self.client.post(path, {"place": place}).status_code, path)

    def _static(self) -> None:
        from django.template.loader import get_template

        get_template("leads/queue.html").render(self._context, self._request)

    def _statement(self) -> str:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from django.utils import timezone

        from leads.handoff.place import shares_of
        from leads.handoff.queue import Selection, stretch
        from leads.handoff.rows import PAGE_SIZE

        selection = Selection(self.user, timezone.now(), shares_of(self.user)[0])
        with CaptureQueriesContext(connection) as captured:
            stretch(selection, cursor=None, count=PAGE_SIZE)
        [statement] = [query["sql"] for query in captured]
        return statement


def _expect(status: int, found: int, path: str) -> None:
    if found != status:
        raise SystemExit(f"{path} was answered with {found}, not with {status}.")


def sessions(*, count: int) -> list[dict[str, Any]]:
    """The first reps, signed in: they are in all teams alike."""
    from django.conf import settings
    from django.test import Client

    from leads.models import Role, User

    found = []
    for user in User.objects.filter(groups__name=Role.REP.value).order_by("pk")[:count]:
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user)
        found.append({"user": user.pk, "session": client.cookies[settings.SESSION_COOKIE_NAME].value})
    return found


def violations(*, accepted: Sequence[Sequence[Any]]) -> list[str]:
    """What must not be, in words: by the ledger, and by who was told (`accepted`: handoff, users) that it is theirs."""
    from django.db.models import Case, F, Sum, When

    from leads.models import Handoff, HandoffDecision

    action = HandoffDecision.Action
    points = Case(When(action__in=[action.ACCEPT, action.REJECT], then=1), When(action=action.UNDO, then=-1))
    rows = HandoffDecision.objects.order_by().values_list("handoff", "handoff__state").annotate(n=Sum(points))
    found = [
        f"handoff {pk} is {state} with {standing} standing decisions"
        for pk, state, standing in rows
        if standing is not None and standing != int(state in ("accepted", "rejected"))
    ]
    theirs = Handoff.objects.filter(state=Handoff.State.ACCEPTED, origin=Handoff.Origin.SCORING)
    found += [
        f"lead {handoff.lead_id} was accepted by user {handoff.decided_by_id} and is owned by {handoff.lead.owner_id}"
        for handoff in theirs.exclude(lead__owner=F("decided_by")).select_related("lead")
    ]
    by = dict(theirs.values_list("pk", "decided_by"))
    found += [
        f"handoff {pk} was given to users {users}, and is with {by.get(pk)}"
        for pk, users in accepted
        if users != [by.get(pk)]
    ]
    told = {pk for pk, _ in accepted}
    return found + [f"handoff {pk} is accepted, and nobody was told" for pk in by if pk not in told]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    import django

    django.setup()
    if sys.argv[1:2] == ["load"]:
        load(leads=int(sys.argv[2]), waiting=int(sys.argv[3]))
        return
    side = Side()
    for line in sys.stdin:
        print(json.dumps(side.obey(json.loads(line))), flush=True)


def load(*, leads: int, waiting: int) -> None:
    from django.core.management import call_command

    from tests.benchmarks import queueworld

    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    queueworld.load(leads=leads, waiting=waiting)
    print(f"  {leads:,} leads made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
