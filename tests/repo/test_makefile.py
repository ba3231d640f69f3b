"""What `make` says on a machine that lacks something, and that it does nothing twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project of nothing but the Makefile, and an empty list of requirements."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "requirements-dev.txt").write_text("")
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A make that runs this test tells its children about itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
    )


def fake_python(folder: Path, *, knows: str) -> str:
    """An interpreter that succeeds only where the program text contains `knows`."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\ncase "$2" in *"{knows}"*) exit 0;; esac\nexit 1\n')
    path.chmod(0o755)
    return str(path)


def test_old_python_is_one_sentence(checkout: Path) -> None:
    ended = make(checkout, "setup", f"PYTHON={fake_python(checkout, knows='nothing')}")

    assert ended.returncode != 0
    assert "Leadfunnel needs Python 3.11 or newer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_python_without_venv_is_one_sentence(checkout: Path) -> None:
    ended = make(checkout, "setup", f"PYTHON={fake_python(checkout, knows='version_info')}")

    assert ended.returncode != 0
    assert "apt install python3-venv" in ended.stderr


@pytest.mark.slow
def test_setup_installs_once_and_again_only_when_the_list_changes(checkout: Path) -> None:
    first = make(checkout, "setup", f"PYTHON={sys.executable}")
    second = make(checkout, "setup", f"PYTHON={sys.executable}")
    (checkout / "requirements.txt").touch()
    touched = make(checkout, "setup", f"PYTHON={sys.executable}")
    (checkout / "requirements.txt").write_text("# another list\n")
    changed = make(checkout, "setup", f"PYTHON={sys.executable}")

    assert first.returncode == second.returncode == touched.returncode == changed.returncode == 0
    assert "Making .venv" in first.stdout
    assert "Installing requirements.txt" in first.stdout
    assert second.stdout == touched.stdout == ""
    assert "Installing requirements.txt" in changed.stdout
    assert "Making .venv" not in changed.stdout
