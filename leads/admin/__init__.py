from __future__ import annotations

from leads.admin import notifications, people, records, routing, sales

__all__ = ["notifications", "people", "records", "routing", "sales"]
