"""What leads do: bursts of interest (episodes) with a long tail of newsletters between them.

Days are whole numbers on the generator's own scale (the day field's: days since 1970-01-01).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple

from leadfunnel.demo import marketing
from leadfunnel.demo.marketing import Source


class Interest(Enum):
    """Why somebody looks around; what sales will find when it calls."""

    PASSING = "passing"
    READING = "reading"  # collects e-books and webinars, buys nothing: what a rulebook easily over-scores
    EVALUATING = "evaluating"
    BUYING = "buying"


# What an episode says about the wish to buy, in log-odds of being accepted by sales.
INTENT = {Interest.PASSING: -2.2, Interest.READING: -1.4, Interest.EVALUATING: 0.5, Interest.BUYING: 1.5}


class Act(NamedTuple):
    day: int
    second: int
    type: str
    asset: str
    properties: tuple[tuple[str, str], ...] = ()


@dataclass
class Episode:
    interest: Interest
    first_day: int
    last_day: int
    intent: float
    acts: list[Act] = field(default_factory=list)


def draw_interest(random: Random, source: Source, *, returning: bool) -> Interest:
    """Better sources bring more buyers; who comes back has thought about it."""
    shift = source.interest + (0.7 if returning else 0.0)
    weights = (66 - 15 * shift, 18 - 3 * shift, 10 + 6 * shift, 4.5 + 4.5 * shift)
    return random.choices(list(Interest), [max(2.0, weight) for weight in weights])[0]


@dataclass
class _Diary:
    """Notes down what one lead does in an episode."""

    random: Random
    volume: float
    day: int
    acts: list[Act] = field(default_factory=list)
    intent: float = 0.0
    second: int = 0

    def sit_down(self, *, after_days: int) -> None:
        self.day += after_days
        hour = self.random.choices((7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 21), _HOURS)[0]
        self.second = hour * 3600 + int(self.random.random() * 3000)

    def note(self, type: str, asset: str = "", properties: tuple[tuple[str, str], ...] = ()) -> None:
        self.acts.append(Act(self.day, self.second, type, asset, properties))
        self.second = min(86399, self.second + 20 + int(self.random.random() * 160))

    def browse(self, pages: tuple[str, ...], mean: float) -> None:
        for _ in range(_long_tailed(self.random, mean * self.volume)):
            self.note("page_view", self.random.choice(pages))

    def look_at_prices(self) -> None:
        self.note("page_view", marketing.PRICING_PAGE)
        self.note("pricing_view", marketing.PRICING_PAGE)
        self.intent += 0.35

    def download(self) -> None:
        self.note("form_submit", "Download form")
        self.note("content_download", self.random.choice(marketing.DOWNLOADS))

    def take_part_in_webinar(self) -> None:
        webinar = self.random.choice(marketing.WEBINARS)
        self.note("webinar_register", webinar)
        if self.random.random() < 0.58:
            self.sit_down(after_days=self.random.randint(2, 9))
            minutes = self.random.randint(6, 58)
            self.note("webinar_attend", webinar, (("minutes", str(minutes)),))
            self.intent += 0.15 if minutes > 30 else 0.0

    def raise_hand(self) -> None:
        kind = self.random.random()
        if kind < 0.62:
            self.note("form_submit", "Demo form")
            self.note("demo_request", "Demo form")
        elif kind < 0.80:
            self.note("form_submit", "Contact form")
            self.note("contact_request", "Contact form")
        else:
            self.note("trial_start", "", (("plan", self.random.choice(("team", "business"))),))
        self.intent += 0.7


_HOURS = (3, 8, 13, 14, 12, 7, 9, 12, 11, 8, 4, 3, 2)


def _long_tailed(random: Random, mean: float) -> int:
    """A whole number of about this mean: mostly small, at times ten times as much."""
    return max(1, int(random.lognormvariate(0.0, 0.8) * mean / 1.38 + 0.5))


def _arrive(diary: _Diary, source: Source) -> None:
    """The first visit, by the door that the source opens."""
    diary.sit_down(after_days=0)
    if source.channel == "Paid" and source.name != "Content syndication":
        diary.note("ad_click", diary.random.choice(marketing.ADS))
    if source.name == "Webinar":
        diary.take_part_in_webinar()
    elif source.name == "Content syndication":
        diary.download()
    elif source.name == "Event":
        diary.note("event_attend", diary.random.choice(marketing.EVENTS))
    elif source.name == "Referral":
        diary.note("referral")
    else:
        diary.browse(marketing.READING + marketing.PRODUCT_PAGES, 1.3)
        diary.note("form_submit", "Newsletter form")
        diary.note("newsletter_signup", "Newsletter form")


def _pass_by(diary: _Diary) -> None:
    if diary.random.random() < 0.3:
        diary.sit_down(after_days=diary.random.randint(1, 12))
        diary.browse(marketing.READING, 1.0)


def _read_around(diary: _Diary) -> None:
    random = diary.random
    for _ in range(random.randint(2, 4)):
        diary.sit_down(after_days=random.randint(1, 11))
        diary.browse(marketing.READING, 1.2)
        if random.random() < 0.75:
            diary.download()
        elif random.random() < 0.6:
            diary.take_part_in_webinar()
    if random.random() < 0.12:
        diary.look_at_prices()


def _evaluate(diary: _Diary) -> None:
    random = diary.random
    for turn in range(random.randint(2, 4)):
        diary.sit_down(after_days=random.randint(1, 6))
        diary.browse(marketing.PRODUCT_PAGES, 1.3)
        if random.random() < 0.55:
            diary.browse(marketing.BUYING_PAGES, 1.0)
        if turn and random.random() < 0.6:
            diary.look_at_prices()
        if random.random() < 0.2:
            diary.download()
    if random.random() < 0.22:
        diary.raise_hand()


def _buy(diary: _Diary) -> None:
    random = diary.random
    for _ in range(random.randint(2, 3)):
        diary.sit_down(after_days=random.randint(0, 4))
        diary.browse(marketing.PRODUCT_PAGES + marketing.BUYING_PAGES, 1.6)
        diary.look_at_prices()
    if random.random() < 0.68:
        diary.raise_hand()


_PLAYS: dict[Interest, Callable[[_Diary], None]] = {
    Interest.PASSING: _pass_by,
    Interest.READING: _read_around,
    Interest.EVALUATING: _evaluate,
    Interest.BUYING: _buy,
}


def play_episode(
    random: Random, *, interest: Interest, source: Source, day: int, first: bool, volume: float
) -> Episode:
    """One burst of interest from `day` on. `volume` scales what is done without meaning much."""
    diary = _Diary(random, volume, day)
    if first:
        _arrive(diary, source)
    else:
        diary.sit_down(after_days=0)
        diary.note("email_click", random.choice(marketing.NEWSLETTERS))
    _PLAYS[interest](diary)
    return Episode(interest, day, diary.day, INTENT[interest] + diary.intent, diary.acts)


def newsletters(random: Random, *, first_day: int, end_day: int, volume: float) -> list[Act]:
    """Opens and clicks of a newsletter every four weeks, by a reader whose attention wears off."""
    attention = min(0.9, random.betavariate(1.2, 2.2) * (0.5 + 0.5 * volume))
    acts: list[Act] = []
    for day in range(first_day + 5 + random.randrange(20), end_day, 28):
        if random.random() > attention:
            attention *= 0.9
            if random.random() < 0.015:
                acts.append(Act(day, 30000 + random.randrange(20000), "unsubscribe", ""))
                break
            continue
        issue = marketing.NEWSLETTERS[day // 28 % len(marketing.NEWSLETTERS)]
        second = 28000 + random.randrange(36000)
        acts += [
            Act(day, second + 60 * turn, "email_open", issue)
            for turn in range(1 + int(random.random() * volume))
        ]
        if random.random() < 0.22:
            acts.append(Act(day, second + 600, "email_click", issue))
        attention *= 0.93
    return acts
