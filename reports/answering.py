"""A question answered: brought up to date first, read from the replica, with what is to be said of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from reports.asking import Asked
from reports.cells import reads_rows
from reports.document import Document
from reports.replica import read
from reports.store import state
from reports.store.folding import fold_some
from reports.store.kept import of_one_fold
from reports.wording import day_words

NEVER_COUNTED = (
    "Nothing has been counted yet: the first count is made in the background and takes some minutes."
)
NOT_YET = "Changes since then are many; they are counted in the background, within minutes."
ROW_BY_ROW = (
    "Counted row by row for this choice of filters or day, which takes longer than adding up daily counts."
)
STILL_TO_COME = "The period begins on {first}, after the as-of day, {as_of}: nothing of it has happened yet."

Answer = TypeVar("Answer")


def answered(asked: Asked) -> Document:
    """The report, with a notice of whatever its reader should know of how it came about."""
    document, notices = read_up_to_date(lambda: asked.report.build(asked.question))
    period, as_of = document.scope.period, document.scope.as_of
    if period.start > as_of:
        notices.append(STILL_TO_COME.format(first=day_words(period.start), as_of=day_words(as_of)))
    if reads_rows(document.scope):
        notices.append(ROW_BY_ROW)
    return replace(document, notices=[*document.notices, *notices])


def read_up_to_date(build: Callable[[], Answer]) -> tuple[Answer, list[str]]:
    """What `build`, which only reads, makes of the store; and what is to be said of that."""
    notices = []
    if not fold_some():
        notices.append(NOT_YET if state.is_built() else NEVER_COUNTED)
    answer, notice = read(lambda: of_one_fold(build))
    return answer, [*notices, notice] if notice else notices
