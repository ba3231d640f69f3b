from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from leads.models import User
from scoring.models import Rulebook
from scoring.rulebook.document import FORMAT, read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.signing import Side, sign
from scoring.rulebook.versions import publish

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

Publish = Callable[..., Rulebook]


def document(*rules: dict[str, Any], **mql: Any) -> dict[str, Any]:
    """A rulebook with a threshold of 20 and a group for each dimension."""
    return {
        "format": FORMAT,
        "name": "Small",
        "mql": {"threshold": 20, **mql},
        "grade": {"fit_a": 40, "fit_b": 20, "engagement_1": 50, "engagement_2": 20},
        "groups": [
            {"key": "who", "name": "Who", "dimension": "fit"},
            {"key": "what", "name": "What", "dimension": "engagement"},
        ],
        "rules": [{"key": f"r{index}", "name": f"Rule {index}", **rule} for index, rule in enumerate(rules)],
    }


def activity(type_: str, points: int, **rule: Any) -> dict[str, Any]:
    return {"kind": "engagement", "group": "what", "activity_types": [type_], "points": points, **rule}


def german(points: int, **rule: Any) -> dict[str, Any]:
    condition = {"field": "country", "operator": "is", "values": ["DE"]}
    return {"kind": "fit", "group": "who", "points": points, "conditions": [condition], **rule}


def draft_of(*rules: dict[str, Any], **mql: Any) -> Rulebook:
    return save_draft(form=read_form(document(*rules, **mql), vocabulary()), by=None)


@pytest.fixture
def publish_rules(db: None) -> Publish:
    """Publish these rules as the next version; `signers` are a marketer and a sales manager."""

    def publish_rules(
        *rules: dict[str, Any], signers: tuple[User, User] | None = None, **mql: Any
    ) -> Rulebook:
        draft = draft_of(*rules, **mql)
        for side, signer in zip(Side, signers or (), strict=False):
            sign(book=draft, side=side, revision=draft.revision, by=signer, at=NOW)
        if signers:
            return publish(book=draft, note="Test", at=NOW, by=signers[0])
        return publish(book=draft, note="Test", at=NOW, origin="test")

    return publish_rules
