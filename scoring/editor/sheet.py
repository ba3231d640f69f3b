"""A draft as the editor shows it: settings, and the groups with their rules as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scoring.editor.cells import Cell, CellMaker
from scoring.editor.conditions import ConditionsEditor, conditions_editor
from scoring.rulebook.document import Vocabulary
from scoring.rulebook.form import Dimension, Form
from scoring.rulebook.keyed import Keyed
from scoring.rulebook.reach import Reach, dimension_reach
from scoring.rulebook.wording import Words, mql_wording

COUNTS = {"each": "Each match", "once": "Only the latest"}
DECAYS = {"none": "None", "linear": "Linear", "compound": "Compound"}
MATCHES = {"all": "all of these", "any": "any of these"}
QUESTIONS = {Dimension.FIT: "Who they are", Dimension.ENGAGEMENT: "What they do"}
KINDS = {"fit": "Fit", "engagement": "Activity", "silence": "Silence"}


@dataclass(frozen=True)
class RuleLine:
    """One rule: the compact row, and its details where it is open."""

    key: str
    name: str
    kind: str
    sentence: str
    points: int
    is_on: bool
    tags: Sequence[str]
    cells: Mapping[str, Cell]
    is_open: bool
    changed_by: str
    group: str
    groups: Mapping[str, str]
    conditions: ConditionsEditor | None = None

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind]


@dataclass(frozen=True)
class GroupLine:
    key: str
    name: str
    dimension: str
    cells: Mapping[str, Cell]
    changed_by: str
    rules: Sequence[RuleLine]
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class DimensionPart:
    dimension: Dimension
    question: str
    cells: Mapping[str, Cell]
    groups: Sequence[GroupLine]


@dataclass(frozen=True)
class Settings:
    """Thresholds and grade bounds: cells by the last part of their path, and what they come to in words."""

    mql: Sequence[Cell]
    grade: Sequence[Cell]
    demotion: Sequence[Cell]
    sentences: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """All of it, made part by part: an answer renders only what has changed.

    `form` is None where the draft cannot be read any more, because what its rules speak of is gone.
    """

    cells: CellMaker
    form: Form | None
    words: Words
    vocabulary: Vocabulary
    open: Collection[str] = ()

    @property
    def doc(self) -> Keyed:
        return self.cells.doc

    @cached_property
    def parts(self) -> list[DimensionPart]:
        return [self._part(dimension) for dimension in (Dimension.FIT, Dimension.ENGAGEMENT)]

    @cached_property
    def settings(self) -> Settings:
        cell = self.cells
        fit, engagement = self._reach(Dimension.FIT), self._reach(Dimension.ENGAGEMENT)
        total = fit + engagement
        points = cell.slider
        return Settings(
            mql=[
                points("mql.threshold", 0, total.high),
                points("mql.min_fit", min(0, fit.low), fit.high, placeholder="none"),
                points("mql.min_engagement", min(0, engagement.low), engagement.high, placeholder="none"),
                points("mql.fast_track_min_fit", min(0, fit.low), fit.high, placeholder="none"),
            ],
            grade=[
                points("grade.fit_a", 0, fit.high),
                points("grade.fit_b", 0, fit.high),
                points("grade.engagement_1", 0, engagement.high),
                points("grade.engagement_2", 0, engagement.high),
            ],
            demotion=[
                points("mql.demote_margin", 0, 50),
                points("mql.demote_after_nights", 1, 30),
                points("mql.reentry_points", 0, 100),
            ],
            sentences=mql_wording(self.form) if self.form else (),
        )

    def _reach(self, dimension: Dimension) -> Reach:
        if self.form is None:
            return Reach(0, 100)
        reach = dimension_reach(self.form, dimension)
        # A slider over millions cannot be aimed; the number beside it can be anything.
        return Reach(max(reach.low, -1000), min(max(reach.high, 10), 1000))

    def _part(self, dimension: Dimension) -> DimensionPart:
        keys = [key for key, group in self.doc["groups"].items() if group["dimension"] == dimension]
        bounds = {
            "min": self.cells.cell(f"{dimension}.min", placeholder="none"),
            "max": self.cells.cell(f"{dimension}.max", placeholder="none"),
        }
        return DimensionPart(dimension, QUESTIONS[dimension], bounds, [self.group(key) for key in keys])

    def group(self, key: str) -> GroupLine:
        group = self.doc["groups"][key]
        alike = list(self._groups_like(key))
        path = f"groups.{key}"
        return GroupLine(
            key=key,
            name=group["name"],
            dimension=group["dimension"],
            cells={
                "name": self.cells.cell(f"{path}.name"),
                "min": self.cells.cell(f"{path}.min", placeholder="none"),
                "max": self.cells.cell(f"{path}.max", placeholder="none"),
            },
            changed_by=self.cells.marks.get(path, ""),
            rules=[self.rule(name) for name in self.rules_of(key)],
            is_first=alike[0] == key,
            is_last=alike[-1] == key,
        )

    def _groups_like(self, key: str) -> dict[str, str]:
        """The names of the groups of the same dimension, by key."""
        groups = self.doc["groups"]
        dimension = groups[key]["dimension"]
        return {one: other["name"] for one, other in groups.items() if other["dimension"] == dimension}

    def rules_of(self, group: str) -> list[str]:
        return [key for key, rule in self.doc["rules"].items() if rule["group"] == group]

    def rule(self, key: str) -> RuleLine:
        rule = self.doc["rules"][key]
        path, is_open = f"rules.{key}", key in self.open
        return RuleLine(
            key=key,
            name=rule["name"],
            kind=rule["kind"],
            sentence=self._sentences.get(key, ""),
            points=rule["points"],
            is_on=rule["enabled"],
            tags=[tag for tag in ("fast_track", "disqualifies") if rule[tag]],
            cells={**self._row_cells(path, rule), **(self._detail_cells(path, rule) if is_open else {})},
            is_open=is_open,
            changed_by=self.cells.marks.get(path, "") or self.cells.marks.get(f"{path}.place", ""),
            group=rule["group"],
            groups=self._groups_like(rule["group"]),
            conditions=(
                conditions_editor(self.cells, key, self.vocabulary)
                if is_open and rule["kind"] != "silence"
                else None
            ),
        )

    @cached_property
    def _sentences(self) -> dict[str, str]:
        return {rule.key: self.words.rule(rule) for rule in self.form.rules} if self.form else {}

    def _row_cells(self, path: str, rule: dict[str, Any]) -> dict[str, Cell]:
        cell = self.cells.cell
        cells = {
            "enabled": cell(f"{path}.enabled"),
            "name": cell(f"{path}.name", column="name"),
            "points": cell(f"{path}.points", column="points"),
            "max_points": cell(f"{path}.max_points", column="cap", placeholder="–"),
        }
        if rule["kind"] == "engagement":
            cells["window_days"] = cell(
                f"{path}.window_days", column="window", placeholder="all", unit="days"
            )
        if rule["kind"] == "silence":
            cells["window_days"] = cell(f"{path}.every_days", column="window", unit="days")
        return cells

    def _detail_cells(self, path: str, rule: dict[str, Any]) -> dict[str, Cell]:
        cell = self.cells.cell
        cells = {"fast_track": cell(f"{path}.fast_track"), "disqualifies": cell(f"{path}.disqualifies")}
        match rule["kind"]:
            case "fit":
                cells["match"] = cell(f"{path}.match", choices=MATCHES)
            case "engagement":
                cells |= {
                    "min_count": cell(f"{path}.min_count"),
                    "min_days": cell(f"{path}.min_days"),
                    "min_assets": cell(f"{path}.min_assets", placeholder="none"),
                    "counting": cell(f"{path}.count+max_per_day", choices=COUNTS),
                    "decay": cell(f"{path}.decay", choices=DECAYS),
                    "activity_types": self._types(path),
                }
            case _:
                cells |= {"repeats": cell(f"{path}.repeats"), "activity_types": self._types(path)}
        return cells

    def _types(self, path: str) -> Cell:
        labels = self.words.activity_labels
        return self.cells.cell(f"{path}.activity_types", choices=labels)
