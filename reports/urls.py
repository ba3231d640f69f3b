from __future__ import annotations

from django.urls import path

from reports.views import funnel

app_name = "reports"

urlpatterns = [
    path("funnel/", funnel.funnel, name="funnel"),
    path("funnel/leads/", funnel.funnel_leads, name="funnel_leads"),
]
