from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadfunnel.vendoring import EUROPEAN, VENDOR_DIR, digest, read_list

PROJECT = VENDOR_DIR.parent.parent
ENTRIES = read_list()
LISTED = {entry["file"] for entry in ENTRIES}


def referring_files() -> list[Path]:
    return [
        *(PROJECT / "templates").rglob("*.html"),
        *(PROJECT / "static" / "css").glob("*.css"),
        *(PROJECT / "leads" / "templatetags").glob("*.py"),
    ]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_vendored_file_is_the_listed_one(entry):
    assert digest(VENDOR_DIR / entry["file"]) == entry["sha256"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_vendored_file_has_its_version_in_its_name_and_a_licence(entry):
    assert entry["version"] in entry["file"]
    assert entry["licence"] in {"MIT", "0BSD", "OFL-1.1"}


def test_vendored_folder_holds_nothing_unlisted():
    present = {path.name for path in VENDOR_DIR.iterdir() if path.is_file()}

    assert present - {"vendored.json"} == LISTED


@pytest.mark.parametrize("name, banner", [("htmx.org", 'version:"{}"'), ("@tabler/core", "Tabler v{}")])
def test_vendored_script_says_the_version_that_is_listed(name, banner):
    script = next(entry for entry in ENTRIES if entry["name"] == name and entry["file"].endswith(".js"))

    assert banner.format(script["version"]) in (VENDOR_DIR / script["file"]).read_text()


def test_vendored_plotly_says_the_version_that_is_listed():
    script = next(entry for entry in ENTRIES if entry["file"].endswith(".js") and "plotly" in entry["name"])

    assert f"v{script['version']}" in (VENDOR_DIR / script["file"]).read_text()[:300]


def test_references_to_vendored_files_name_listed_ones():
    referred = {
        match
        for path in referring_files()
        for match in re.findall(r"vendor/([\w.-]+\.(?:js|css|svg|woff2))", path.read_text())
    }

    assert referred == LISTED


def test_no_vendored_file_points_to_a_source_map():
    # collectstatic with a manifest fails on a map that is not there.
    for path in VENDOR_DIR.glob("*.min.*"):
        assert "sourceMappingURL" not in path.read_text()


def test_icons_in_templates_are_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', next(VENDOR_DIR.glob("icons-*.svg")).read_text()))
    used = {
        name
        for path in (PROJECT / "templates").rglob("*.html")
        for name in re.findall(r'(?:{% icon |with icon=)"([\w-]+)"', path.read_text())
    }

    assert used <= sprite


def letters(file: str) -> set[int]:
    """For which code points the style sheet fetches a font."""
    sheet = (PROJECT / "static" / "css" / "variables.css").read_text()
    face = next(part for part in sheet.split("@font-face")[1:] if file in part)
    ranges = re.search(r"unicode-range:([^;]+);", face)[1].replace("U+", "").split(",")
    ends = [[int(end, 16) for end in each.strip().split("-")] for each in ranges]
    return {point for first, *last in ends for point in range(first, (last or [first])[0] + 1)}


def test_names_of_europe_fetch_the_small_font_alone():
    latin, european, others = (letters(f"inter-{name}-") for name in ("latin", "european", "latin-ext"))

    assert {ord(letter) for letter in "ąćęłńóśźżčďěňřšťůžőűāēīșțğışŁŽẞ"} <= latin | european
    assert european <= set(EUROPEAN) <= latin | european
    assert not others & european
    # What both of Inter's own have, marks that stand above or below a letter among them.
    assert others & latin == {0x0304, 0x0308, 0x0329, 0x2020}
