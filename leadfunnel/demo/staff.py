"""Who works at the invented company: teams with hours, reps, managers, a marketer and an administrator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from leadfunnel.demo.logins import PASSWORD, USERNAMES
from leads.handoff.sla import BusinessClock
from leads.models import Organisation, Role, Team, User, WorkingHours


@dataclass(frozen=True)
class Rep:
    """A rep and how he or she works: business minutes to a decision, how easily won over, how good at selling."""

    user: User
    minutes: int
    lenience: float
    skill: float


@dataclass(frozen=True)
class Desk:
    """A team at work."""

    team: Team
    clock: BusinessClock
    reps: tuple[Rep, ...]


@dataclass(frozen=True)
class Staff:
    marketer: User
    manager: User
    field: Desk
    enterprise: Desk


_Profile = tuple[str, str, str, int, float, float]
# (username, first name, last name, minutes, lenience, skill)
_FIELD: tuple[_Profile, ...] = (
    (USERNAMES[Role.REP], "Robin", "Albers", 70, 0.1, 0.3),
    ("lena", "Lena", "Hoffmann", 45, 0.0, 0.5),
    ("omar", "Omar", "Haddad", 110, 0.4, 0.0),
    ("ines", "Inês", "Duarte", 85, -0.2, 0.2),
    ("piotr", "Piotr", "Zieliński", 190, -0.5, -0.3),
)
_ENTERPRISE: tuple[_Profile, ...] = (
    ("sofia", "Sofia", "Lindqvist", 80, -0.1, 0.6),
    ("james", "James", "Whitfield", 150, 0.2, 0.1),
)


def employ() -> Staff:
    """Create everybody who is not there yet. Needs the roles of leads.reference."""
    field = _team("Sales Europe", decide_minutes=240)
    enterprise = _team("Enterprise", decide_minutes=360)
    Organisation.objects.update(default_team=field)
    password = make_password(PASSWORD)
    people = _People(password)
    people.hire(USERNAMES[Role.ADMINISTRATOR], "Ada", "Brandt", Role.ADMINISTRATOR)
    manager = people.hire(USERNAMES[Role.MANAGER], "Henrik", "Solberg", Role.MANAGER, team=field)
    people.hire("claire", "Claire", "Fontaine", Role.MANAGER, team=enterprise)
    return Staff(
        marketer=people.hire(USERNAMES[Role.MARKETER], "Mira", "Castellanos", Role.MARKETER),
        manager=manager,
        field=Desk(field, BusinessClock.of_team(field), tuple(people.reps(_FIELD, field))),
        enterprise=Desk(
            enterprise, BusinessClock.of_team(enterprise), tuple(people.reps(_ENTERPRISE, enterprise))
        ),
    )


def _team(name: str, *, decide_minutes: int) -> Team:
    team, is_new = Team.objects.get_or_create(
        name=name,
        defaults={
            "time_zone": "Europe/Berlin",
            "holiday_country": "DE",
            "decide_minutes": decide_minutes,
            "weekly_capacity": 75,
        },
    )
    if is_new:
        WorkingHours.objects.bulk_create(
            WorkingHours(team=team, weekday=weekday, opens_at=time(9), closes_at=time(17, 30))
            for weekday in range(5)
        )
    return team


@dataclass(frozen=True)
class _People:
    password: str  # hashed once: that is slow on purpose

    def hire(self, username: str, first: str, last: str, role: Role, *, team: Team | None = None) -> User:
        user: User
        user, is_new = User.objects.get_or_create(
            username=username,
            defaults={
                "first_name": first,
                "last_name": last,
                "email": f"{username}@leadfunnel.example",
                "password": self.password,
                "team": team,
            },
        )
        if is_new:
            user.groups.add(Group.objects.get(name=role.value))
        return user

    def reps(self, people: Sequence[_Profile], team: Team) -> Iterator[Rep]:
        for username, first, last, minutes, lenience, skill in people:
            yield Rep(self.hire(username, first, last, Role.REP, team=team), minutes, lenience, skill)
