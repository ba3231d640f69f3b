"""Edits of a draft as forms send them. Each is answered with what has changed, or with why it was not saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.conditions.builder import is_pending, typed_lines
from leads.htmx import HtmxRequest
from scoring.editor.cells import Problem, cell_id
from scoring.editor.conditions import registry_of
from scoring.editor.conflicts import conflict_sentence
from scoring.editor.desk import Notice
from scoring.editor.typed import typed_value
from scoring.models import RulebookEvent
from scoring.rulebook.additions import copied_rule, moved_group, moved_rule, new_group, new_rule
from scoring.rulebook.edit_wording import value_wording
from scoring.rulebook.editing import (
    Edit,
    EditConflict,
    EditInvalid,
    NotEditable,
    Saved,
    apply_edit,
    bring_back,
    change_draft,
    undo,
)
from scoring.rulebook.keyed import Keyed, NoSuchPlace, keyed, value_at
from scoring.rulebook.rows import document_of, vocabulary
from scoring.rulebook.steps import steps_of
from scoring.views.editor import answered, may_edit_or_403, whole_number

# Sent with each edit, and another each time.
_OF_THE_PAGE = {"csrfmiddlewaretoken", "seen", "revive", "since", "here", "open"}
Change = Callable[[], Saved]


@require_POST
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """One field, a place, or a deletion. “keep” leaves what somebody else has put there."""
    may_edit_or_403(request, pk)
    path = request.POST.get("path", "")
    if path.endswith(".conditions"):  # they have a form of their own
        return edit_conditions(request, pk)
    if request.POST.get("choice") == "keep":
        return answered(request, pk, path=path)
    change = Edit(path, typed_value(path, request.POST), whole_number(request.POST, "seen") or 0)
    at = timezone.now()
    if request.POST.get("revive"):
        deletion = get_object_or_404(RulebookEvent, rulebook=pk, pk=whole_number(request.POST, "revive") or 0)
        return saved(
            request,
            pk,
            change,
            lambda: bring_back(draft=pk, deletion=deletion, edit=change, by=request.user, at=at),
        )
    return saved(request, pk, change, lambda: apply_edit(draft=pk, edit=change, by=request.user, at=at))


@require_POST
def edit_conditions(request: HtmxRequest, pk: int) -> HttpResponse:
    """All conditions of a rule. While one of them lacks its value, nothing is saved, and nothing is lost."""
    book = may_edit_or_403(request, pk)
    path = request.POST.get("path", "")
    if request.POST.get("choice") == "keep":
        return answered(request, pk, path=path)
    rule = keyed(document_of(book))["rules"].get(path.removeprefix("rules.").removesuffix(".conditions"))
    registry = registry_of(rule["kind"] if rule else "fit", vocabulary())
    lines = typed_lines(request.POST, registry)
    if rule and any(is_pending(line) for line in lines):
        return answered(request, pk, path=path, problems={path: Problem(lines)})
    value = [line.json for line in lines]
    change = Edit(path, value, whole_number(request.POST, "seen") or 0)
    at = timezone.now()
    return saved(
        request, pk, change, lambda: apply_edit(draft=pk, edit=change, by=request.user, at=at), typed=lines
    )


@require_POST
def arrange(request: HtmxRequest, pk: int) -> HttpResponse:
    """Add, copy or move by a button: the edit is made from what the draft is at that moment."""
    may_edit_or_403(request, pk)
    made: list[str] = []

    def make(doc: Keyed) -> Edit:
        found = _arranged(doc, request)
        made.append(found.path)
        return found

    def change() -> Saved:
        return change_draft(draft=pk, make=make, by=request.user, at=timezone.now())

    is_new = request.POST.get("action", "").startswith(("add", "copy"))
    return saved(request, pk, None, change, open_new=made if is_new else None)


def _arranged(doc: Keyed, request: HtmxRequest) -> Edit:
    data = request.POST
    key, action = data.get("key", ""), data.get("action", "")
    match action:
        case "copy":
            return copied_rule(doc, key)
        case "up" | "down":
            return moved_rule(doc, key, down=action == "down")
        case "group-up" | "group-down":
            return moved_group(doc, key, down=action == "group-down")
        case "add-group":
            return new_group(doc, dimension=key)
        case "add-fit" | "add-engagement" | "add-silence":
            kind = action.removeprefix("add-")
            return new_rule(doc, kind=kind, group=key, activity_types=vocabulary().activity_types)
    raise NoSuchPlace(f"“{action}” is nothing that can be done here. Reload the page and try again.")


@require_POST
def take_back(request: HtmxRequest, pk: int) -> HttpResponse:
    """Undo or redo: the user's own last step, or one edit by its id."""
    book = may_edit_or_403(request, pk)
    steps = steps_of(book, request.user)
    event = steps.redo if request.POST.get("step") == "redo" else steps.undo
    if request.POST.get("event"):
        event = get_object_or_404(RulebookEvent, rulebook=pk, pk=whole_number(request.POST, "event") or 0)
    if event is None:
        return answered(request, pk, notice=Notice("There is nothing to take back.", "info"))
    at = timezone.now()
    return saved(request, pk, None, lambda: undo(draft=pk, event=event, by=request.user, at=at))


