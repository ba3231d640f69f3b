"""One of several processes that offer leads: `python -m tests.leads.routing.offerer START LEAD...`, from START on.

START is in Unix time. Prints how many handoffs it made.
"""

from __future__ import annotations

import sys
import time

import django


def main(start: float, leads: list[int]) -> None:
    django.setup()
    from django.utils import timezone

    from leads.handoff.offering import Occasion, offer_leads
    from leads.models import Handoff
    from tests.leads.handoff.test_offering import evidence

    time.sleep(max(0.0, start - time.time()))
    made = 0
    for first in range(0, len(leads), 5):
        some = leads[first : first + 5]
        occasion = Occasion(origin=Handoff.Origin.SCORING, at=timezone.now(), run=1)
        made += len(offer_leads(evidence={lead: evidence() for lead in some}, occasion=occasion))
    print(made)


if __name__ == "__main__":
    main(float(sys.argv[1]), [int(pk) for pk in sys.argv[2:]])
