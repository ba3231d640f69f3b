"""Values of a rulebook's document in the words of this installation: labels of activities, fields and choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leads.conditions import ConditionError, FieldRegistry, activity_fields, lead_fields, parse_condition
from leads.conditions.wording import condition_wording, either
from scoring.explanations import words
from scoring.rulebook.edit_wording import value_wording
from scoring.rulebook.wording import Words


@dataclass(frozen=True)
class ValueWords:
    words: Words
    lead_fields: FieldRegistry
    activity_fields: FieldRegistry

    @classmethod
    def here(cls) -> ValueWords:
        """Those of this installation: three queries."""
        return cls(words(), lead_fields(), activity_fields())

    def value(self, path: str, value: Any) -> str:
        """What stands at a path of the document (scoring.rulebook.keyed), for people."""
        field = path.rpartition(".")[2]
        if field == "conditions" and value:
            return "; ".join(self._condition(one) for one in value)
        if field == "activity_types":
            labels = [self.words.activity_labels.get(code, code) for code in value or ()]
            return either(labels) if labels else "activity of any kind"
        return value_wording(path, value)

    def _condition(self, value: dict[str, Any]) -> str:
        for registry in (self.lead_fields, self.activity_fields):
            if value["field"] in registry:
                try:
                    return condition_wording(
                        parse_condition(
                            registry,
                            field=value["field"],
                            operator=value["operator"],
                            values=value.get("values", ()),
                        )
                    )
                except ConditionError:
                    break
        # A field that is gone, or has another type now: as it was written.
        return value_wording("conditions", [value])
