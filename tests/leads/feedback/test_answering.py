from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from leads.feedback.answering import About, AnswerRefused, NotAnswerer, answer_feedback
from leads.feedback.reading import Key, feedback_page, summary_of
from leads.handoff.undoing import undo
from leads.models import FeedbackAnswer, Handoff, Notification, Role
from leads.selling.deals import lose, open_deal
from tests.factories import UserFactory
from tests.leads.feedback.conftest import HOUR, NOW, accepted, asked, reason, rejected


def keys() -> list[Key]:
    return [item.key for item in feedback_page(asked()).items]


def answer(by, chosen=None, text="Thanks, changed", about=None):
    return answer_feedback(
        keys=keys() if chosen is None else chosen, text=text, about=about, by=by, at=NOW + HOUR
    )


def test_several_are_answered_at_once_with_a_rulebook(alice, mary):
    rejected(alice, "Anna")
    deal = open_deal(
        lead=accepted(alice, "Bela"), amount=None, currency="", expected_close_on=None, by=alice, at=NOW
    )
    lose(deal=deal, reason=reason("competitor"), by=alice, at=NOW + HOUR / 2)

    answer(mary, about=About(pk=7, version=9, name="Spring (version 9)"))

    for item in feedback_page(asked()).items:
        (given,) = item.answers
        assert (given.text, given.by, given.rulebook, given.rulebook_version) == (
            "Thanks, changed",
            mary,
            7,
            9,
        )
    assert summary_of(asked()).answered == 2
    assert len(feedback_page(asked(is_answered=True)).items) == 2


def test_each_seller_is_told_once_of_all_their_leads(alice, mary):
    for name in ("Anna", "Bela"):
        rejected(alice, name)
    bob = UserFactory(role=Role.REP)
    rejected(bob, "Cleo")

    answer(mary)
    answer(mary)

    told = Notification.objects.filter(kind=Notification.Kind.ANSWER).order_by("user")
    assert [(one.user, one.title) for one in told] == [
        (alice, "Mary answered on Anna and 1 more: Thanks, changed"),
        (bob, "Mary answered on Cleo: Thanks, changed"),
    ]


def test_answers_make_a_thread_and_the_same_words_are_said_once(alice, mary):
    rejected(alice)

    assert [len(answer(mary, text=text)) for text in ("Thanks", " Thanks ", "Done in version 9")] == [1, 0, 1]

    (item,) = feedback_page(asked()).items
    assert [str(one) for one in item.answers] == ["Thanks", "Done in version 9"]


@pytest.mark.parametrize(
    ("chosen", "text", "sentence"),
    [
        (None, "  ", "Write an answer"),
        ([], "Thanks", "nothing was selected"),
        ([Key("m", 999_999)], "Thanks", "are gone"),
        ([Key("d", pk) for pk in range(201)], "Thanks", "At most 200"),
    ],
)
def test_what_cannot_be_answered_is_refused_whole(alice, mary, chosen, text, sentence):
    rejected(alice)

    with pytest.raises(AnswerRefused, match=sentence):
        answer(mary, chosen, text)

    assert not FeedbackAnswer.objects.exists()


def test_a_rejection_that_was_undone_meanwhile_is_not_answered(alice, mary):
    rejected(alice)
    seen = keys()
    undo(handoff=Handoff.objects.get(), by=alice, at=NOW)

    with pytest.raises(AnswerRefused, match="undone meanwhile"):
        answer(mary, seen)


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.ADMINISTRATOR])
def test_only_marketers_answer(alice, role):
    rejected(alice)

    with pytest.raises(NotAnswerer):
        answer(UserFactory(role=role))


def test_an_answer_is_never_rewritten(alice, mary):
    rejected(alice)
    answer(mary)

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        FeedbackAnswer.objects.update(text="Never mind")
