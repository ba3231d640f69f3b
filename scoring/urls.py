from __future__ import annotations

from django.urls import path

from scoring.views.backtests import backtest, backtest_leads, backtests
from scoring.views.definitions import definitions, review
from scoring.views.draft_files import export, import_draft, replace_draft
from scoring.views.editor import changes, editor
from scoring.views.edits import arrange, edit, edit_conditions, take_back
from scoring.views.effect import effect, effect_all, effect_count
from scoring.views.evidence import evidence, evidence_handoffs, evidence_try
from scoring.views.feedback import feedback, feedback_answer, feedback_news
from scoring.views.known_values import known_lead_values, known_values
from scoring.views.lint import lint
from scoring.views.rulebook import rulebook
from scoring.views.runs import nightly_hour, rescore, run, run_cancel, runs
from scoring.views.studies import study, study_cancel
from scoring.views.trial import effect_try
from scoring.views.version_actions import (
    version_comment,
    version_copy,
    version_discard,
    version_publish,
    version_restore,
    version_roll_back,
    version_sign,
    version_withdraw,
)
from scoring.views.versions import version, versions
from scoring.views.weights import weights, weights_apply, weights_result
from scoring.views.why import what_next, why, why_changed

app_name = "scoring"

urlpatterns = [
    path("", versions, name="versions"),
    path("definitions/", definitions, name="definitions"),
    path("<row:pk>/review/", review, name="review"),
    path("live/", rulebook, name="rulebook"),
    path("<row:pk>/", version, name="version"),
    path("<row:pk>/effect/", effect, name="effect"),
    path("<row:pk>/try/", effect_try, name="effect_try"),
    path("<row:pk>/effect/all/", effect_all, name="effect_all"),
    path("effects/<row:pk>/", effect_count, name="effect_count"),
    path("<row:pk>/copy/", version_copy, name="version_copy"),
    path("<row:pk>/rollback/", version_roll_back, name="version_roll_back"),
    path("<row:pk>/sign/", version_sign, name="version_sign"),
    path("<row:pk>/withdraw/", version_withdraw, name="version_withdraw"),
    path("<row:pk>/publish/", version_publish, name="version_publish"),
    path("<row:pk>/comment/", version_comment, name="version_comment"),
    path("<row:pk>/discard/", version_discard, name="version_discard"),
    path("<row:pk>/restore/", version_restore, name="version_restore"),
    path("<row:pk>/lint/", lint, name="lint"),
    path("<row:pk>/weights/", weights, name="weights"),
    path("weights/<row:pk>/", weights_result, name="weights_result"),
    path("weights/<row:pk>/apply/", weights_apply, name="weights_apply"),
    path("evidence/", evidence, name="evidence"),
    path("evidence/try/", evidence_try, name="evidence_try"),
    path("evidence/handoffs/", evidence_handoffs, name="evidence_handoffs"),
    path("feedback/", feedback, name="feedback"),
    path("feedback/news/", feedback_news, name="feedback_news"),
    path("feedback/answer/", feedback_answer, name="feedback_answer"),
    path("new/import/", import_draft, name="draft_import"),
    path("<row:pk>/export/", export, name="export"),
    path("<row:pk>/edit/", editor, name="editor"),
    path("<row:pk>/edit/changes/", changes, name="editor_changes"),
    path("<row:pk>/edit/save/", edit, name="edit"),
    path("<row:pk>/edit/conditions/", edit_conditions, name="edit_conditions"),
    path("<row:pk>/edit/arrange/", arrange, name="arrange"),
    path("<row:pk>/edit/back/", take_back, name="take_back"),
    path("<row:pk>/edit/import/", replace_draft, name="draft_replace"),
    path("<row:pk>/edit/values/", known_values, name="known_values"),
    path("values/", known_lead_values, name="known_lead_values"),
    path("why/<row:pk>/", why, name="why"),
    path("runs/", runs, name="runs"),
    path("runs/rescore/", rescore, name="rescore"),
    path("runs/hour/", nightly_hour, name="nightly_hour"),
    path("runs/<row:pk>/", run, name="run"),
    path("runs/<row:pk>/cancel/", run_cancel, name="run_cancel"),
    path("<row:pk>/backtests/", backtests, name="backtests"),
    path("backtests/<row:pk>/", backtest, name="backtest"),
    path("backtests/<row:pk>/leads/", backtest_leads, name="backtest_leads"),
    path("studies/<row:pk>/", study, name="study"),
    path("studies/<row:pk>/cancel/", study_cancel, name="study_cancel"),
    path("why/<row:pk>/changed/", why_changed, name="why_changed"),
    path("why/<row:pk>/next/", what_next, name="what_next"),
]
