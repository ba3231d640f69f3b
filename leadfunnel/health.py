"""GET /healthz: can this process reach what it needs? For load balancers and monitors; no login."""

from __future__ import annotations

import logging
import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError as BrokerError

from leadfunnel.celery import app
from leadfunnel.startup import NotReady, check_database

logger = logging.getLogger(__name__)


@login_not_required
@require_GET
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with `{"database": "ok", "broker": "ok"}`, or 503 with the part that fails; the reason is in the log."""
    parts = {"database": _database_problem(), "broker": _broker_problem()}
    for part, problem in parts.items():
        if problem:
            logger.error("healthz: %s: %s", part, problem)
    body = {part: "not ready" if problem else "ok" for part, problem in parts.items()}
    return JsonResponse(body, status=503 if any(parts.values()) else 200)


def _database_problem() -> str:
    try:
        check_database()
    except NotReady as problem:
        return str(problem)
    return ""


def _broker_problem() -> str:
    if not settings.REDIS_URL:
        folder = settings.QUEUE_DIR / "messages"
        return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} cannot be written to"
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
    except (BrokerError, OSError) as error:
        return str(error)
    return ""
