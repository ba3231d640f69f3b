"""Mistakes in templates that no page shows: the tests' client asks for no token, and htmx sends one by itself."""

from __future__ import annotations

import re

from tests.repo.test_structure import ROOT, sources

INCLUDE = re.compile(r'{%\s*include\s+"([^"]+)"([^%]*)%}')


def test_a_form_that_is_included_alone_is_given_its_token() -> None:
    """`only` takes the token away: without JavaScript the form would be refused."""
    templates = {
        path.relative_to(ROOT / "templates").as_posix(): text for path, text in sources(".html").items()
    }

    def has_form(name: str) -> bool:
        text = templates.get(name, "")
        inner = [inner for inner, _ in INCLUDE.findall(text)]
        return "{% csrf_token %}" in text or any(has_form(one) for one in inner)

    missing = [
        f"{name} includes {inner}"
        for name, text in templates.items()
        for inner, options in INCLUDE.findall(text)
        if options.split()[-1:] == ["only"] and "csrf_token=" not in options and has_form(inner)
    ]

    assert missing == []
