"""What is recorded with what, and what is never rewritten."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from leads.models import Handoff, User
from tests.factories import HandoffFactory

pytestmark = pytest.mark.django_db


def test_who_did_something_is_recorded_with_when() -> None:
    """A column pair X_by and X_at is whole or empty together: a constraint names both."""
    # A first score knows who offered only where somebody did; the time is always there.
    always_timed = {"created", "requested", "offered"}
    for app in ("leads", "scoring", "reports"):
        for model in apps.get_app_config(app).get_models():
            names = {field.name for field in model._meta.local_concrete_fields}
            for name in names:
                stem = re.sub("_by$", "", name)
                if name == stem or f"{stem}_at" not in names or stem in always_timed:
                    continue
                mentioned = [
                    str(constraint.condition)  # type: ignore[attr-defined]
                    for constraint in model._meta.constraints
                    if isinstance(constraint, models.CheckConstraint)
                ]
                assert any(f"{stem}_by" in text and f"{stem}_at" in text for text in mentioned), (
                    f"{model} {stem}"
                )


def test_handoff_evidence_is_never_rewritten() -> None:
    handoff = HandoffFactory()

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(fit=1, total=31)

    Handoff.objects.filter(pk=handoff.pk).update(note="a note is not evidence")


def test_user_is_found_by_role_names_of_groups() -> None:
    assert User.objects.create(username="x").roles == frozenset()
