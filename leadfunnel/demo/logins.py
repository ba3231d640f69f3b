"""Who may sign in to the demo: one person a role."""

from __future__ import annotations

from leads.models import Role, User

PASSWORD = "leadfunnel-demo"
USERNAMES = {
    Role.MARKETER: "marketer",
    Role.REP: "rep",
    Role.MANAGER: "manager",
    Role.ADMINISTRATOR: "admin",
}


def working_logins() -> list[tuple[Role, str]]:
    """Role and user name of those demo users that exist and still have the demo's password."""
    users = User.objects.filter(username__in=USERNAMES.values(), is_active=True)
    known = {user.username for user in users if user.check_password(PASSWORD)}
    return [(role, username) for role, username in USERNAMES.items() if username in known]
