"""One module a report: numbers into a `Document`. Each registers itself; reports.apps imports them all."""
