from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["ENV_FILE"] = ""  # a developer's .env must not change what is tested
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="leadfunnel-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
# Playwright keeps an event loop in the thread of the tests, which Django takes for an asynchronous caller.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# Each of the processes that run tests side by side has its own files and its own queue.
process = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["DATA_DIR"] = os.path.join(os.environ["DATA_DIR"], process)

from leadfunnel.settings import *  # noqa: E402, F403
from leadfunnel.settings import DATA_DIR, DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: an in-memory database locks differently and other processes cannot open it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
CELERY_TASK_DEFAULT_QUEUE = f"tests-{os.getpid()}"
