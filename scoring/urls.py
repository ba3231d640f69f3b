from __future__ import annotations

from django.urls import path

from scoring.views.lint import lint
from scoring.views.rulebook import rulebook
from scoring.views.runs import nightly_hour, rescore, run, run_cancel, runs
from scoring.views.why import what_next, why, why_changed

app_name = "scoring"

urlpatterns = [
    path("", rulebook, name="rulebook"),
    path("<row:pk>/lint/", lint, name="lint"),
    path("why/<row:pk>/", why, name="why"),
    path("runs/", runs, name="runs"),
    path("runs/rescore/", rescore, name="rescore"),
    path("runs/hour/", nightly_hour, name="nightly_hour"),
    path("runs/<row:pk>/", run, name="run"),
    path("runs/<row:pk>/cancel/", run_cancel, name="run_cancel"),
    path("why/<row:pk>/changed/", why_changed, name="why_changed"),
    path("why/<row:pk>/next/", what_next, name="what_next"),
]
