from __future__ import annotations

from celery import shared_task

from leads.intake.byhand import retype
from leads.models import AttributeKey
from leads.news import tell_leads_changed


@shared_task
def retype_attribute(pk: int) -> None:
    """After an attribute's type was edited. Safe to run twice."""
    retype(AttributeKey.objects.get(pk=pk))
    tell_leads_changed()
