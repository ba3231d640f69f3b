from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.slow
def test_static_files_can_be_collected_with_hashed_names(settings, tmp_path) -> None:
    """As with DEBUG=false: fails when a style sheet or script names a file that is not there."""
    settings.STATIC_ROOT = tmp_path
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}

    call_command("collectstatic", interactive=False, verbosity=0)

    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    assert names["js/app.js"] != "js/app.js"
    assert (tmp_path / names["js/app.js"]).exists()
