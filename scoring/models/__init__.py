from __future__ import annotations

from scoring.models.rulebook import Condition, Rule, Rulebook, RuleGroup
from scoring.models.runs import ScoreChange, ScoringChunk, ScoringRun

__all__ = ["Condition", "Rule", "RuleGroup", "Rulebook", "ScoreChange", "ScoringChunk", "ScoringRun"]
