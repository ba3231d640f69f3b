from __future__ import annotations

from django.urls import path

from leads.views import leads, queue

app_name = "leads"

urlpatterns = [
    path("leads/", leads.lead_list, name="list"),
    path("leads/<row:pk>/", leads.lead_detail, name="detail"),
    path("queue/", queue.handoff_queue, name="queue"),
    path("queue/<row:pk>/accept/", queue.handoff_accept, name="handoff_accept"),
    path("queue/<row:pk>/reject/", queue.handoff_reject, name="handoff_reject"),
]
