from __future__ import annotations

from django.db import models


class Stage(models.TextChoices):
    LEAD = "lead", "Lead"
    MQL = "mql", "MQL"
    SQL = "sql", "SQL"
    OPPORTUNITY = "opportunity", "Opportunity"
    CUSTOMER = "customer", "Customer"
    RECYCLED = "recycled", "Recycled"
    DISQUALIFIED = "disqualified", "Disqualified"

    @property
    def position(self) -> int:
        """Place in the funnel: breaks ties between moves of the same instant."""
        return POSITIONS[self]


# Offered to sales are leads and recycled leads.
OFFERED = (Stage.LEAD, Stage.RECYCLED)
NOT_OFFERED = (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.DISQUALIFIED)
SUCCESS_PATH = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)
POSITIONS = {stage: position for position, stage in enumerate(Stage)}
