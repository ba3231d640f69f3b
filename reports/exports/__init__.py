"""A `Document` without a browser: as JSON, as CSV, and as text for a terminal or a mail."""
