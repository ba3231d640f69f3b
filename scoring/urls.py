from __future__ import annotations

from django.urls import path

from scoring.views.why import why

app_name = "scoring"

urlpatterns = [
    path("why/<int:pk>/", why, name="why"),
]
