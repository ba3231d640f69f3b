from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from leads.models import Role, User
from scoring.models import Rulebook, Study
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.studies.kinds import KINDS, KindOfStudy, Work
from scoring.studies.ledger import request_study
from tests.factories import UserFactory
from tests.scoring.conftest import NOW, document, german

Ask = Callable[..., Study]


@pytest.fixture
def marketer(db: None) -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def book(db: None) -> Rulebook:
    """A draft: what is published has no revisions."""
    return save_draft(form=read_form(document(german(20)), vocabulary()), by=None)


@pytest.fixture
def ask(book: Rulebook, marketer: User) -> Ask:
    """Ask for a backtest of the draft, unless told otherwise."""

    def ask(
        kind: Study.Kind = Study.Kind.BACKTEST, asked: Mapping[str, Any] | None = None, by: User = marketer
    ) -> Study:
        return request_study(kind=kind, book=book, asked=asked or {}, by=by, at=NOW)

    return ask


@pytest.fixture
def worked_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Have backtests done by this function."""

    def worked_by(work: Work) -> None:
        monkeypatch.setitem(KINDS, "backtest", KindOfStudy(work, "scoring:version"))

    return worked_by
