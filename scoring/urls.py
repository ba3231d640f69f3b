from __future__ import annotations

from django.urls import path

from scoring.views.lint import lint
from scoring.views.rulebook import rulebook
from scoring.views.runs import nightly_hour, rescore, run, run_cancel, runs
from scoring.views.why import what_next, why, why_changed

app_name = "scoring"

urlpatterns = [
    path("", rulebook, name="rulebook"),
    path("<int:pk>/lint/", lint, name="lint"),
    path("why/<int:pk>/", why, name="why"),
    path("runs/", runs, name="runs"),
    path("runs/rescore/", rescore, name="rescore"),
    path("runs/hour/", nightly_hour, name="nightly_hour"),
    path("runs/<int:pk>/", run, name="run"),
    path("runs/<int:pk>/cancel/", run_cancel, name="run_cancel"),
    path("why/<int:pk>/changed/", why_changed, name="why_changed"),
    path("why/<int:pk>/next/", what_next, name="what_next"),
]
