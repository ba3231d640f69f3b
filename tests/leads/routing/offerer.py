"""One of several processes that offer leads: `python -m tests.leads.routing.offerer LEAD...`.

Says that it is ready, waits for a line, and prints how many handoffs it made.
"""

from __future__ import annotations

import sys

import django


def main(leads: list[int]) -> None:
    django.setup()
    from django.utils import timezone

    from leads.handoff.offering import Occasion, offer_leads
    from leads.models import Handoff
    from tests.leads.handoff.test_offering import evidence

    print("ready", flush=True)
    sys.stdin.readline()
    made = 0
    for first in range(0, len(leads), 5):
        some = leads[first : first + 5]
        occasion = Occasion(origin=Handoff.Origin.SCORING, at=timezone.now(), run=1)
        made += len(offer_leads(evidence={lead: evidence() for lead in some}, occasion=occasion))
    print(made)


if __name__ == "__main__":
    main([int(pk) for pk in sys.argv[1:]])
