from __future__ import annotations

from django.urls import path

from scoring.views.lint import lint
from scoring.views.rulebook import rulebook
from scoring.views.why import why

app_name = "scoring"

urlpatterns = [
    path("", rulebook, name="rulebook"),
    path("<int:pk>/lint/", lint, name="lint"),
    path("why/<int:pk>/", why, name="why"),
]
