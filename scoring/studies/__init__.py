"""Long computations about a rulebook: they look, and change no score. See docs/scoring.md, "Studies"."""
