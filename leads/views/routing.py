"""Routing: the rules, the form of one, and what may be done to them."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import RoutingEdit, RoutingRules
from leads.permissions import can_edit_routing
from leads.routing import drafting
from leads.routing.document import in_force
from leads.routing.facts import routing_fields
from leads.routing.page import rules_page
from leads.routing.sheet import RuleSheet, refused, sheet_of, typed_sheet

EDITORS = "Rules of routing are edited by sales managers and administrators."
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@require_GET
def routing_rules(request: HtmxRequest) -> HttpResponse:
    return show_rules(request)


def show_rules(request: HtmxRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"page": rules_page(user=request.user), "undo": None, "refusal": "", **more}
    return render_part(request, "leads/routing.html", "leads/routing/_rules.html", context, status=status)


@require_http_methods(["GET", "POST"])
def routing_rule(request: HtmxRequest) -> HttpResponse:
    """The form of one rule, by `key`; without one, of a new rule. Nothing is saved but by its button."""
    _may_edit_or_403(request)
    registry, shown = routing_fields(), drafting.edited()
    if request.method == "POST":
        sheet = typed_sheet(request.POST, registry, seen=number(request.POST, "seen"))
        return _save(request, sheet) if "save" in request.POST else _show_form(request, sheet)
    rules = {rule["key"]: rule for rule in shown.document["rules"]}
    key = request.GET.get("key", "")
    if key and key not in rules:
        raise Http404("There is no such rule in the draft.")
    found = next((rule for rule in drafting.rules_of(shown) if rule.key == key), None)
    return _show_form(request, sheet_of(found, registry, seen=shown.revision))


def _save(request: HtmxRequest, sheet: RuleSheet) -> HttpResponse:
    if not sheet.is_complete:
        return _show_form(request, refused(sheet), status=422)
    try:
        change = drafting.saved(sheet.rule(), seen=sheet.seen)
        done = drafting.edit(change=change, by=request.user, at=timezone.now())
    except drafting.RulesRefused as refusal:
        return _show_form(request, refused(sheet, *refusal.sentences), status=422)
    except drafting.RuleChanged as conflict:
        words = f"{conflict} Save again to put yours in its place, or open the rule anew to see theirs."
        again = typed_sheet(request.POST, sheet.registry, seen=drafting.edited().revision)
        return _show_form(request, refused(again, words), status=409)
    messages.success(request, f"{done.what}. It is in the draft, and not in force yet.")
    url = reverse("leads:routing")
    return HttpResponseClientRedirect(url) if wants_part(request) else redirect(url)


def _show_form(request: HtmxRequest, sheet: RuleSheet, *, status: int = 200) -> HttpResponse:
    context = {"sheet": sheet}
    return render_part(
        request, "leads/routing_rule.html", "leads/routing/_rule_form.html", context, status=status
    )


@require_POST
def routing_arrange(request: HtmxRequest) -> HttpResponse:
    """Move, switch, copy or delete a rule; take an edit back; give the draft up, or go back to an earlier list."""
    _may_edit_or_403(request)
    try:
        done = drafting.edit(change=_asked(request.POST), by=request.user, at=timezone.now())
    except drafting.RulesRefused as refusal:
        return show_rules(request, status=409, refusal=str(refusal))
    if not wants_part(request):
        messages.success(request, f"{done.what}.")
        return redirect("leads:routing")
    return show_rules(request, undo=done)


def _asked(data: QueryDict) -> drafting.Change:
    key, action = data.get("key", ""), data.get("action", "")
    match action:
        case "up" | "down":
            return drafting.moved(key, step=-1 if action == "up" else 1)
        case "place":
            return drafting.moved(key, before=data.get("before") or None)
        case "on" | "off":
            return drafting.switched(key, on=action == "on")
        case "copy":
            return drafting.copied(key)
        case "delete":
            return drafting.deleted(key)
        case "take_back":
            return drafting.taken_back(get_object_or_404(RoutingEdit, pk=number(data, "edit")))
        case "restore":
            return drafting.replaced_by(get_object_or_404(RoutingRules, number=number(data, "list")))
        case "give_up":
            return drafting.replaced_by(in_force())
    raise Http404("This is nothing that can be done to rules.")


@require_POST
def routing_put_in_force(request: HtmxRequest) -> HttpResponse:
    """The draft, as it was seen, becomes the rules."""
    _may_edit_or_403(request)
    note = request.POST.get("note", "").replace("\0", "")
    try:
        done = drafting.put_in_force(
            by=request.user, at=timezone.now(), seen=number(request.POST, "seen"), note=note
        )
    except drafting.RulesRefused as refusal:
        return show_rules(request, status=409, refusal=str(refusal))
    messages.success(request, f"List {done.number} is in force: it holds from the next lead on.")
    return redirect("leads:routing")


def _may_edit_or_403(request: HtmxRequest) -> None:
    if not can_edit_routing(request.user):
        raise PermissionDenied(EDITORS)


def number(data: QueryDict, name: str) -> int:
    """A whole number that was posted; 0 for anything else."""
    text = data.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else 0
