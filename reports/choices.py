"""The values of dimensions as people write them: in addresses, selects and on the command line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leads.filters import NOT_RECORDED
from leads.folding import fold
from reports.dimensions import DIMENSIONS, Dimension
from reports.models import SeenValue

# Of these an address gives the name; of the others the value itself, which is short: DE, A1, 60.
NAMED = frozenset({"source", "channel", "campaign", "industry", "team", "rep"})
# More than anybody scrolls through; a text with more values than this is no category.
MOST_CHOICES = 300


@dataclass(frozen=True)
class Choice:
    """A value as rows have it (""; none), as it is shown, and as addresses write it."""

    value: str
    label: str
    written: str


@dataclass(frozen=True)
class Choices:
    """Of one dimension, in the order in which they are shown. The last one stands for none."""

    dimension: Dimension
    all: Sequence[Choice]

    @classmethod
    def of(cls, dimension: Dimension, named: Sequence[tuple[str, str]]) -> Choices:
        times = Counter(fold(label) for _, label in named)
        found = [
            Choice(value, label, label if _is_telling(dimension, label, times) else value)
            for value, label in named
        ]
        nothing = dimension.nothing[:1].upper() + dimension.nothing[1:]
        return cls(dimension, (*found, Choice("", nothing, NOT_RECORDED)))

    def meant_by(self, text: str) -> Choice | None:
        """In any letter case, by the name or by the value; None where there is no such."""
        return self._by_text.get(fold(text.strip()))

    def of_value(self, value: str) -> Choice:
        """Also of a value that is no more among them."""
        return self._by_value.get(value) or Choice(value, value, value)

    @cached_property
    def _by_text(self) -> Mapping[str, Choice]:
        found = {fold(choice.label): choice for choice in reversed(self.all) if choice.value}
        found |= {fold(choice.value): choice for choice in self.all if choice.value}
        return found | {fold(choice.written): choice for choice in self.all}

    @cached_property
    def _by_value(self) -> Mapping[str, Choice]:
        return {choice.value: choice for choice in self.all}


def all_choices() -> dict[str, Choices]:
    """By the key of the dimension. One query, and one more for each kind of name."""
    seen = defaultdict(list)
    for row in SeenValue.objects.all():
        seen[row.dimension].append(row)
    return {
        key: Choices.of(dimension, dimension.named(seen[dimension.number]))
        for key, dimension in DIMENSIONS.items()
    }


def _is_telling(dimension: Dimension, label: str, times: Mapping[str, int]) -> bool:
    """Whether the name stands for its value alone, and for nothing else that an address may say."""
    return dimension.key in NAMED and times[fold(label)] == 1 and label.strip() not in ("", NOT_RECORDED)
