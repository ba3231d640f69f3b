from __future__ import annotations

from django.urls import path

from reports.views import funnel, score_history

app_name = "reports"

urlpatterns = [
    path("funnel/", funnel.funnel, name="funnel"),
    path("funnel/leads/", funnel.funnel_leads, name="funnel_leads"),
    path("leads/<row:pk>/score/", score_history.score_history, name="score_history"),
]
