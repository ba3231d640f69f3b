from __future__ import annotations

from django.db import models

from leads.models import Handoff

# A rulebook has at most 300 rules: five columns of 60 bits, which both databases add up as plain integers.
WORDS, BITS_A_WORD = 5, 60


class HandoffRules(models.Model):
    """Which rules gave points to a decided handoff, as bits: its frozen evidence in a form that is counted fast.

    Bit n stands for the rule at place n of the version that made the offer, which never changes. Derived from
    `Handoff.contributions` and filled when somebody asks (scoring.evidence.index), so that it may be emptied any time.
    """

    handoff = models.OneToOneField(Handoff, on_delete=models.CASCADE, primary_key=True, related_name="+")
    rulebook_version = models.PositiveIntegerField()
    bits_0 = models.BigIntegerField(default=0)
    bits_1 = models.BigIntegerField(default=0)
    bits_2 = models.BigIntegerField(default=0)
    bits_3 = models.BigIntegerField(default=0)
    bits_4 = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "handoff rules"

    def __str__(self) -> str:
        return f"Rules of handoff {self.handoff_id}"
