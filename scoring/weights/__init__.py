"""Points suggested by what sales decided: a regularised logistic regression. See docs/evidence.md."""
