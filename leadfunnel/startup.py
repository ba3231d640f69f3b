"""What has to hold before anything is served: settings that can be read, safely."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# gunicorn gives up on a worker that ends with this status; with any other it would start it again for ever.
GUNICORN_BOOT_ERROR = 3


def load_settings_or_exit(*, status: int = 1) -> None:
    """Read the settings; when they are refused, say why in one line instead of a traceback and end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as problem:
        _refuse(str(problem), status=status)


def _refuse(message: str, *, status: int) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    raise SystemExit(status)
