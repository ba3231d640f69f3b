"""Invented companies: a name, a domain, an industry and a size that go together."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from leadfunnel.demo.places import Country, draw_country


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Alder Amber Anchor Arbor Argent Aspen Atlas Aurora Beacon Birch Blue Bright Cedar Cinder Clear Cobalt Copper "
    "Coral Crest Delta Eagle East Echo Elm Ember Falcon Fern Field Flint Forge Frost Garnet Glacier Gold Granite "
    "Green Harbor Haven Hazel Heron High Indigo Iron Ivory Jade Juniper Kestrel Lake Lark Laurel Linden Lumen Lunar "
    "Maple Marble Meadow Mercury Mica Mill Mint Moss North Oak Obsidian Ochre Onyx Opal Orchard Osprey Otter Pearl "
    "Pine Plover Prairie Quartz Quill Raven Red Reed Ridge River Robin Rowan Sable Saffron Sage Sierra Silver Slate "
    "Solar South Sparrow Spruce Sterling Stone Summit Swift Tamarack Teal Terra Thistle Tidal Timber Topaz Umber "
    "Vale Velvet Verdant Vesper West Willow Winter Wren Yarrow Zenith"
)
_SECOND = _words(
    "bank bay bridge brook cliff crest dale fall field ford gate grove hall haven hill house lane light line mark "
    "mere mont peak point port reach ridge rock root shore side spring stead stone stream vale view ville water way "
    "well wick wind wood works yard"
)


@dataclass(frozen=True)
class Industry:
    name: str
    share: int
    appeal: float  # how well the product serves it: what sales knows and a fit rule may find out
    endings: tuple[str, ...]


INDUSTRIES = (
    Industry("Software", 24, 0.9, ("Software", "Labs", "Cloud", "Systems")),
    Industry("Financial services", 12, 0.7, ("Capital", "Finance", "Partners", "Bank")),
    Industry("Manufacturing", 14, 0.2, ("Industries", "Werke", "Manufacturing", "Components")),
    Industry("Retail", 11, -0.1, ("Retail", "Stores", "Market", "Goods")),
    Industry("Healthcare", 9, 0.1, ("Health", "Care", "Medical", "Clinics")),
    Industry("Professional services", 12, 0.4, ("Consulting", "Advisors", "Group", "Associates")),
    Industry("Logistics", 7, 0.5, ("Logistics", "Freight", "Transport", "Shipping")),
    Industry("Education", 5, -0.9, ("Academy", "Learning", "Institute", "Education")),
    Industry("Media", 4, -0.2, ("Media", "Studios", "Publishing", "Press")),
    Industry("Public sector", 2, -1.1, ("Agency", "Authority", "Services", "Council")),
)
_INDUSTRY_WEIGHTS = [industry.share for industry in INDUSTRIES]

# Headcount bands: most companies are small; the sweet spot of the product lies between 50 and 1,000.
_SIZES = ((1, 9, 16), (10, 49, 27), (50, 199, 27), (200, 999, 19), (1000, 4999, 8), (5000, 60000, 3))
_SIZE_WEIGHTS = [share for *_, share in _SIZES]


@dataclass(frozen=True)
class DemoCompany:
    number: int
    name: str
    domain: str
    industry: Industry
    employees: int
    revenue: int
    country: Country
    city: str

    @property
    def appeal(self) -> float:
        """Fit of the company in log-odds of being accepted by sales, roughly -3 to 2."""
        return self.industry.appeal + size_appeal(self.employees)


def size_appeal(employees: int) -> float:
    if employees < 10:
        return -1.8
    if employees < 50:
        return -0.5
    if employees < 1000:
        return 0.9
    return 0.4 if employees < 5000 else -0.3


def draw_company(random: Random, *, number: int) -> DemoCompany:
    """The company with this number (0, 1, 2 ...); no two numbers share a name or a domain."""
    country = draw_country(random)
    industry = random.choices(INDUSTRIES, _INDUSTRY_WEIGHTS)[0]
    low, high, _ = random.choices(_SIZES, _SIZE_WEIGHTS)[0]
    employees = round(low * (high / low) ** random.random())
    stem = _stem(number)
    name = f"{stem} {random.choice(industry.endings)}"
    return DemoCompany(
        number=number,
        name=name,
        domain=f"{stem.lower().replace(' ', '-')}.{country.tld}",
        industry=industry,
        employees=employees,
        revenue=round(employees * random.uniform(70, 210)) * 1000,
        country=country,
        city=random.choice(country.cities),
    )


def _stem(number: int) -> str:
    """A different word pair for each number; a third word once the pairs are used up."""
    pairs = len(_FIRST) * len(_SECOND)
    turn, pair = divmod(number, pairs)
    # Stepping by a prime that does not divide the number of pairs visits each of them once.
    pair = pair * 2741 % pairs
    word = _FIRST[pair % len(_FIRST)] + _SECOND[pair // len(_FIRST)]
    return word if not turn else f"{word} {_FIRST[turn % len(_FIRST)]}{'' if turn < len(_FIRST) else turn}"
