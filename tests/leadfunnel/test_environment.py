from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from leadfunnel.environment import Environment, production_problems


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("FALSE", False), (" true ", True), ("", True)]
)
def test_flag_takes_true_and_false(value, expected) -> None:
    env = Environment({"DEBUG": value})

    assert env.flag("DEBUG", True) is expected
    assert env.problems == []


@pytest.mark.parametrize("value", ["yes", "1", "on", "tru", "True!"])
def test_flag_takes_nothing_else(value) -> None:
    env = Environment({"DEBUG": value})

    env.flag("DEBUG", True)

    assert env.problems == [f"DEBUG must be true or false, not {value.lower()!r}."]


@pytest.mark.parametrize("value", ["0", "65536", "-1", "80a", "8e3", "٣", "9" * 400])
def test_number_outside_its_range_is_refused(value) -> None:
    env = Environment({"PORT": value})

    assert env.number("PORT", 8000, lowest=1, highest=65535) == 8000
    assert len(env.problems) == 1
    assert "PORT must be a whole number from 1 to 65535" in env.problems[0]


@pytest.mark.parametrize("value", ["Mars", "Europe/Berlim", "../etc/passwd", "UTC+1"])
def test_zone_outside_the_iana_database_is_refused(value) -> None:
    env = Environment({"TIME_ZONE": value})

    assert env.zone("TIME_ZONE", "UTC") == "UTC"
    assert value in env.problems[0]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@host/db",
        "postgres://host",
        "nonsense",
        "postgres://u:secret@host:port/db",
        "sqlite://",
        "http://[",
    ],
)
def test_database_address_of_no_use_is_refused_without_showing_the_password(url) -> None:
    env = Environment({"DATABASE_URL": url})

    config = env.database("DATABASE_URL", "sqlite:////tmp/x")

    assert config["ENGINE"].endswith("sqlite3")
    assert "DATABASE_URL must look like postgres://" in env.problems[0]
    assert "secret" not in env.problems[0]


def test_database_address_is_read() -> None:
    env = Environment({"DATABASE_URL": "postgres://u:p%40ss@db.example.com:6543/leads?sslmode=require"})

    config = env.database("DATABASE_URL", "sqlite:////tmp/x")

    assert config["ENGINE"].endswith("postgresql")
    assert (config["USER"], config["PASSWORD"], config["HOST"], config["PORT"], config["NAME"]) == (
        "u",
        "p@ss",
        "db.example.com",
        6543,
        "leads",
    )
    assert config["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize("url", ["amqp://host", "redis://", "localhost:6379", "redis://:secret@host:6379/a"])
def test_broker_other_than_redis_is_refused(url) -> None:
    env = Environment({"REDIS_URL": url})

    assert env.broker("REDIS_URL") == ""
    assert "REDIS_URL must look like redis://" in env.problems[0]
    assert "secret" not in env.problems[0]


@pytest.mark.parametrize(
    "url", ["", "redis://host", "redis://:p@host:6379/2", "rediss://u:p@host:6380/0?x=1"]
)
def test_redis_and_the_embedded_broker_are_taken(url) -> None:
    env = Environment({"REDIS_URL": url})

    assert env.broker("REDIS_URL") == url
    assert env.problems == []


def test_email_address_of_an_unknown_kind_is_refused() -> None:
    env = Environment({"EMAIL_URL": "pigeon://roof"})

    env.email("EMAIL_URL", "consolemail://")

    assert "EMAIL_URL must start with one of" in env.problems[0]
    assert "smtp+tls://" in env.problems[0]


def test_folder_that_cannot_be_made_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    env = Environment({"DATA_DIR": str(tmp_path / "file" / "var")})

    env.folder("DATA_DIR", tmp_path)

    assert "DATA_DIR must be a folder that can be written to" in env.problems[0]


def test_all_problems_are_named_at_once() -> None:
    env = Environment({"DEBUG": "yes", "PORT": "x", "CURRENCY": "euro"})
    env.flag("DEBUG", True)
    env.number("PORT", 8000, lowest=1, highest=65535)
    env.matching("CURRENCY", "EUR", pattern="[A-Z]{3}", meaning="three capital letters")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.refuse_problems()

    assert all(name in str(refusal.value) for name in ("DEBUG", "PORT", "CURRENCY"))


GOOD_KEY = "b8vZ3kq1xT9w7LrYpN5sHcJd2FmGaQeU6oiVtRzXW4KPBn0yEC"
SAFE = {
    "debug": False,
    "secret_key": GOOD_KEY,
    "built_in_key": "built-in",
    "allowed_hosts": ["leads.example.com"],
    "trusted_origins": ["https://leads.example.com"],
    "plain_http": False,
    "database_engine": "django.db.backends.postgresql",
    "redis_url": "redis://redis.example.com/0",
}
TRYING = SAFE | {
    "debug": True,
    "secret_key": "built-in",
    "allowed_hosts": ["127.0.0.1"],
    "trusted_origins": [],
}


@pytest.mark.parametrize(
    "settings", [SAFE, TRYING, SAFE | {"plain_http": True, "allowed_hosts": ["localhost"]}]
)
def test_safe_settings_are_taken(settings) -> None:
    assert production_problems(**settings) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": "built-in"}, "SECRET_KEY"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"secret_key": "a" * 60}, "SECRET_KEY"),
        ({"allowed_hosts": []}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["*"]}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["leads.example.com", "*.com"]}, "ALLOWED_HOSTS"),
        ({"trusted_origins": ["leads.example.com"]}, "CSRF_TRUSTED_ORIGINS"),
        ({"trusted_origins": ["http://leads.example.com"]}, "CSRF_TRUSTED_ORIGINS"),
        ({"plain_http": True}, "PLAIN_HTTP"),
        ({"database_engine": "django.db.backends.sqlite3"}, "DATABASE_URL"),
        ({"debug": True, "secret_key": "built-in"}, "SECRET_KEY"),
        ({"site_url": "http://leads.example.com"}, "SITE_URL"),
    ],
)
def test_unsafe_settings_are_refused_by_name(change, named) -> None:
    problems = production_problems(**(SAFE | change))

    assert len(problems) == 1
    assert named in problems[0]


