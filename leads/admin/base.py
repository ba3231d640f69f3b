from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from leads.models import Role, User

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[models.Model]
    _Inline = admin.TabularInline[models.Model, models.Model]
else:
    _Admin = admin.ModelAdmin
    _Inline = admin.TabularInline


class RolePermissions:
    """Who may view is who may enter the admin; who may write is listed here, by role."""

    writers: ClassVar[frozenset[Role]] = frozenset()
    may_add: ClassVar[bool] = True
    may_delete: ClassVar[bool] = False

    def _writes(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and bool(request.user.roles & self.writers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._writes(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and self._writes(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self._writes(request)


class RoleAdmin(RolePermissions, _Admin):
    # Counting all rows for "1 of 1,000,000" would scan the table.
    show_full_result_count = False
    list_per_page = 50


class RoleInline(RolePermissions, _Inline):
    extra = 0


class ReadOnlyAdmin(RoleAdmin):
    """To look at: nothing is added, changed or deleted."""

    actions = None


class ReadOnlyInline(RoleInline):
    can_delete = False
