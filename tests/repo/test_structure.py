"""What is there is used, and each part stands where it belongs."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).parents[2]
APPS = ("leadfunnel", "leads", "scoring", "reports")


def sources(*suffixes: str) -> dict[Path, str]:
    folders = [ROOT / folder for folder in (*APPS, "templates", "static")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in suffixes]
    return {path: path.read_text() for path in paths if "vendor" not in path.parts}


def url_names(resolver: URLResolver, namespace: str = "") -> list[str]:
    names = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                names += url_names(pattern, f"{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            names.append(namespace + pattern.name)
    return names


def test_no_template_is_unused() -> None:
    texts = "\n".join(sources(".py", ".html").values())
    templates = [
        path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
    ]
    # Django looks for these by name.
    templates = [name for name in templates if not name.startswith("admin/")]

    assert [name for name in templates if f'"{name}"' not in texts] == []


def test_every_named_address_is_used_somewhere() -> None:
    texts = "\n".join(text for path, text in sources(".py", ".html").items() if path.name != "urls.py")
    # Asked for by machines.
    called_from_outside = {"healthz", "favicon"}

    unused = [name for name in url_names(get_resolver()) if not re.search(rf"[\"']{name}[\"']", texts)]

    assert set(unused) - called_from_outside == set()


def test_files_and_templates_stay_readable() -> None:
    too_long = [
        f"{path.relative_to(ROOT)} ({len(text.splitlines())})"
        for path, text in sources(".py", ".html").items()
        if "migrations" not in path.parts and len(text.splitlines()) > (400 if path.suffix == ".py" else 120)
    ]

    assert too_long == []


def test_no_drawer_for_everything() -> None:
    drawers = {"utils.py", "helpers.py", "common.py", "misc.py"}

    assert [path for path in sources(".py") if path.name in drawers] == []


def test_no_relative_or_star_import_in_the_apps() -> None:
    found = [
        path for path, text in sources(".py").items() if re.search(r"^from \.|import \*", text, re.MULTILINE)
    ]

    assert found == []
