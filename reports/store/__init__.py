"""The derived tables of reports: derived from raw rows, folded in as leads change, rebuilt, and verified."""
