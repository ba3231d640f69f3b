"""Every setting comes from the environment (or `.env`); with nothing set the program runs on this machine alone."""

from __future__ import annotations

import os
import ssl
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from leadfunnel.environment import Environment, production_problems

BASE_DIR = Path(__file__).resolve().parent.parent

# The process environment wins over the file. ENV_FILE itself is not documented: tests set it to read no file at all.
if env_file := os.environ.get("ENV_FILE", str(BASE_DIR / ".env")):
    environ.Env.read_env(env_file)
env = Environment(os.environ)

# --- Where it runs -----------------------------------------------------------------------------------------------
BUILT_IN_KEY = "leadfunnel-built-in-key-for-trying-it-out-on-one-machine-only"
DEBUG = env.flag("DEBUG", True)
SECRET_KEY = env.text("SECRET_KEY", BUILT_IN_KEY)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
# A trial of DEBUG=false without TLS, on this machine only.
PLAIN_HTTP = env.flag("PLAIN_HTTP", DEBUG)
# A proxy in front ends TLS and sets X-Forwarded-Proto and X-Forwarded-For itself.
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)
PORT = env.number("PORT", 8000, lowest=1, highest=65535)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 2, lowest=1, highest=64)
WEB_THREADS = env.number("WEB_THREADS", 8, lowest=1, highest=64)
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 2, lowest=1, highest=64)
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")

# --- Database ----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'leadfunnel.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock when it begins: taken later it fails with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options",
        # Compiling a report's statement took 240 ms of its 460; a full rescore takes as long with it as without.
        "-c jit=off"
        # What a killed process was at, or one on a host that is gone, ends within seconds or two minutes, and its
        # locks with it; what one does that has stopped in the midst of a transaction, when its lease is over.
        " -c client_connection_check_interval=5s -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=15"
        " -c tcp_keepalives_count=4 -c idle_in_transaction_session_timeout=10min",
    )
if replica := env.replica("REPLICA_DATABASE_URL", of=DATABASES["default"]):
    # What only reads, without waiting long for a copy that is away (reports/replica.py).
    replica["OPTIONS"] = {
        "connect_timeout": 3,
        "options": "-c jit=off -c default_transaction_read_only=on",
    } | replica.get("OPTIONS", {})
    DATABASES["replica"] = replica | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIRROR": "default"},
    }
DATABASE_ROUTERS = ["reports.replica.ReportsRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Each process keeps what reports count until the next fold (reports.store.kept). Of 300 entries, the default, that were
# the answers to some 70 questions; so many take about 20 MB. Nobody waits for Redis, or fails without it.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 3_000}}
}

# --- Applications ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "leadfunnel",
    "leads",
    "scoring",
    "reports",
    "leadfunnel.admin_config.LeadfunnelAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A page of tables is a tenth as large. A random length is added, so that sizes tell nothing of secrets (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "leadfunnel.middleware.ReadableMethodNotAllowed",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "leadfunnel.urls"
WSGI_APPLICATION = "leadfunnel.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leadfunnel.navigation.shell",
            ],
            "builtins": ["django.templatetags.static", "leads.templatetags.ui"],
        },
    }
]

# --- Accounts ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "leads.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# By name and address together: a stranger who guesses cannot lock a colleague out of another place.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "leadfunnel.views.locked_out"
AXES_CLIENT_IP_CALLABLE = "leadfunnel.addresses.client_address"

# --- What browsers are told --------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: for the tick and arrow pictures that Tabler keeps inside its style sheet.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "leadfunnel_session"
CSRF_COOKIE_NAME = "leadfunnel_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "leadfunnel.views.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Health probes speak plain http inside the network.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]

# --- Language, time and money ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
CURRENCY = env.matching("CURRENCY", "EUR", pattern="[A-Z]{3}", meaning="three capital letters such as EUR")

# --- Files -------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Mail and logs -----------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL", "consolemail://"))
EMAIL_TIMEOUT = 15  # seconds; only workers wait for a mail server
# Mails are written by workers, which no browser has told the address of the site.
SITE_HOST = f"127.0.0.1:{PORT}" if DEBUG or not ALLOWED_HOSTS else ALLOWED_HOSTS[0].lstrip(".")
SITE_URL = env.site_url("SITE_URL", f"{'http' if PLAIN_HTTP else 'https'}://{SITE_HOST}")
DEFAULT_FROM_EMAIL = env.sender("EMAIL_FROM", "Leadfunnel <leadfunnel@localhost.localdomain>")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", allowed=["DEBUG", "INFO", "WARNING", "ERROR"])
QUIET_LEVEL = "WARNING" if LOG_LEVEL == "INFO" else LOG_LEVEL
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print everything twice.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # One line for each start, and two for each task, every minute: only when somebody looks for trouble.
        **{
            name: {"level": QUIET_LEVEL}
            for name in ("axes", "celery.app.trace", "celery.beat", "celery.worker.strategy")
        },
    },
}

# --- Jobs --------------------------------------------------------------------------------------------------------
REDIS_URL = env.broker("REDIS_URL")
QUEUE_DIR = DATA_DIR / "queue"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    # A task of a killed worker comes back after 900 s, and the restore is tried at every chance (13 s, else up to 100).
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 30,
        # Whoever sends a message gives up at once; by default it waits 2 + 4 s for the broker to come back, in the
        # middle of a request. Workers and the scheduler wait for it by settings of their own.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
    }
    if REDIS_URL.startswith("rediss://"):
        CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
else:
    (QUEUE_DIR / "messages").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "leadfunnel.filebroker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
        "polling_interval": 0.1,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # after 100, about 50 minutes, workers and scheduler would end
# A request that cannot reach the broker goes on at once: the minutely tick finds the work in the database.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
# Two of the same task do no harm, but one that is cut off leaves a range of leads locked for the rest of its lease.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# Below the visibility timeout, so that no task runs while a second copy of it is handed out.
CELERY_TASK_SOFT_TIME_LIMIT = 780
CELERY_TASK_TIME_LIMIT = 840
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    # One that could not run in its minute is of no use in the next.
    "scoring-tick": {"task": "scoring.tasks.tick", "schedule": 60.0, "options": {"expires": 55}},
    "leads-tick": {"task": "leads.tasks.tick", "schedule": 60.0, "options": {"expires": 55}},
    "reports-tick": {"task": "reports.tasks.tick", "schedule": 60.0, "options": {"expires": 55}},
}

env.problems += production_problems(
    debug=DEBUG,
    secret_key=SECRET_KEY,
    built_in_key=BUILT_IN_KEY,
    allowed_hosts=ALLOWED_HOSTS,
    trusted_origins=CSRF_TRUSTED_ORIGINS,
    plain_http=PLAIN_HTTP,
    database_engine=DATABASES["default"]["ENGINE"],
    redis_url=REDIS_URL,
    site_url=SITE_URL,
)
env.refuse_problems()
