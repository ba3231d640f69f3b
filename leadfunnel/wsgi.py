from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from leadfunnel.startup import GUNICORN_BOOT_ERROR, check_web_or_exit, load_settings_or_exit

load_settings_or_exit(status=GUNICORN_BOOT_ERROR)

application = get_wsgi_application()

check_web_or_exit()
