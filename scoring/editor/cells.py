"""The fields of the editor: where each stands in the document, what it shows, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scoring.rulebook.edit_wording import label_of
from scoring.rulebook.editing import Mistake
from scoring.rulebook.keyed import Keyed, value_at
from scoring.rulebook.wording import minus


@dataclass(frozen=True)
class Problem:
    """Why what was typed is not saved. `theirs` is what stands there now where somebody else was first."""

    typed: Any
    sentences: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    is_conflict: bool = False
    theirs: str = ""
    yours: str = ""


@dataclass(frozen=True)
class Cell:
    """One field: `shown` is what it says; `value` the JSON behind it; `seen` the revision that this is of."""

    path: str
    label: str
    value: Any
    shown: Any
    seen: int
    column: str = ""
    placeholder: str = ""
    unit: str = ""
    low: int | None = None
    high: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    changed_by: str = ""
    is_answer: bool = False

    @property
    def id(self) -> str:
        return cell_id(self.path)


@dataclass(frozen=True)
class CellMaker:
    """Makes the cells of one state of a draft.

    `problems` by path are what could not be saved, `marks` by path who has changed what stands there, and `answer` is
    the path of the cell that a request was about: it alone may replace what somebody has typed but not saved.
    """

    doc: Keyed
    revision: int
    problems: Mapping[str, Problem] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""

    def cell(self, path: str, **more: Any) -> Cell:
        value = value_at(self.doc, path)
        problem = self.problems.get(path)
        return Cell(
            path=path,
            label=label_of(self.doc, path),
            value=value,
            shown=shown(value if problem is None else problem.typed),
            seen=self.revision,
            problem=problem,
            changed_by=self.marks.get(path, ""),
            is_answer=path == self.answer,
            **more,
        )

    def slider(self, path: str, low: int, high: int, **more: Any) -> Cell:
        """A number with a slider, which reaches as far as makes a difference, and as far as the number is."""
        value = value_at(self.doc, path)
        here = [value] if value is not None else []
        return self.cell(path, low=min([low, *here]), high=max([high, *here]), **more)


def shown(value: Any) -> Any:
    """A value as its field shows it."""
    match value:
        case None:
            return ""
        case bool():
            return value
        case int():
            return minus(value)
        case {"kind": _}:
            return {"percent": "", "days": "", **value}
        case {"max_per_day": limit}:
            return {**value, "max_per_day": shown(limit)}
    return value


def cell_id(path: str) -> str:
    """The id of the field that stands for a path."""
    return f"cell-{path}".replace(".", "--").replace("+", "-and-")
