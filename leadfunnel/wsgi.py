from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from leadfunnel.startup import (
    GUNICORN_BOOT_ERROR,
    check_static_files_or_exit,
    check_web_database_or_exit,
    load_settings_or_exit,
)

load_settings_or_exit(status=GUNICORN_BOOT_ERROR)
check_static_files_or_exit()

application = get_wsgi_application()

check_web_database_or_exit()
