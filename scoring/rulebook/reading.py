"""Reading JSON with a memory for everything that is wrong with it, each with its JSON path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from leads.conditions.parsing import is_storable, shorten

MAX_FILE_BYTES = 64 * 1024 * 1024
_MAX_MISTAKES = 200


class RulebookError(Exception):
    """What is wrong with a rulebook: one sentence a mistake."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class JsonObject(dict[str, Any]):
    """A JSON object that remembers keys written twice."""

    twice: tuple[str, ...] = ()

    @classmethod
    def from_pairs(cls, pairs: list[tuple[str, Any]]) -> JsonObject:
        made = cls(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _value in pairs]
            made.twice = tuple(key for key in made if keys.count(key) > 1)
        return made


def parse_json(content: bytes) -> object:
    """The parsed file; RulebookError where it is not JSON in UTF-8."""
    if len(content) > MAX_FILE_BYTES:
        raise RulebookError(f"The file has {len(content):,} bytes; at most {MAX_FILE_BYTES:,} are allowed.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RulebookError(f"The file is not UTF-8 (byte {error.start:,}); save it as UTF-8.") from None
    try:
        return json.loads(
            text,
            object_pairs_hook=JsonObject.from_pairs,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise RulebookError(
            f"The file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise RulebookError("The file is not a rulebook: it is nested too deeply.") from None
    except ValueError as error:
        raise RulebookError(f"The file is not JSON: {error}.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON knows")


@dataclass
class Mistakes:
    """All that is wrong, in the order in which it was found."""

    found: list[str] = field(default_factory=list)

    def add(self, path: str, sentence: str) -> None:
        self.found.append(f"{path}: {sentence}")

    def raise_if_any(self) -> None:
        if len(self.found) > _MAX_MISTAKES:
            more = len(self.found) - _MAX_MISTAKES
            raise RulebookError(*self.found[:_MAX_MISTAKES], f"… and {more} more mistakes.")
        if self.found:
            raise RulebookError(*self.found)


class Reader:
    """One JSON object, read key by key. What is wrong becomes a mistake, and a stand-in is returned,

    so that one pass finds everything; nobody uses the stand-ins once there is a mistake.
    """

    def __init__(self, value: object, path: str, mistakes: Mistakes) -> None:
        self.path = path
        self.mistakes = mistakes
        self.value: dict[str, Any] = {}
        self.is_object = isinstance(value, dict)
        if isinstance(value, dict):
            self.value = value
            for key in getattr(value, "twice", ()):
                self.mistake(key, "is written twice; write it once.")
        else:
            mistakes.add(path, f"{shown(value)} is not an object; write {{...}}.")

    def at(self, key: str) -> str:
        return f"{self.path}.{key}"

    def mistake(self, key: str, sentence: str) -> None:
        self.mistakes.add(self.at(key), sentence)

    def only(self, *allowed: str) -> None:
        """Refuse every key but these."""
        for key in self.value:
            if key not in allowed:
                self.mistakes.add(
                    f"{self.path}.{shorten(key)}", f"unknown key; allowed: {', '.join(allowed)}."
                )

    def integer(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """A whole number; required unless a default is given."""
        if default is not None and key not in self.value:
            return default
        found = self.optional_integer(key, low, high, required=True)
        return low if found is None else found

    def optional_integer(self, key: str, low: int, high: int, *, required: bool = False) -> int | None:
        value = self.value.get(key)
        if value is None and not required:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            if self.is_object:
                self.mistake(key, f"{self._shown(key)}; write a whole number from {low} to {high}.")
            return None
        return value

    def text(self, key: str, max_length: int) -> str:
        value = self.value.get(key)
        if (
            not isinstance(value, str)
            or not value.strip()
            or len(value) > max_length
            or not is_storable(value)
        ):
            if self.is_object:
                self.mistake(key, f"{self._shown(key)}; write a text of 1 to {max_length} characters.")
            return ""
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.value.get(key, default)
        if not isinstance(value, bool):
            self.mistake(key, f"{self._shown(key)}; write true or false.")
            return default
        return value

    def choice(self, key: str, allowed: Iterable[str], *, default: str | None = None) -> str:
        allowed = list(allowed)
        value = self.value.get(key, default)
        if not isinstance(value, str) or value not in allowed:
            if self.is_object:
                self.mistake(key, f"{self._shown(key)}; allowed: {', '.join(allowed) or 'nothing yet'}.")
            return default or (allowed[0] if allowed else "")
        return value

    def items(self, key: str, low: int, high: int, *, required: bool = True) -> Iterator[tuple[str, object]]:
        """The items of a list, each with its path."""
        value = self.value.get(key)
        if key not in self.value and not required:
            return
        if not isinstance(value, list) or not low <= len(value) <= high:
            if self.is_object:
                size = f"has {len(value)} items" if isinstance(value, list) else self._shown(key)
                self.mistake(key, f"{size}; write a list of {low} to {high} items.")
            return
        for index, item in enumerate(value):
            yield f"{self.at(key)}[{index}]", item

    def inner(self, key: str, *, required: bool = False) -> Reader:
        """The object under a key; an empty one where it may be left out."""
        if key not in self.value and required and self.is_object:
            self.mistake(key, "is missing; write an object.")
        reader = Reader(self.value.get(key, {}), self.at(key), self.mistakes)
        reader.is_object = reader.is_object and key in self.value
        return reader

    def _shown(self, key: str) -> str:
        return f"{shown(self.value[key])} is not allowed" if key in self.value else "is missing"


def shown(value: object) -> str:
    """A JSON value, short enough to name in a sentence."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"“{shorten(value)}”"
    return shorten(value)
