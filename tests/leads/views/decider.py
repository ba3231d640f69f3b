"""Several processes that decide the same handoffs: `python -m tests.leads.views.decider`, a plan on standard input.

The plan is a JSON list of actors: what each is (see ACTS), as whom, its seed and which
handoffs it wants. One process each, forked once Django is there, so that all begin at the same instant. Prints what
each was answered, in the order of the plan.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

LOST = re.compile(r"was (accepted|rejected|withdrawn) by .+ at \d{4}-\d\d-\d\d \d\d:\d\d")
LATE = "late"  # and told who was faster
Plan = dict[str, Any]


def tab(plan: Plan, chance: random.Random) -> dict[str, int]:
    """Accepts, rejects and sometimes takes back through the web; how often each was answered how."""
    from django.test import Client
    from django.urls import reverse

    from leads.models import User

    answers: Counter[str] = Counter()
    client = Client()
    client.force_login(
        User.objects.get(username=plan["user"]), backend="django.contrib.auth.backends.ModelBackend"
    )

    def post(what: str, handoff: int, **data: str) -> int:
        response = client.post(reverse(f"leads:handoff_{what}", args=[handoff]), data)
        is_told = what == "undo" or response.status_code != 409 or LOST.search(response.content.decode())
        answers[{302: what, 409: LATE}.get(response.status_code, "error") if is_told else "not told"] += 1
        return response.status_code

    for handoff in plan["handoffs"]:
        what, data = ("accept", {}) if chance.random() < 0.5 else ("reject", {"reason": "not_now"})
        if post(what, handoff, **data) == 302 and chance.random() < 0.3:
            post("undo", handoff)
    return answers


def rep(plan: Plan, chance: random.Random) -> dict[str, int]:
    """The same without pages."""
    from django.utils import timezone

    from leads.errors import LeadError
    from leads.handoff.decisions import AlreadyDecided, accept, reject
    from leads.handoff.undoing import CannotUndo, undo
    from leads.models import Handoff, Reason, User

    answers: Counter[str] = Counter()
    by, reason = User.objects.get(username=plan["user"]), Reason.objects.get(key="not_now")
    for pk in plan["handoffs"]:
        handoff, what = Handoff.objects.select_related("lead").get(pk=pk), "accept"
        try:
            if chance.random() < 0.5:
                accept(handoff=handoff, by=by, at=timezone.now())
            else:
                what = "reject"
                reject(handoff=handoff, reason=reason, by=by, at=timezone.now())
            answers[what] += 1
            if chance.random() < 0.3:
                what = "undo"
                undo(handoff=handoff, by=by, at=timezone.now())
                answers[what] += 1
        except LeadError as refusal:
            is_told = LOST.search(str(refusal)) and isinstance(refusal, AlreadyDecided)
            answers[LATE if is_told or isinstance(refusal, CannotUndo) else f"not told: {refusal}"] += 1
    return answers


def bulk(plan: Plan, chance: random.Random) -> dict[str, int]:
    """Accepts by the dozen, and takes about every other dozen back."""
    from django.utils import timezone

    from leads.handoff.bulk import accept_each, undo_each
    from leads.models import User

    answers: Counter[str] = Counter()
    by, wanted = User.objects.get(username=plan["user"]), plan["handoffs"]
    for start in range(0, len(wanted), 12):
        answer = accept_each(handoff_ids=wanted[start : start + 12], by=by, at=timezone.now())
        answers["accept"] += answer.done
        if chance.random() < 0.5:
            answers["undo"] += undo_each(handoff_ids=answer.undoable, by=by, at=timezone.now()).done
    return answers


def marketer(plan: Plan, chance: random.Random) -> dict[str, int]:
    from django.utils import timezone

    from leads.handoff.decisions import AlreadyDecided, withdraw
    from leads.models import Handoff, User

    by, won = User.objects.get(username=plan["user"]), 0
    for handoff in Handoff.objects.filter(pk__in=plan["handoffs"]).order_by("?"):
        try:
            withdraw(handoff=handoff, by=by, at=timezone.now(), note="Wrong list")
            won += 1
        except AlreadyDecided:
            pass
    return {"withdraw": won}


def scoring(plan: Plan, chance: random.Random) -> dict[str, int]:
    """As a rescore that is under way: one chunk after the other."""
    from django.utils import timezone

    from leads.handoff.decisions import demote

    won, wanted = 0, plan["handoffs"]
    for start in range(0, len(wanted), 10):
        won += demote(handoff_ids=wanted[start : start + 10], at=timezone.now(), run=1, note="Fell below")
    return {"withdraw": won}


ACTS: dict[str, Callable[[Plan, random.Random], dict[str, int]]] = {
    "tab": tab,
    "rep": rep,
    "bulk": bulk,
    "marketer": marketer,
    "scoring": scoring,
}


def act(plan: Plan, start: float, answer: Path) -> None:
    chance = random.Random(plan["seed"])
    chance.shuffle(plan["handoffs"])
    time.sleep(max(0.0, start - time.time()))
    answer.write_text(json.dumps(ACTS[plan["kind"]](plan, chance)))


def main(plans: list[Plan]) -> None:
    django.setup()
    from django.urls import get_resolver

    assert get_resolver().url_patterns  # imported once, for all
    with tempfile.TemporaryDirectory() as folder:
        answers = [Path(folder) / str(number) for number in range(len(plans))]
        start, children = time.time() + 0.5, []
        for plan, answer in zip(plans, answers, strict=True):
            child = os.fork()
            if not child:
                try:
                    act(plan, start, answer)
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        json.dump([json.loads(one.read_text()) if one.exists() else None for one in answers], sys.stdout)


if __name__ == "__main__":
    main(json.load(sys.stdin))
