from __future__ import annotations

from scoring.models.backtests import BacktestHandoff
from scoring.models.events import DraftVisit, RulebookEvent
from scoring.models.evidence import HandoffRules
from scoring.models.rulebook import Condition, Rule, Rulebook, RuleGroup
from scoring.models.runs import ScoreChange, ScoredRange, ScoringChunk, ScoringRun
from scoring.models.studies import Study

__all__ = [
    "BacktestHandoff",
    "Condition",
    "DraftVisit",
    "HandoffRules",
    "Rule",
    "RuleGroup",
    "Rulebook",
    "RulebookEvent",
    "ScoreChange",
    "ScoredRange",
    "ScoringChunk",
    "ScoringRun",
    "Study",
]
