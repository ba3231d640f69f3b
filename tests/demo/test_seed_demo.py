from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

from leadfunnel.demo.logins import PASSWORD, USERNAMES
from leads.handoff.place import Share
from leads.handoff.queue import Selection
from leads.models import Handoff, Lead, LeadScore, Notification, Organisation, Role, SavedView, User
from reports.metrics.funnel import MqlRate, cohort_funnel, mql_to_sql, outcomes_by
from reports.period import Period, today
from reports.scope import Scope
from reports.store.folding import fold
from scoring.rulebook.versions import published
from tests.factories import LeadFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday noon


@pytest.fixture(autouse=True)
def trying_out(settings):
    settings.DEBUG = True
    with time_machine.travel(NOW, tick=False):
        yield


def seed_demo(*options: str) -> None:
    call_command("seed_demo", *options, verbosity=0)


def test_demo_is_ready_to_be_looked_at(db, capsys):
    """One seed, for it is slow; what a user sees first is checked here, the history in test_seeding."""
    seed_demo("--leads=1500")

    assert "Wrote 1,500 leads" in capsys.readouterr().out
    assert LeadScore.objects.count() == Lead.objects.count() == 1500
    assert set(LeadScore.objects.values_list("rulebook_version", flat=True)) == {published().number}
    check_queue()
    check_funnel()
    check_logins()
    check_notifications()


def check_notifications() -> None:
    """Whoever is told of anything has something to read, and nobody is mailed."""
    for role in (Role.REP, Role.MANAGER, Role.MARKETER):
        user = User.objects.get(username=USERNAMES[role])
        assert Notification.objects.filter(user=user, in_app=True, read_at=None, created_at=NOW).exists(), (
            role
        )
    assert not Notification.objects.exclude(mail_state=Notification.Mail.NONE).exists()


def check_queue() -> None:
    rep = User.objects.get(username="rep")
    queue = Selection(rep, NOW, Share.TEAM).waiting()
    offered_today = Handoff.objects.waiting().filter(offered_at=NOW)

    assert 10 <= len(queue) <= 60
    assert offered_today.count() >= 8
    assert offered_today.exclude(contributions=[]).count() == offered_today.count()
    assert queue.filter(decide_due_at__lte=NOW).exists()
    assert queue.filter(decide_due_at__gt=NOW).exists()
    assert any(handoff.fast_tracked for handoff in queue)
    assert Handoff.objects.filter(assignee=rep).exists()
    assert SavedView.objects.get().is_shared


def check_funnel() -> None:
    scope = Scope(Period(Lead.objects.earliest("created_at").created_day, today()), today())
    fold()
    lead, mql, sql, opportunity, customer = (step.leads for step in cohort_funnel(scope).steps)

    assert 0.2 < mql / lead < 0.45
    assert 0.25 < mql_to_sql(scope).of_visits < 0.5
    assert 0.4 < opportunity / sql < 0.75
    assert 0.01 < customer / lead < 0.06
    rates = outcomes_by(scope, by="source")
    assert accepted(rates, "referral", "partner") > accepted(rates, "content syndication", "social")
    assert {"", "unknown"} <= rates.keys()


def accepted(rates: dict[str, MqlRate], *sources: str) -> float:
    return sum(rates[source].accepted for source in sources) / sum(rates[source].visits for source in sources)


def check_logins() -> None:
    for role, username in USERNAMES.items():
        user = User.objects.get(username=username)
        assert user.check_password(PASSWORD)
        assert user.roles == {role}
    assert User.objects.filter(groups__name=Role.REP).count() > 5
    team = Organisation.current().default_team
    assert User.objects.get(username="rep").team == User.objects.get(username="manager").team == team


def test_without_debug_it_refuses(db, settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="refuses to run with DEBUG=false"):
        seed_demo()
    assert not User.objects.exists()


def test_database_with_leads_is_refused_and_left_alone(db):
    LeadFactory()

    with pytest.raises(CommandError, match="This database has leads already"):
        seed_demo("--leads=10")
    assert not User.objects.exists()


def test_people_who_are_there_already_keep_their_password(db):
    admin = User.objects.create_superuser("admin", password="my own")

    seed_demo("--leads=5")

    admin.refresh_from_db()
    assert admin.check_password("my own")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--leads=0", "--leads must be a whole number from 1 to 20,000,000, not 0."),
        ("--leads=-5", "--leads must be a whole number"),
        ("--leads=many", "invalid int value: 'many'"),
        ("--activities=3", "--activities must be a whole number from 6 to 100, not 3."),
    ],
)
def test_numbers_out_of_range_are_refused(db, option, message):
    with pytest.raises(CommandError, match=message):
        seed_demo(option)


@pytest.mark.parametrize("leads", [1, 2, 7])
def test_hardly_any_leads_are_fine(db, leads):
    seed_demo(f"--leads={leads}")

    assert Lead.objects.count() == leads
