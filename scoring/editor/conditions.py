"""The condition builder of a rulebook: that of leads.conditions, with the cell and the problems of a rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leads.conditions import Field, FieldRegistry
from leads.conditions.builder import LineEditor, grouped, stored
from scoring.editor.cells import Cell, CellMaker
from scoring.rulebook.document import MAX_CONDITIONS, Vocabulary

_MISTAKE = re.compile(r"conditions\[(\d+)\]")


@dataclass(frozen=True)
class ConditionsEditor:
    cell: Cell
    rule: str
    kind: str
    lines: Sequence[LineEditor]
    fields: dict[str, list[Field]]
    sentences: tuple[str, ...] = ()

    @property
    def is_pending(self) -> bool:
        return any(line.is_pending for line in self.lines)

    @property
    def is_unsaved(self) -> bool:
        return self.is_pending or self.cell.problem is not None

    @property
    def may_add(self) -> bool:
        return len(self.lines) < MAX_CONDITIONS


def conditions_editor(cells: CellMaker, rule: str, vocabulary: Vocabulary) -> ConditionsEditor:
    """The builder of one rule: as stored, or as it was typed with what is wrong with it."""
    kind = cells.doc["rules"][rule]["kind"]
    registry = registry_of(kind, vocabulary)
    cell = cells.cell(f"rules.{rule}.conditions")
    lines = stored(cell.value) if cell.problem is None else cell.problem.typed
    wrong: dict[int | None, list[str]] = {}
    for mistake in cell.problem.mistakes if cell.problem else ():
        found = _MISTAKE.search(mistake.path)
        wrong.setdefault(int(found[1]) if found else None, []).append(mistake.sentence)
    return ConditionsEditor(
        cell=cell,
        rule=rule,
        kind=kind,
        lines=[
            LineEditor(line, registry.get(line.field), tuple(wrong.get(index, ())))
            for index, line in enumerate(lines)
        ],
        fields=grouped(registry, own="The lead" if kind == "fit" else "The activity"),
        sentences=tuple(wrong.get(None, ())),
    )


def registry_of(kind: str, vocabulary: Vocabulary) -> FieldRegistry:
    return vocabulary.lead_fields if kind == "fit" else vocabulary.activity_fields
