from __future__ import annotations

from leads.admin import people, records, sales

__all__ = ["people", "records", "sales"]
