"""By what numbers can be filtered and broken down, once: for pages, commands, rollups and lists.

Facts of a lead are its present ones (an edit re-attributes its past). Those of a handoff are of the visit's handoff; in
what counts leads, of the lead's latest one. A visit or lead without one falls under "".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import CharField, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from leads.folding import fold
from leads.models import Campaign, Team, User
from reports.models import SeenValue

# Widest band of scores, and where the last one begins: 150 and more are one band, and so is all below zero.
BAND, LAST_BAND = 10, 150
# Classes of the number of employees: the largest of each; above the last one is a class of its own.
SIZES = (10, 50, 200, 1000)
# Before the name of somebody who decided in another system.
ELSEWHERE = "~"

Values = Iterable[str]


@dataclass(frozen=True)
class Dimension:
    """`number` is how rollups name it, never used again for another. `key` is also the column of `Counted`.

    `name_all` gives the words for values, for those that have words of their own.
    """

    number: int
    key: str
    label: str
    is_text: bool = True
    of_handoff: bool = False
    nothing: str = "not recorded"
    name_all: Callable[[Values], Mapping[str, str]] = lambda values: {}

    def condition(self, value: str) -> Q:
        """On rows of `Counted`: those with the value; "" for those without."""
        if self.is_text:
            return Q(**{self.key: value})
        return Q(**{f"{self.key}__isnull": True}) if value == "" else Q(**{self.key: int(value)})

    def as_text(self) -> Combinable:
        """The value of a row of `Counted`, as rollups write it."""
        if self.is_text:
            return F(self.key)
        return Coalesce(Cast(self.key, CharField(max_length=201)), Value(""))

    def values(self) -> list[tuple[str, str]]:
        """All that occur, as (value, in words), in the order of the words. "" is not among them."""
        return self.named(list(SeenValue.objects.filter(dimension=self.number)))

    def named(self, seen: Sequence[SeenValue]) -> list[tuple[str, str]]:
        """The same of rows that were read already."""
        names = self.name_all(row.value for row in seen)
        named = [(row.value, names.get(row.value) or row.spelling or row.value) for row in seen]
        return sorted(named, key=lambda pair: self._order(*pair))

    def words(self) -> dict[str, str]:
        """Every value in words, "" too."""
        return {"": self.nothing[:1].upper() + self.nothing[1:], **dict(self.values())}

    def _order(self, value: str, label: str) -> tuple[int, str]:
        number = value.split("-")[0].rstrip("+")
        return (
            (int(number), "")
            if self.key in ("band", "version", "size") and _is_number(number)
            else (0, fold(label))
        )


def size_label(value: str) -> str:
    return f"{value} employees"


def band_label(value: str) -> str:
    """The band that begins at `value`: "60 to 69"."""
    low = int(value)
    if low < 0:
        return "below 0"
    return f"{low} and more" if low >= LAST_BAND else f"{low} to {low + BAND - 1}"


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _campaigns(values: Values) -> Mapping[str, str]:
    return {
        str(pk): name for pk, name in Campaign.objects.filter(pk__in=_ids(values)).values_list("pk", "name")
    }


def _teams(values: Values) -> Mapping[str, str]:
    return {str(pk): name for pk, name in Team.objects.filter(pk__in=_ids(values)).values_list("pk", "name")}


def _reps(values: Values) -> Mapping[str, str]:
    found = list(values)
    people = {str(user.pk): str(user) for user in User.objects.filter(pk__in=_ids(found))}
    return people | {value: value.removeprefix(ELSEWHERE) for value in found if value.startswith(ELSEWHERE)}


def _ids(values: Values) -> list[int]:
    return [int(value) for value in values if value.isdigit()]


DIMENSIONS: dict[str, Dimension] = {
    dimension.key: dimension
    for dimension in (
        Dimension(1, "source", "Source"),
        Dimension(2, "channel", "Channel"),
        Dimension(3, "campaign", "Campaign", is_text=False, nothing="none", name_all=_campaigns),
        Dimension(4, "country", "Country"),
        Dimension(5, "industry", "Industry"),
        Dimension(6, "size", "Company size", name_all=lambda values: {v: size_label(v) for v in values}),
        Dimension(7, "grade", "Grade", of_handoff=True, nothing="none"),
        Dimension(
            8,
            "band",
            "Score band",
            is_text=False,
            of_handoff=True,
            nothing="none",
            name_all=lambda values: {v: band_label(v) for v in values},
        ),
        Dimension(
            9,
            "version",
            "Rulebook version",
            is_text=False,
            of_handoff=True,
            nothing="none",
            name_all=lambda values: {v: f"Version {v}" for v in values},
        ),
        Dimension(10, "team", "Team", is_text=False, of_handoff=True, nothing="none", name_all=_teams),
        Dimension(11, "rep", "Rep", of_handoff=True, nothing="nobody", name_all=_reps),
    )
}
# How rollups name what is not broken down at all.
EVERYTHING = 0
