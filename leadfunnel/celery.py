from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")

app = Celery("leadfunnel")


@app.on_configure.connect
def refuse_bad_settings(**_: Any) -> None:
    from leadfunnel.startup import load_settings_or_exit

    load_settings_or_exit()


app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unready_database(**_: Any) -> None:
    from leadfunnel.startup import check_database_or_exit

    check_database_or_exit()


@setup_logging.connect
def leave_logging_alone(**_: Any) -> None:
    """Being connected is enough: Celery then keeps what Django's LOGGING says, LOG_LEVEL included."""
