from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from leadfunnel.celery import app
from tests.workers import wait_until


@pytest.mark.slow
@pytest.mark.realworker
def test_a_real_worker_takes_tasks_and_stops(real_worker) -> None:
    assert real_worker.is_ready()

    app.send_task("leadfunnel.no_such_task", queue=settings.CELERY_TASK_DEFAULT_QUEUE)

    wait_until(lambda: "leadfunnel.no_such_task" in real_worker.log.read_text())
    real_worker.stop()
    assert real_worker.process.returncode == 0


SEND = """
import time
from leadfunnel.celery import app
begun = time.monotonic()
try:
    app.send_task("leadfunnel.no_such_task")
except Exception as error:
    print(type(error).__name__, time.monotonic() - begun)
"""


@pytest.mark.slow
def test_sender_does_not_wait_for_a_broker_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: whoever connects is refused
        taken.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        sent = subprocess.run(
            [sys.executable, "-c", SEND],
            env={**os.environ, "REDIS_URL": url, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    refusal, seconds = sent.stdout.split()
    assert refusal == "OperationalError"
    assert float(seconds) < 5  # with kombu's own pauses it was 6
