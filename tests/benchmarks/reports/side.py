"""One database of the benchmark of report pages: a process that answers an order a line (pages.py)."""

from __future__ import annotations

import html
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any

# A page of the shell with nothing of its own: what everything on a report page comes on top of.
EMPTY_PAGE = "/notifications/settings/"
ROWS_LINK = re.compile(r'href="(/reports/[^"]+/rows/\?[^"]+)"')


class Side:
    """Report pages as a browser asks for them, in this process: nothing but the product and its database is timed."""

    def __init__(self) -> None:
        from django.test import Client

        from leads.models import User

        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(User.objects.get(username="manager"))
        self._lists: dict[str, list[str]] = {}

    def obey(self, order: Mapping[str, Any]) -> dict[str, Any]:
        from django.core.cache import cache

        if order["do"] == "reports":
            from reports.catalogue import all_reports

            return {"reports": [report.key for report in all_reports()]}
        address = f"/reports/{order['report']}/"
        if order["do"] == "first":
            cache.clear()
            return {"ms": self._took(address, order["question"])}
        if order["do"] == "page":
            return {"ms": self._took(address, order["question"]), "empty": self._took(EMPTY_PAGE, {})}
        return {"ms": self._lists_took(address, order["question"]), "empty": 0.0}

    def _lists_took(self, address: str, question: Mapping[str, str]) -> float:
        """The slowest of the lists behind a few numbers that are spread over the page."""
        key = f"{address}{json.dumps(question)}"
        if key not in self._lists:
            page = self.client.get(address, question).content.decode()
            found = [html.unescape(link) for link in ROWS_LINK.findall(page)]
            self._lists[key] = found[:: max(len(found) // 4, 1)]
        return max((self._took(link, {}) for link in self._lists[key]), default=0.0)

    def _took(self, path: str, question: Mapping[str, str]) -> float:
        """Milliseconds."""
        began = time.perf_counter()
        response = self.client.get(path, question)
        took = (time.perf_counter() - began) * 1000
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}.")
        return took


def load(leads: int) -> None:
    """Into an empty database; what reports read is made where it never was."""
    from django.core.management import call_command

    from leads.models import Lead
    from reports.store.folding import fold
    from tests.benchmarks.reports import world

    call_command("migrate", verbosity=0)
    if not Lead.objects.exists():
        began = time.perf_counter()
        world.load(leads)
        print(f"  {leads:,} leads made in {time.perf_counter() - began:.0f} s", flush=True)
    fold()


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "leadfunnel.settings"
    django.setup()
    if sys.argv[1:2] == ["load"]:
        load(int(sys.argv[2]))
        return
    side = Side()
    for order in sys.stdin:
        print(json.dumps(side.obey(json.loads(order))), flush=True)


if __name__ == "__main__":
    main()
