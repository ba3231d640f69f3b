"""What the numbers of the Funnel report mean, as the page says it."""

from __future__ import annotations

EMPTY = (
    "No lead of this choice was created or moved in these days. Choose a longer period or fewer conditions."
)
IMMATURE_WORDS = (
    " A share is immature where more than a tenth of the leads are younger than the time in which nine of ten others "
    "reached that stage."
)
COHORT_WORDS = (
    "Leads whose creation lies in the period, and how many of them ever reached at least each stage of the success "
    "path by the as-of day, by the furthest stage ever reached: a customer counts for every stage before, also for one "
    "that it skipped. Recycled and disqualified are no progress." + IMMATURE_WORDS
)
PERIOD_WORDS = (
    "Distinct leads that entered each stage in the period, whenever they were created, as recorded: skipped stages are "
    "not filled in. A step may be larger than the one before, so it is a ratio and no conversion."
)
WINDOWED_WORDS = (
    "MQL visits that began in the period and at least {within} days before the as-of day, and those of them that were "
    "accepted within {within} x 24 hours. Every visit had the same time, so old and recent ones can be compared."
)
RATE_WORDS = (
    "What became by the as-of day of the MQL visits that began in the period, by the next other stage: accepted (SQL, "
    "opportunity or customer), rejected (recycled or disqualified), withdrawn (lead again), waiting (none yet). The "
    "MQL to SQL rate is accepted of all, waiting and withdrawn ones included; accepted of those that sales decided "
    "stands beside it. A lead that came back as an MQL counts again. Both are immature where more than a tenth of the "
    "visits had less time than nine of ten acceptances of the last 365 days took."
)
BY_WORDS = (
    "The same numbers for each value. Facts of a lead are its present ones; those of a handoff are of the visit's, and "
    "in a cohort of the lead's latest one. What is not recorded has a line of its own. “–” means that there is nothing "
    "to divide by."
)
