"""One of several processes that decide the same handoffs: `python -m tests.leads.views.decider USER START PK...`.

Waits until START (Unix time), so that all begin at once, decides each handoff through the web, and prints what it was
answered: a JSON object, handoff to HTTP status.
"""

from __future__ import annotations

import json
import random
import sys
import time

import django


def main(username: str, start: float, handoffs: list[int]) -> None:
    django.setup()
    from django.test import Client
    from django.urls import reverse

    from leads.models import User

    client = Client()
    client.force_login(
        User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend"
    )
    random.Random(username).shuffle(handoffs)
    time.sleep(max(0.0, start - time.time()))
    answers = {}
    for handoff in handoffs:
        accepts = random.random() < 0.5
        name, data = (
            ("leads:handoff_accept", {}) if accepts else ("leads:handoff_reject", {"reason": "not_now"})
        )
        answers[handoff] = client.post(reverse(name, args=[handoff]), data).status_code
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), [int(pk) for pk in sys.argv[3:]])
