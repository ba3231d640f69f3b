"""Exchange rates and costs of campaigns: everybody reads them, those who keep money enter them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.htmx import HtmxRequest
from leads.models import CampaignCost
from reports.models import ExchangeRate
from reports.permissions import can_keep_money
from reports.views.moneyforms import CostForm, MoneyForm, RateForm
from reports.wording import day_words

MOST_ROWS = 300


@dataclass(frozen=True)
class Cell:
    text: str
    is_number: bool = False


@dataclass(frozen=True)
class Kept:
    """A kind of rows about money: how its pages are named and what they say. `cells` are in the order of `heads`."""

    name: str
    title: str
    about: str
    one: str
    form: type[MoneyForm]
    heads: Sequence[str]
    cells: Callable[[Any], Sequence[Cell]]
    rows: Callable[[], Any]
    start: dict[str, str]


def _rate_cells(rate: ExchangeRate) -> Sequence[Cell]:
    return Cell(rate.currency), Cell(day_words(rate.day)), Cell(f"{rate.rate.normalize():f}", is_number=True)


def _cost_cells(cost: CampaignCost) -> Sequence[Cell]:
    assert cost.starts_on is not None and cost.ends_on is not None
    return (
        Cell(str(cost.campaign) if cost.campaign else f"{cost.source} (source)"),
        Cell(day_words(cost.starts_on)),
        Cell(day_words(cost.ends_on)),
        Cell(f"{cost.amount:,.2f} {cost.currency}", is_number=True),
    )


RATES = Kept(
    name="rates",
    title="Exchange rates",
    about=f"What one unit of a currency is worth in {settings.CURRENCY}, from a day on until its next rate.",
    one="rate",
    form=RateForm,
    heads=("Currency", "From", f"One unit in {settings.CURRENCY}"),
    cells=_rate_cells,
    rows=ExchangeRate.objects.all,
    start={},
)
COSTS = Kept(
    name="costs",
    title="Costs",
    about="What was spent on a campaign, or on a source as a whole; spread evenly over its days.",
    one="cost",
    form=CostForm,
    heads=("For", "First day", "Last day", "Amount"),
    cells=_cost_cells,
    rows=lambda: CampaignCost.objects.select_related("campaign"),
    start={"currency": settings.CURRENCY},
)
KEPT = {kept.name: kept for kept in (RATES, COSTS)}


@require_GET
def money_list(request: HtmxRequest, what: str) -> HttpResponse:
    kept = KEPT[what]
    found = kept.rows()
    context = {
        "kept": kept,
        "rows": [(row.pk, kept.cells(row)) for row in found[:MOST_ROWS]],
        "left_out": max(found.count() - MOST_ROWS, 0),
        "can_edit": can_keep_money(request.user),
    }
    return render(request, "reports/money.html", context)


@require_http_methods(["GET", "POST"])
def money_add(request: HtmxRequest, what: str) -> HttpResponse:
    check_keeper(request)
    kept = KEPT[what]
    form = kept.form(request.POST) if request.method == "POST" else kept.form(initial=kept.start)
    return _saved(request, kept, form, pk=None)


@require_http_methods(["GET", "POST"])
def money_change(request: HtmxRequest, what: str, pk: int) -> HttpResponse:
    check_keeper(request)
    kept = KEPT[what]
    row = get_object_or_404(kept.rows(), pk=pk)
    return _saved(request, kept, kept.form(request.POST or None, instance=row), pk=pk)


@require_POST
def money_remove(request: HtmxRequest, what: str, pk: int) -> HttpResponse:
    check_keeper(request)
    kept = KEPT[what]
    row = get_object_or_404(kept.rows(), pk=pk)
    words = str(row)
    row.delete()
    messages.success(request, f"The {kept.one} “{words}” is gone.")
    return redirect("reports:money_list", what=what)


def check_keeper(request: HtmxRequest) -> None:
    if not can_keep_money(request.user):
        raise PermissionDenied("Rates and costs are entered by marketers, managers and administrators.")


def _saved(request: HtmxRequest, kept: Kept, form: MoneyForm, *, pk: int | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        row = form.save()
        messages.success(request, f"The {kept.one} “{row}” is saved.")
        return redirect("reports:money_list", what=kept.name)
    context = {"kept": kept, "form": form, "pk": pk}
    return render(request, "reports/money_form.html", context, status=422 if form.errors else 200)
