"""Where leads come from: sources, campaigns with what they cost, and what there is to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random


@dataclass(frozen=True)
class Source:
    """`interest` shifts how much its leads want to buy, `fit` how well they suit; both in log-odds."""

    name: str  # "" = not recorded
    channel: str
    share: int
    interest: float
    fit: float
    landing_pages: tuple[str, ...]


SOURCES = (
    Source(
        "Organic search", "Organic", 22, 0.5, 0.1, ("/", "/features/planning", "/blog/shift-planning-guide")
    ),
    Source("Paid search", "Paid", 16, 0.3, -0.1, ("/lp/scheduling-software", "/lp/compare", "/pricing")),
    Source(
        "Webinar", "Content", 14, -0.5, 0.5, ("/webinars/forecasting-demand", "/webinars/labour-law-update")
    ),
    Source(
        "Content syndication", "Paid", 13, -1.0, 0.3, ("/ebooks/workforce-2026", "/ebooks/planners-handbook")
    ),
    Source("Event", "Events", 9, -0.1, 0.4, ("/events/booth",)),
    Source("Social", "Paid", 8, -0.6, -0.3, ("/lp/social", "/blog/no-more-spreadsheets")),
    Source("Referral", "Partner", 6, 1.1, 0.6, ("/demo", "/")),
    Source("Partner", "Partner", 4, 0.8, 0.5, ("/partners/welcome",)),
    Source("Direct", "Organic", 5, 0.7, 0.2, ("/", "/pricing")),
    Source("unknown", "", 1, 0.0, 0.0, ("",)),
    Source("", "", 2, 0.0, 0.0, ("",)),
)
_SOURCE_WEIGHTS = [source.share for source in SOURCES]


def draw_source(random: Random) -> Source:
    return random.choices(SOURCES, _SOURCE_WEIGHTS)[0]


@dataclass(frozen=True)
class DemoCampaign:
    """A campaign of one source that ran on the days `start` to `end`, without `end`."""

    number: int
    name: str
    source: str
    channel: str
    start: date
    end: date
    cost: int


_QUARTERLY = {
    "Paid search": ("Search: scheduling software", 21000),
    "Content syndication": ("Syndication: planner's handbook", 26000),
    "Social": ("Social: no more spreadsheets", 9500),
}
_MONTHLY = {
    "Webinar": (("Webinar: forecasting demand", "Webinar: labour law update", "Webinar: ask a planner"), 3200)
}
_HALF_YEARLY = {"Event": (("Workforce Summit", "HR Tech Days", "Operations Forum"), 41000)}


def plan_campaigns(random: Random, *, start: date, end: date) -> list[DemoCampaign]:
    """The campaigns of a company from `start` to `end`, in order of their first day."""
    found: list[tuple[date, date, str, str, int]] = []
    for source, (name, cost) in _QUARTERLY.items():
        for first, last in _spans(start, end, days=91):
            label = f"{name} {first.year} Q{(first.month + 2) // 3}"
            found.append((first, last, label, source, round(cost * random.uniform(0.8, 1.25))))
    for days, plans in ((30, _MONTHLY), (121, _HALF_YEARLY)):
        for source, (names, cost) in plans.items():
            for turn, (first, last) in enumerate(_spans(start, end, days=days)):
                label = f"{names[turn % len(names)]} {first:%Y-%m}"
                found.append((first, last, label, source, round(cost * random.uniform(0.8, 1.25))))
    channels = {source.name: source.channel for source in SOURCES}
    return [
        DemoCampaign(number, label, source, channels[source], first, last, cost)
        for number, (first, last, label, source, cost) in enumerate(sorted(found))
    ]


def _spans(start: date, end: date, *, days: int) -> list[tuple[date, date]]:
    spans = []
    while start < end:
        following = min(start + timedelta(days=days), end)
        spans.append((start, following))
        start = following
    return spans


# What there is to look at, in the order of how close it is to buying.
READING = (
    "/blog/shift-planning-guide",
    "/blog/no-more-spreadsheets",
    "/blog/overtime-rules",
    "/blog/demand-forecasting-basics",
    "/blog/absence-management",
    "/blog/planner-interviews",
    "/blog/retention-of-hourly-staff",
    "/blog/hospital-rosters",
)
PRODUCT_PAGES = (
    "/features/planning",
    "/features/forecasting",
    "/features/time-clock",
    "/features/mobile-app",
)
BUYING_PAGES = ("/integrations", "/customers", "/security", "/compare")
PRICING_PAGE = "/pricing"
DOWNLOADS = (
    "Planner's handbook (e-book)",
    "Workforce 2026 (report)",
    "Roster template (spreadsheet)",
    "Labour law checklist (PDF)",
    "Business case calculator (spreadsheet)",
)
WEBINARS = ("Webinar: forecasting demand", "Webinar: labour law update", "Webinar: ask a planner")
NEWSLETTERS = tuple(f"Newsletter {number:02d}" for number in range(1, 19))
FORMS = ("Newsletter form", "Download form", "Webinar form", "Demo form", "Contact form")
EVENTS = ("Workforce Summit", "HR Tech Days", "Operations Forum")
ADS = ("Ad: scheduling software", "Ad: plan shifts in minutes")

ASSETS = (
    *READING,
    *PRODUCT_PAGES,
    *BUYING_PAGES,
    PRICING_PAGE,
    *DOWNLOADS,
    *WEBINARS,
    *NEWSLETTERS,
    *FORMS,
    *EVENTS,
    *ADS,
)
ASSET_NUMBERS = {name: number for number, name in enumerate(ASSETS)}
