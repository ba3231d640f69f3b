"""How the numbers of reports are written. `{% load numbers %}`"""

from __future__ import annotations

from typing import Any

from django import template

from reports import charts

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """0.139994 is "14.0 %", no data is "–"."""
    return charts.percent(share)


@register.simple_tag(takes_context=True)
def behind(context: template.Context, source: str | None = None, **number: Any) -> str:
    """The query of the list of leads behind a number: `{% behind stage="mql" source=line.source %}`."""
    query: str = context["asked"].query(source=source, **{key: str(value) for key, value in number.items()})
    return query
