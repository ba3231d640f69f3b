from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class LeadfunnelAdminConfig(AdminConfig):
    """Apart from the site: settings name it before models can be loaded."""

    default_site = "leadfunnel.admin_site.LeadfunnelAdminSite"
