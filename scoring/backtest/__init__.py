"""What a rulebook would have meant for the decisions that sales really made. See docs/scoring.md, "Backtest"."""
