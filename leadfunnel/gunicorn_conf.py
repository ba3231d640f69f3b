"""How gunicorn serves: `gunicorn -c python:leadfunnel.gunicorn_conf leadfunnel.wsgi`."""

from __future__ import annotations

from django.conf import settings

from leadfunnel.startup import GUNICORN_BOOT_ERROR, load_settings_or_exit

load_settings_or_exit(status=GUNICORN_BOOT_ERROR)

bind = f"127.0.0.1:{settings.PORT}"
# Loaded once, before the workers are forked: a refusal is said once, and workers share memory.
preload_app = True
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
timeout = 60
graceful_timeout = 10
loglevel = "warning" if settings.LOG_LEVEL == "INFO" else settings.LOG_LEVEL.lower()
# It would be one file in the home directory, shared by every installation of this user.
control_socket_disable = True
