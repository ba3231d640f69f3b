"""Drafts from files, and rulebooks as files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from leads.htmx import HtmxRequest
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.document import read_form, to_json, write_document
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, EditConflict, EditInvalid, apply_edit
from scoring.rulebook.reading import RulebookError, parse_json
from scoring.rulebook.rows import form_of, vocabulary
from scoring.views.editor import is_open, may_edit_or_403, whole_number
from scoring.views.versions import visible

MAX_MEGABYTES = 5


class ImportForm(forms.Form):
    """A rulebook file, chosen or pasted."""

    file = forms.FileField(
        required=False,
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".json,application/json"}),
    )
    text = forms.CharField(
        required=False,
        label="Or paste it",
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "form-control lf-import__text", "rows": 14, "spellcheck": "false"}
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is not None and file.size > MAX_MEGABYTES * 1024 * 1024:
            raise forms.ValidationError(
                f"The file is larger than {MAX_MEGABYTES} MB; no rulebook needs that much."
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not (cleaned.get("text") or "").strip():
            raise forms.ValidationError("Choose a file, or paste the text of one.")
        return cleaned

    @property
    def content(self) -> bytes:
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else str(self.cleaned_data["text"]).encode("utf-8", "replace")


@require_http_methods(["GET", "POST"])
def import_draft(request: HtmxRequest) -> HttpResponse:
    """A new draft from a file."""
    _only_editors(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_bound or not form.is_valid():
        return _import_page(request, form)
    try:
        draft = create_draft(document=parse_json(form.content), by=request.user, at=timezone.now())
    except (ScoringError, RulebookError) as refusal:
        return _import_page(request, form, mistakes=str(refusal).splitlines())
    return redirect("scoring:editor", draft.pk)


@require_http_methods(["GET", "POST"])
def replace_draft(request: HtmxRequest, pk: int) -> HttpResponse:
    """All of a draft replaced by a file, as one edit that can be undone."""
    book = may_edit_or_403(request, pk)
    if not is_open(book):
        return redirect("scoring:version", pk)
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_bound or not form.is_valid():
        return _import_page(request, form, book)
    try:
        value = to_json(read_form(parse_json(form.content), vocabulary()))
        # What the page showed is replaced, and nothing that somebody has written since.
        edit = Edit("document", value, whole_number(request.POST, "seen") or 0)
        apply_edit(draft=pk, edit=edit, by=request.user, at=timezone.now())
    except EditConflict as refusal:
        again = f"{refusal} Import it again to replace that, too."
        return _import_page(request, form, book, mistakes=[again], seen=book.revision)
    except EditInvalid as refusal:
        return _import_page(request, form, book, mistakes=refusal.sentences)
    except (ScoringError, RulebookError) as refusal:
        return _import_page(request, form, book, mistakes=str(refusal).splitlines())
    messages.success(request, "The draft is what the file says. Undo brings back what it was.")
    return redirect("scoring:editor", pk)


@require_GET
def export(request: HtmxRequest, pk: int) -> HttpResponse:
    """The rulebook as an interchange file."""
    book = visible(request, pk)
    try:
        text = write_document(form_of(book))
    except RulebookError as error:
        messages.error(request, f"This rulebook cannot be written to a file: {error}")
        return redirect("scoring:version", pk)
    number = f"version-{book.number}" if book.number else f"draft-{book.pk}"
    name = f"{slugify(book.name) or 'rulebook'}-{number}.json"
    return HttpResponse(
        text,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _only_editors(request: HtmxRequest) -> None:
    if not can_edit_rulebooks(request.user):
        raise PermissionDenied("Only marketers make drafts of the rulebook.")


def _import_page(
    request: HtmxRequest,
    form: ImportForm,
    book: Rulebook | None = None,
    *,
    mistakes: Any = (),
    seen: int | None = None,
) -> HttpResponse:
    """`seen`: the revision that the page shows; None: the one it showed before, or today's on the first look."""
    wrong = bool(mistakes) or bool(form.is_bound and form.errors)
    if seen is None and book is not None:
        seen = whole_number(request.POST, "seen") or (0 if form.is_bound else book.revision)
    context = {"form": form, "book": book, "mistakes": list(mistakes), "seen": seen}
    return render(request, "scoring/import.html", context, status=422 if wrong else 200)
