from __future__ import annotations

from scoring.admin import backtests, history, rulebooks, runs

__all__ = ["backtests", "history", "rulebooks", "runs"]
