"""Properties of activities and custom facts of leads: as text, and typed as intake would type them."""

from __future__ import annotations

from collections.abc import Iterable

from leads.folding import fold
from leads.models import AttributeKey

_TEXT, _NUMBER = AttributeKey.Type.TEXT, AttributeKey.Type.NUMBER
KEYS = (
    (AttributeKey.Scope.ACTIVITY, "minutes", "Minutes", _NUMBER),
    (AttributeKey.Scope.ACTIVITY, "plan", "Plan", _TEXT),
    (AttributeKey.Scope.LEAD, "hr_system", "HR system", _TEXT),
    (AttributeKey.Scope.LEAD, "sites", "Sites", _NUMBER),
)
_NUMBERS = frozenset(key for _, key, _, type_ in KEYS if type_ == _NUMBER)


def typed(values: Iterable[tuple[str, str]]) -> dict[str, str | int]:
    """Numbers as whole ten-thousandths, texts folded."""
    return {key: int(text) * 10_000 if key in _NUMBERS else fold(text) for key, text in values}


def declare() -> None:
    """Make the keys known, so that rules may ask about them."""
    for scope, key, label, type_ in KEYS:
        AttributeKey.objects.get_or_create(scope=scope, key=key, defaults={"label": label, "type": type_})
