"""Many reps who decide at once, through a real web server: each takes the first lead of their own page."""

from __future__ import annotations

import html
import http.client
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.scoring.cluster import free_port
from tests.benchmarks.scoring.goals import Line, median

WORKERS = 4
REJECTS, UNDOES = 0.3, 0.1  # of the decisions
FIRST = re.compile(r'action="/queue/(\d+)/accept/"')
PLACE = re.compile(r'name="place" value="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
REASON = re.compile(r'name="reason"\s+value="([^"]+)"')
NO_ANSWER = 0


@dataclass
class Found:
    """What the reps saw. Written by many threads, under the lock."""

    statuses: Counter[int] = field(default_factory=Counter)
    pages: list[float] = field(default_factory=list)
    decisions: list[float] = field(default_factory=list)
    decided: int = 0
    undone: int = 0
    seconds: float = 0.0
    accepted: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500 or status == NO_ANSWER)

    def standing(self) -> list[tuple[int, list[int]]]:
        return [(pk, users) for pk, users in sorted(self.accepted.items()) if users]

    def lines(self, violations: int) -> list[Line]:
        statuses = ", ".join(
            f"{status or 'none'}: {count}" for status, count in sorted(self.statuses.items())
        )
        lines = [
            Line("answers of 5xx, or none", self.errors, most=0, note=f"answers by status: {statuses}"),
            Line("double decisions, wrong owners", violations, most=0),
            Line("decisions", self.decided / self.seconds, "/s", note=f"{self.undone} more were undone"),
            Line("too late for a lead (409)", self.statuses[409]),
        ]
        for name, took in (("page", self.pages), ("decision", self.decisions)):
            if took:
                lines.append(Line(f"{name}, median", median(took), "ms"))
                lines.append(Line(f"{name}, p95", quantile(took, 0.95), "ms"))
        return lines


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


class _Rep(threading.Thread):
    def __init__(self, *, user: int, session: str, port: int, until: float, found: Found) -> None:
        super().__init__(daemon=True)
        self._user, self._port, self._until, self._found = user, port, until, found
        self._cookies = {"leadfunnel_session": session}
        self._dice = random.Random(user)

    def run(self) -> None:
        while time.perf_counter() < self._until:
            status, page, took = self._ask("GET", "/queue/")
            with self._found.lock:
                self._found.pages.append(took)
            first, token = FIRST.search(page), TOKEN.search(page)
            if status != 200 or first is None or token is None:
                time.sleep(0.05)
                continue
            place = PLACE.search(page)
            form = {"csrfmiddlewaretoken": token[1], "place": html.unescape(place[1]) if place else ""}
            self._decide(int(first[1]), form, REASON.findall(page))

    def _decide(self, pk: int, form: dict[str, str], reasons: Sequence[str]) -> None:
        is_rejected = bool(reasons) and self._dice.random() < REJECTS
        more = {"reason": self._dice.choice(reasons), "note": "Not now."} if is_rejected else {}
        path = f"/queue/{pk}/{'reject' if is_rejected else 'accept'}/"
        status, _, took = self._ask("POST", path, {**form, **more})
        with self._found.lock:
            self._found.decisions.append(took)
            if status != 200:
                return
            self._found.decided += 1
            if not is_rejected:
                self._found.accepted[pk].append(self._user)
        if self._dice.random() < UNDOES:
            self._undo(pk, form, is_rejected=is_rejected)

    def _undo(self, pk: int, form: dict[str, str], *, is_rejected: bool) -> None:
        # Before it is asked: as soon as it waits again, somebody else may be told that it is theirs.
        with self._found.lock:
            if not is_rejected:
                self._found.accepted[pk].remove(self._user)
        status, _, _ = self._ask("POST", f"/queue/{pk}/undo/", form)
        with self._found.lock:
            self._found.undone += status == 200
            if status != 200 and not is_rejected:
                self._found.accepted[pk].append(self._user)

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, float]:
        """Status, text and milliseconds, as htmx asks where a form is sent. Each time over a connection of its own."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
            body = urlencode(form)
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text, status = answer.read().decode(), answer.status
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.split(";")[0].partition("=")
                self._cookies[name] = value
        except (OSError, http.client.HTTPException):
            text, status = "", NO_ANSWER
        finally:
            connection.close()
        with self._found.lock:
            self._found.statuses[status] += 1
        return status, text, (time.perf_counter() - began) * 1000


def rush(*, port: int, signed_in: Sequence[dict[str, object]], seconds: float) -> Found:
    found, began = Found(), time.perf_counter()
    reps = [
        _Rep(
            user=int(str(one["user"])),
            session=str(one["session"]),
            port=port,
            until=began + seconds,
            found=found,
        )
        for one in signed_in
    ]
    for rep in reps:
        rep.start()
    for rep in reps:
        rep.join()
    found.seconds = time.perf_counter() - began
    return found


@contextmanager
def web_server(environment: dict[str, str], folder: Path) -> Iterator[int]:
    """The port of gunicorn with four workers on the environment's database."""
    port = free_port()
    log = folder / "web.log"
    command = [sys.executable, "-m", "gunicorn", "-c", "python:leadfunnel.gunicorn_conf", "leadfunnel.wsgi"]
    own = {"PORT": str(port), "WEB_CONCURRENCY": str(WORKERS), "DATA_DIR": str(folder)}
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **environment, **own}, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_it_answers(process, port, log)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"The web server did not start:\n{log.read_text()}")
