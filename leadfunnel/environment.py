"""Reads settings from the environment, strictly, and gathers every problem so that one message names them all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "::1", "testserver"})


class Environment:
    """One reader a start. A bad value is remembered in `problems` and the default used until `refuse_problems()`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[str] = []
        # What settings.py asked for: a test compares it with .env.example and the README.
        self.names: list[str] = []

    def text(self, name: str, default: str) -> str:
        """The value without surrounding blanks; an empty value counts as not set."""
        if name not in self.names:
            self.names.append(name)
        return self._values.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in {"true", "false"}:
            self.problems.append(f"{name} must be true or false, not {value!r}.")
            return default
        return value == "true"

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            self.problems.append(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}.")
            return default
        return int(value)

    def words(self, name: str, default: Sequence[str]) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name, ",".join(default)).split(",") if word.strip()]

    def choice(self, name: str, default: str, *, allowed: Sequence[str]) -> str:
        value = self.text(name, default).upper()
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
            return default
        return value

    def matching(self, name: str, default: str, *, pattern: str, meaning: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(pattern, value):
            self.problems.append(f"{name} must be {meaning}, not {value!r}.")
            return default
        return value

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value not in available_timezones():
            self.problems.append(
                f"{name} must be a time zone of the IANA database such as Europe/Berlin or UTC, not {value!r}."
            )
            return default
        return value

    def folder(self, name: str, default: Path) -> Path:
        """A folder that this process can write to; it is made when missing."""
        path = Path(self.text(name, str(default))).expanduser().absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.problems.append(f"{name} must be a folder that can be written to; {path}: {error.strerror}.")
            return default
        return path

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A Django DATABASES entry from a postgres:// or sqlite:// address."""
        url = self.text(name, default)
        config = _database_config(url)
        if config is None:
            self.problems.append(
                f"{name} must look like postgres://user:password@host:5432/name or sqlite:////path/to/file,"
                f" not {_without_password(url)!r}."
            )
            return _database_config(default) or {}
        return config

    def replica(self, name: str, *, of: Mapping[str, Any]) -> dict[str, Any] | None:
        """A Django DATABASES entry for a copy of a PostgreSQL database that is only read; None for none."""
        url = self.text(name, "")
        config = _database_config(url) if url.startswith(("postgres://", "postgresql://")) else None
        if url and config is None:
            self.problems.append(
                f"{name} must look like postgres://user:password@host:5432/name, not {_without_password(url)!r}."
            )
        if config and of["ENGINE"].endswith("sqlite3"):
            self.problems.append(
                f"{name} needs DATABASE_URL to be PostgreSQL: it is a copy of that database."
            )
            return None
        return config

    def broker(self, name: str) -> str:
        """A redis:// or rediss:// address, or '' for the embedded broker in DATA_DIR."""
        url = self.text(name, "")
        if url and not re.fullmatch(r"rediss?://[^\s/]+(/[0-9]{1,3})?(\?\S*)?", url):
            self.problems.append(
                f"{name} must look like redis://host:6379/0, not {_without_password(url)!r}."
            )
            return ""
        return url

    def email(self, name: str, default: str) -> dict[str, Any]:
        """The EMAIL_* settings from an address such as smtp+tls://user:password@host:587."""
        url = self.text(name, default)
        scheme = urlsplit(url).scheme
        if scheme not in environ.Env.EMAIL_SCHEMES:
            allowed = ", ".join(sorted(f"{known}://" for known in environ.Env.EMAIL_SCHEMES))
            self.problems.append(f"{name} must start with one of {allowed}, not {_without_password(url)!r}.")
            return dict(environ.Env.email_url_config(default))
        return dict(environ.Env.email_url_config(url))

    def site_url(self, name: str, default: str) -> str:
        """The address of the site as people type it, without a slash at its end."""
        url = self.text(name, default).rstrip("/")
        parts = _split(url)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
            self.problems.append(
                f"{name} must be the address of this site such as https://leads.example.com, not"
                f" {_without_password(url)!r}."
            )
            return default
        return url

    def sender(self, name: str, default: str) -> str:
        """An e-mail address, with a name before it or not."""
        value = self.text(name, default)
        try:
            validate_email(parseaddr(value)[1])
        except ValidationError:
            self.problems.append(
                f"{name} must be an address such as Leadfunnel <leadfunnel@example.com>, not {value!r}."
            )
            return default
        return value

    def refuse_problems(self) -> None:
        """Raise ImproperlyConfigured naming everything that has to be set, when there is anything."""
        if self.problems:
            raise ImproperlyConfigured("Leadfunnel cannot start. " + " ".join(self.problems))


def _database_config(url: str) -> dict[str, Any] | None:
    parts = _split(url)
    if parts is None or parts.scheme not in {"postgres", "postgresql", "sqlite"}:
        return None
    if not parts.path.strip("/"):
        return None
    return dict(environ.Env.db_url_config(url))


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is not a number
    except ValueError:
        return None
    return parts


def _without_password(url: str) -> str:
    # Messages end up in logs.
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", url)


def production_problems(
    *,
    debug: bool,
    secret_key: str,
    built_in_key: str,
    allowed_hosts: Sequence[str],
    trusted_origins: Sequence[str],
    plain_http: bool,
    database_engine: str,
    redis_url: str,
    site_url: str = "",
) -> list[str]:
    """Why this combination would be unsafe to serve: one sentence for each setting to change."""
    problems = _host_problems(debug=debug, allowed_hosts=allowed_hosts, plain_http=plain_http)
    reachable = not LOOPBACK_HOSTS.issuperset(allowed_hosts)
    if secret_key == built_in_key and (not debug or reachable):
        problems.append(
            "Set SECRET_KEY: the built-in key is public. Make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe(50))'."
        )
    elif not debug and (len(secret_key) < 50 or len(set(secret_key)) < 5):
        problems.append("Set SECRET_KEY to at least 50 random characters.")
    for origin in trusted_origins:
        if not re.fullmatch(r"https://[^/\s]+" if not plain_http else r"https?://[^/\s]+", origin):
            problems.append(
                f"CSRF_TRUSTED_ORIGINS must hold addresses such as https://example.com, not {origin!r}."
            )
    if not debug and not plain_http and site_url.startswith("http://"):
        problems.append(f"SITE_URL must begin with https://, not {site_url!r}: links in mails lead there.")
    shared_broker = redis_url and urlsplit(redis_url).hostname not in LOOPBACK_HOSTS
    if not debug and database_engine.endswith("sqlite3") and shared_broker:
        problems.append(
            "Set DATABASE_URL to PostgreSQL: a broker on another host means several hosts, and SQLite serves one."
        )
    return problems


def _host_problems(*, debug: bool, allowed_hosts: Sequence[str], plain_http: bool) -> list[str]:
    problems = []
    if not debug and not allowed_hosts:
        problems.append("Set ALLOWED_HOSTS to the host names of this site, such as leads.example.com.")
    if any("*" in host for host in allowed_hosts):
        problems.append(
            "Set ALLOWED_HOSTS to host names such as leads.example.com: * lets any site pose as this."
        )
    elif not debug and plain_http and not LOOPBACK_HOSTS.issuperset(allowed_hosts):
        problems.append(
            "Set PLAIN_HTTP=false, or ALLOWED_HOSTS=127.0.0.1: without TLS passwords can be read."
        )
    return problems