@pytest.mark.parametrize(
    "value", ["leads.example.com", "ftp://x.example", "https://", "https://x.example/leads", "http://x:y"]
)
def test_site_url_is_an_address_without_a_path(value) -> None:
    env = Environment({"SITE_URL": value})

    assert env.site_url("SITE_URL", "https://default.example") == "https://default.example"
    assert "SITE_URL must be the address" in env.problems[0]


def test_site_url_loses_the_slash_at_its_end() -> None:
    assert Environment({"SITE_URL": "https://x.example/"}).site_url("SITE_URL", "") == "https://x.example"


@pytest.mark.parametrize("value", ["leadfunnel", "Lead <x>", "@example.com"])
def test_sender_is_an_address(value) -> None:
    env = Environment({"EMAIL_FROM": value})

    env.sender("EMAIL_FROM", "a@b.example")

    assert "EMAIL_FROM must be an address" in env.problems[0]


POSTGRES, SQLITE = {"ENGINE": "django.db.backends.postgresql"}, {"ENGINE": "django.db.backends.sqlite3"}


def test_replica_is_a_database_of_postgresql_or_none() -> None:
    env = Environment({"REPLICA_DATABASE_URL": "postgres://reader:secret@copy:5433/leadfunnel"})

    replica = env.replica("REPLICA_DATABASE_URL", of=POSTGRES)

    assert replica is not None
    assert (replica["HOST"], replica["PORT"], replica["USER"]) == ("copy", 5433, "reader")
    assert Environment({}).replica("REPLICA_DATABASE_URL", of=POSTGRES) is None
    assert env.problems == []


@pytest.mark.parametrize(
    ("url", "of", "problem"),
    [
        (
            "sqlite:////tmp/copy.sqlite3",
            POSTGRES,
            "REPLICA_DATABASE_URL must look like postgres://user:password@host:5432/name, "
            "not 'sqlite:////tmp/copy.sqlite3'.",
        ),
        (
            "copy",
            POSTGRES,
            "REPLICA_DATABASE_URL must look like postgres://user:password@host:5432/name, not 'copy'.",
        ),
        (
            "postgres://copy/leadfunnel",
            SQLITE,
            "REPLICA_DATABASE_URL needs DATABASE_URL to be PostgreSQL: it is a copy of that database.",
        ),
    ],
)
def test_replica_that_cannot_be_one_is_refused(url, of, problem) -> None:
    env = Environment({"REPLICA_DATABASE_URL": url})

    assert env.replica("REPLICA_DATABASE_URL", of=of) is None
    assert env.problems == [problem]
