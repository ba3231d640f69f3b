"""The documents say what is there."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from leadfunnel.settings import env

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[a-z,]+\])?==(?P<version>\S+)  # (?P<reason>.{5,})$")
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
README = (ROOT / "README.md").read_text()


def test_env_example_lists_exactly_the_settings_that_are_read() -> None:
    listed = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)

    assert sorted(listed) == sorted(env.names)


def test_readme_lists_exactly_the_settings_that_are_read() -> None:
    table = README.split("## Configuration")[1].split("## ")[0]
    first_cells = re.findall(r"^\| (`[A-Z_`, ]+`) \|", table, flags=re.MULTILINE)

    assert sorted(re.findall(r"[A-Z_]+", " ".join(first_cells))) == sorted(env.names)


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("path", ["requirements.txt", "requirements-dev.txt"])
def test_each_requirement_is_pinned_installed_and_has_a_reason(path: str) -> None:
    lines = [
        line for line in (ROOT / path).read_text().splitlines() if line and not line.startswith(("#", "-r "))
    ]

    for line in lines:
        requirement = REQUIREMENT.match(line)
        assert requirement, f"{path}: {line}"
        assert version(requirement["name"]) == requirement["version"], line


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    for document in DOCUMENTS:
        assert set(re.findall(r"`make ([a-z-]+)", document.read_text())) <= targets, document


def test_commands_named_in_documents_exist() -> None:
    from django.core.management import get_commands

    for document in DOCUMENTS:
        named = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text()))
        assert named <= set(get_commands()), document


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_named_in_documents_exist(document: Path) -> None:
    named = re.findall(r"`([a-z]+/[A-Za-z0-9_./-]*)`", document.read_text())
    made_by_running = {"var/"}

    assert [path for path in named if path not in made_by_running and not (ROOT / path).exists()] == []
