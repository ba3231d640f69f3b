from __future__ import annotations

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin
from leads.models import Notification, NotificationPreference


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "user",
        "kind",
        "title",
        "created_at",
        "read_at",
        "mail_state",
        "mail_at",
        "mail_error",
    )
    list_select_related = ("user",)
    list_filter = ("kind", "mail_state")


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "in_app", "email")
    list_select_related = ("user",)