# What came of it ----------------------------------------------------------------------------------------


def saved(
    request: HtmxRequest,
    pk: int,
    wanted: Edit | None,
    change: Change,
    *,
    typed: Any = None,
    open_new: list[str] | None = None,
) -> HttpResponse:
    """Do it, and answer with what has changed; or with why not, at the field where there is one."""
    path = wanted.path if wanted else ""
    try:
        done = change()
    except (NoSuchPlace, NotEditable) as refusal:
        return answered(request, pk, notice=Notice(str(refusal), "warning"), status=409)
    except EditInvalid as refusal:
        if wanted is None or _is_structure(path):
            return answered(request, pk, notice=Notice(str(refusal), "warning"), status=422)
        problem = Problem(wanted.value if typed is None else typed, refusal.sentences, refusal.mistakes)
        return answered(request, pk, path=path, problems={path: problem}, status=422)
    except EditConflict as conflict:
        return _conflicting(request, pk, conflict, typed)
    if open_new:
        return answered(request, pk, path=open_new[0], focus=cell_id(f"{open_new[0]}.name"))
    return answered(request, pk, path=path, notice=_deleted(pk, done))


def _is_structure(path: str) -> bool:
    """Whether no field stands for the path: a whole rule or group, or a place."""
    return (
        path == "document"
        or path.endswith(".place")
        or (path.count(".") == 1 and path.startswith(("rules.", "groups.")))
    )


def _conflicting(request: HtmxRequest, pk: int, conflict: EditConflict, typed: Any) -> HttpResponse:
    path, sentence = conflict.edit.path, conflict_sentence(conflict, at=timezone.now())
    book = may_edit_or_403(request, pk)
    if conflict.is_gone or _is_structure(path) or "path" not in request.POST:
        again = [(name, value) for name, values in request.POST.lists() for value in values]
        fields = [
            item
            for item in again
            if item[0] not in ("seen", "csrfmiddlewaretoken", "revive", "since", "here", "open")
        ]
        fields.append(("seen", str(book.revision)))
        action = "Do it anyway"
        if conflict.is_gone:
            fields.append(("revive", str(conflict.theirs.pk)))
            action = "Bring it back with yours"
        able = action if "path" in request.POST else ""
        return answered(
            request, pk, notice=Notice(sentence, "warning", able, request.path, fields), status=409
        )
    theirs = value_wording(path, value_at(keyed(document_of(book)), path))
    problem = Problem(
        conflict.edit.value if typed is None else typed,
        (sentence,),
        is_conflict=True,
        theirs=theirs,
        yours=value_wording(path, conflict.edit.value),
    )
    return answered(request, pk, path=path, problems={path: problem}, status=409)


def _deleted(pk: int, done: Saved) -> Notice | None:
    """A deletion is said, with a way back."""
    event = done.event
    if event is None or event.after is not None or not _is_structure(event.path):
        return None
    url = reverse("scoring:take_back", args=[pk])
    return Notice(f"{event.what}.", "success", "Undo", url, [("event", str(event.pk))])
