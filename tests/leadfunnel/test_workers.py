from __future__ import annotations

import pytest
from django.conf import settings

from leadfunnel.celery import app
from tests.workers import wait_until


@pytest.mark.slow
@pytest.mark.realworker
def test_a_real_worker_takes_tasks_and_stops(real_worker) -> None:
    assert real_worker.is_ready()

    app.send_task("leadfunnel.no_such_task", queue=settings.CELERY_TASK_DEFAULT_QUEUE)

    wait_until(lambda: "leadfunnel.no_such_task" in real_worker.log.read_text(), seconds=10)
    real_worker.stop()
    assert real_worker.process.returncode == 0
