"""Somebody with a browser who is signed in."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request

from django.conf import settings
from django.test import Client

from leads.models import User
from tests.scoring.faults.processes import Web


class Visitor:
    """Speaks to a real web server; follows redirects, and raises where the answer is an error."""

    def __init__(self, web: Web, user: User) -> None:
        self._address = f"http://127.0.0.1:{web.port}"
        signed_in = Client()
        signed_in.force_login(user)
        jar = http.cookiejar.CookieJar()
        jar.set_cookie(
            _cookie(settings.SESSION_COOKIE_NAME, signed_in.cookies[settings.SESSION_COOKIE_NAME].value)
        )
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar), urllib.request.ProxyHandler({})
        )
        self._token = ""

    def get(self, path: str) -> str:
        return self._ask(urllib.request.Request(self._address + path))

    def post(self, path: str, **form: str) -> str:
        """Send a form, with the token of the page seen last; returns the page that it leads to."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self._token, **form}).encode()
        return self._ask(urllib.request.Request(self._address + path, data=body))

    def _ask(self, request: urllib.request.Request) -> str:
        with self._browser.open(request, timeout=60) as answer:
            page = str(answer.read().decode())
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page):
            self._token = found[1]
        return page


def _cookie(name: str, value: str) -> http.cookiejar.Cookie:
    # fmt: off
    return http.cookiejar.Cookie(
        0, name, value, None, False, "127.0.0.1", True, False, "/", True, False, None, False, None, None, {}
    )
    # fmt: on
