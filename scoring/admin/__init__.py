from __future__ import annotations

from scoring.admin import rulebooks, runs

__all__ = ["rulebooks", "runs"]
