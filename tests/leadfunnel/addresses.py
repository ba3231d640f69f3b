"""Every address, and what it answers to whom. A new address needs a row here."""

from __future__ import annotations

from dataclasses import dataclass, field

from leads.models import Role

ANONYMOUS, NO_ROLE = "anonymous", "no role"
WHO = [ANONYMOUS, NO_ROLE, *(role.value for role in Role)]
TO_LOGIN = 302


@dataclass(frozen=True)
class Row:
    """The status for whoever is signed in, apart from the roles named; the anonymous are sent to the login."""

    signed_in: int = 200
    anonymous: int = TO_LOGIN
    roles: dict[str, int] = field(default_factory=dict)
    method: str = "get"
    of: str = ""  # whose id the address takes
    data: dict[str, str] = field(default_factory=dict)

    def expected(self, who: str) -> int:
        return self.anonymous if who == ANONYMOUS else self.roles.get(who, self.signed_in)


DECIDERS = {Role.REP.value: 302, Role.MANAGER.value: 302}
# Managers without a team, as in these tests, and administrators.
KEEPERS = {Role.MANAGER.value: 302, Role.ADMINISTRATOR.value: 302}
STUDENTS = {role.value: 302 for role in (Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR)}
BACKTEST = {"first": "2026-03-01", "last": "2026-03-31", "within": 14}
STEERERS = {Role.MARKETER.value: 302, Role.ADMINISTRATOR.value: 302}
MARKETER = {Role.MARKETER.value: 302}
# Of drafts: those who write, sign or look after them.
SEE_DRAFTS = {role.value: 200 for role in (Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR)}
MONEY = (Role.MARKETER.value, Role.MANAGER.value, Role.ADMINISTRATOR.value)
ROWS = {
    "home": Row(signed_in=302),
    "login": Row(signed_in=302, anonymous=200),
    "logout": Row(method="post", signed_in=302),
    "theme": Row(method="post", signed_in=302, anonymous=302),
    "favicon": Row(signed_in=302, anonymous=302),
    "healthz": Row(anonymous=200),
    "leads:list": Row(),
    "leads:detail": Row(of="lead"),
    "leads:queue": Row(),
    # A part of the queue; asked for as a page, it leads there.
    "leads:queue_arrived": Row(signed_in=302),
    "leads:handoff_panel": Row(of="handoff"),
    "leads:queue_snoozed": Row(),
    "leads:views": Row(of="page"),
    "leads:view_save": Row(method="post", of="page", signed_in=302, data={"name": "A", "query": "show=all"}),
    # The views of these tests are somebody else's: one is private, the other shared.
    "leads:view_change": Row(method="post", of="view", signed_in=404, data={"name": "A"}),
    "leads:view_remove": Row(method="post", of="shared_view", signed_in=403),
    # Nothing is chosen: those who may are told so.
    "leads:handoffs_decide": Row(method="post", signed_in=403, roles=dict.fromkeys(DECIDERS, 422)),
    "leads:handoff_snooze": Row(
        method="post", of="handoff", signed_in=403, roles=DECIDERS, data={"nap": "tomorrow"}
    ),
    "leads:handoff_wake": Row(method="post", of="handoff", signed_in=403, roles=DECIDERS),
    "leads:handoff_accept": Row(method="post", of="handoff", signed_in=403, roles=DECIDERS),
    "leads:handoff_reject": Row(
        method="post", of="handoff", signed_in=403, roles=DECIDERS, data={"reason": "not_now"}
    ),
    "leads:work": Row(),
    # The signal is of a customer whom nobody owns: a manager's to dismiss.
    "leads:repeat_dismiss": Row(method="post", of="signal", signed_in=403, roles={Role.MANAGER.value: 302}),
    "leads:work_board": Row(),
    "leads:board_move": Row(
        method="post", of="lead", signed_in=403, roles={Role.MANAGER.value: 409}, data={"to": "lost"}
    ),
    "leads:reasons": Row(),
    "leads:reason_add": Row(signed_in=403, roles={Role.MANAGER.value: 200}),
    "leads:reason_edit": Row(of="reason", signed_in=403, roles={Role.MANAGER.value: 200}),
    "leads:reason_move": Row(
        method="post", of="reason", signed_in=403, roles={Role.MANAGER.value: 302}, data={"to": "up"}
    ),
    "leads:notifications": Row(),
    "leads:notification_settings": Row(),
    "leads:lead_clocks": Row(of="lead"),
    # Asked by pages that stay open: whoever was signed out meanwhile is not sent anywhere.
    "leads:notification_bell": Row(anonymous=204),
    "leads:notifications_read": Row(method="post", signed_in=302, data={"up_to": "0"}),
    # The notification of these tests is somebody else's.
    "leads:notification_open": Row(of="notification", signed_in=404),
    "leads:notification_read": Row(method="post", of="notification", signed_in=404),
    "leads:teams": Row(),
    "leads:team": Row(of="team"),
    "leads:team_add": Row(method="post", signed_in=403, roles=KEEPERS, data={"name": "New"}),
    "leads:team_save": Row(method="post", of="team", signed_in=403, roles=dict.fromkeys(KEEPERS, 422)),
    "leads:team_outlook": Row(of="team"),
    "leads:team_member": Row(method="post", of="team", signed_in=403, roles=dict.fromkeys(KEEPERS, 422)),
    "leads:team_share": Row(
        method="post", of="member", signed_in=403, roles=KEEPERS, data={"routing_weight": "50"}
    ),
    # Of this member nothing is to be handed over; how is not said.
    "leads:hand_over_plan": Row(of="member", signed_in=403, roles=dict.fromkeys(KEEPERS, 200)),
    "leads:hand_over_do": Row(method="post", of="member", signed_in=403, roles=dict.fromkeys(KEEPERS, 422)),
    "leads:absences": Row(),
    # Nobody is named: those who may enter any are told so.
    "leads:absence_add": Row(
        method="post", signed_in=403, roles={**dict.fromkeys(KEEPERS, 422), Role.REP.value: 422}
    ),
    "leads:absence_change": Row(
        method="post", of="absence", signed_in=403, roles=KEEPERS, data={"remove": "1"}
    ),
    "leads:desk": Row(signed_in=403, roles={Role.MANAGER.value: 200}),
    # Nothing is ticked: those who may are told so.
    "leads:desk_reassign": Row(
        method="post", signed_in=403, roles={Role.MANAGER.value: 422}, data={"to": "shared"}
    ),
    "leads:desk_give": Row(method="post", signed_in=403, roles={Role.MANAGER.value: 422}),
    "leads:lead_work": Row(of="lead"),
    # The lead of these tests is nobody's: a rep works only their own, and nobody one that was not accepted.
    **{
        f"leads:{name}": Row(method="post", of=of, signed_in=403, roles={Role.MANAGER.value: 409}, data=data)
        for name, of, data in (
            ("touch_log", "lead", {"kind": "call"}),
            ("step_plan", "lead", {"what": "Call", "due_on": "2026-03-31"}),
            ("step_finish", "lead", {}),
            (
                "qualification_answer",
                "lead",
                dict.fromkeys(("need", "budget", "authority", "timeline"), "yes"),
            ),
            ("lead_give_back", "lead", {"reason": "not_now"}),
            ("deal_open", "lead", {}),
            ("deal_win", "deal", {}),
            ("deal_lose", "deal", {"reason": "not_now"}),
        )
    },
    "scoring:versions": Row(),
    "scoring:version": Row(of="rulebook"),
    "scoring:definitions": Row(),
    "scoring:review": Row(
        method="post", of="rulebook", signed_in=403, roles={**MARKETER, Role.MANAGER.value: 302}
    ),
    "scoring:version_copy": Row(method="post", of="rulebook", signed_in=403, roles=MARKETER),
    "scoring:version_roll_back": Row(method="post", of="retired", signed_in=403, roles=MARKETER),
    "scoring:version_sign": Row(
        method="post",
        of="draft",
        signed_in=403,
        roles={**MARKETER, Role.MANAGER.value: 409},
        data={"side": "marketing", "revision": "0"},
    ),
    # There is nothing yet to withdraw, to publish and to restore: those who may are told so.
    "scoring:version_withdraw": Row(
        method="post", of="draft", signed_in=403, roles={Role.MARKETER.value: 409, Role.MANAGER.value: 409}
    ),
    "scoring:version_publish": Row(
        method="post", of="draft", signed_in=403, roles={Role.MARKETER.value: 409}, data={"revision": "0"}
    ),
    "scoring:version_comment": Row(
        method="post",
        of="draft",
        signed_in=403,
        roles={**MARKETER, Role.MANAGER.value: 302},
        data={"text": "Why?"},
    ),
    "scoring:version_discard": Row(method="post", of="draft", signed_in=403, roles=MARKETER),
    "scoring:version_restore": Row(
        method="post", of="draft", signed_in=403, roles={Role.MARKETER.value: 409}
    ),
    "scoring:rulebook": Row(signed_in=302),
    "leads:handoff_claim": Row(method="post", of="handoff", signed_in=403, roles=DECIDERS),
    # There is nothing to undo: those who may are told so.
    "leads:handoff_undo": Row(method="post", of="handoff", signed_in=403, roles=dict.fromkeys(DECIDERS, 409)),
    "scoring:effect": Row(of="rulebook"),
    "scoring:effect_try": Row(of="rulebook"),
    "scoring:effect_all": Row(method="post", of="rulebook", signed_in=403, roles=STUDENTS),
    # The study is none of an effect, or not done: its own page says so.
    "scoring:effect_count": Row(of="study", signed_in=302),
    "scoring:lint": Row(of="rulebook"),
    "scoring:weights": Row(of="rulebook"),
    # The study is a backtest: its own page is elsewhere, and there are no weights to apply.
    "scoring:weights_result": Row(of="study", signed_in=302),
    "scoring:weights_apply": Row(method="post", of="study", signed_in=404),
    "scoring:evidence": Row(),
    "scoring:evidence_handoffs": Row(),
    "scoring:evidence_try": Row(method="post", signed_in=403, roles={Role.MARKETER.value: 302}),
    "scoring:feedback": Row(),
    # Without an instant there are no news since: back to the page.
    "scoring:feedback_news": Row(signed_in=302),
    "scoring:feedback_answer": Row(
        method="post", signed_in=403, roles={Role.MARKETER.value: 422}, data={"text": "Thanks"}
    ),
    "scoring:editor": Row(of="draft", signed_in=403, roles=SEE_DRAFTS),
    "scoring:editor_changes": Row(of="draft", signed_in=403, roles=SEE_DRAFTS),
    "scoring:export": Row(of="draft", signed_in=403, roles=SEE_DRAFTS),
    "scoring:known_lead_values": Row(),
    "leads:routing": Row(),
    "leads:routing_rule": Row(signed_in=403, roles={Role.MANAGER.value: 200, Role.ADMINISTRATOR.value: 200}),
    "leads:routing_arrange": Row(
        method="post",
        signed_in=403,
        roles={Role.MANAGER.value: 302, Role.ADMINISTRATOR.value: 302},
        data={"action": "give_up"},
    ),
    # There is no draft: those who may are told so.
    "leads:routing_put_in_force": Row(
        method="post", signed_in=403, roles={Role.MANAGER.value: 409, Role.ADMINISTRATOR.value: 409}
    ),
    "leads:routing_test": Row(),
    "leads:routing_shares": Row(),
    "leads:routing_member": Row(of="member"),
    "scoring:known_values": Row(of="draft", signed_in=403, roles=SEE_DRAFTS),
    "scoring:draft_import": Row(signed_in=403, roles={Role.MARKETER.value: 200}),
    "scoring:draft_replace": Row(of="draft", signed_in=403, roles={Role.MARKETER.value: 200}),
    "scoring:edit": Row(
        method="post", of="draft", signed_in=403, roles=MARKETER, data={"path": "name", "value": "Other"}
    ),
    "scoring:edit_conditions": Row(
        method="post",
        of="draft",
        signed_in=403,
        roles=MARKETER,
        data={"path": "rules.x.conditions", "choice": "keep"},
    ),
    "scoring:arrange": Row(
        method="post",
        of="draft",
        signed_in=403,
        roles=MARKETER,
        data={"action": "add-group", "key": "fit"},
    ),
    "scoring:take_back": Row(method="post", of="draft", signed_in=403, roles=MARKETER),
    "scoring:why": Row(of="lead"),
    "scoring:runs": Row(),
    "scoring:run": Row(of="run"),
    "scoring:rescore": Row(method="post", signed_in=403, roles=STEERERS),
    "scoring:run_cancel": Row(method="post", of="run", signed_in=403, roles=STEERERS),
    "scoring:nightly_hour": Row(
        method="post", signed_in=403, roles={Role.ADMINISTRATOR.value: 302}, data={"hour": "3"}
    ),
    "scoring:backtests": Row(of="rulebook"),
    "scoring:backtest": Row(of="study"),
    "scoring:backtest_leads": Row(of="study"),
    "scoring:study": Row(of="study"),
    "scoring:study_cancel": Row(method="post", of="study", signed_in=403, roles=STUDENTS),
    "scoring:why_changed": Row(of="lead"),
    "scoring:what_next": Row(of="lead"),
    "reports:first": Row(signed_in=302),
    "reports:score_history": Row(of="lead"),
    "reports:report": Row(of="report"),
    "reports:rows": Row(of="report"),
    # Lists of people are taken out by those who keep them.
    "reports:rows_file": Row(
        of="report",
        signed_in=403,
        roles={role.value: 200 for role in (Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR)},
    ),
    "reports:section": Row(of="section"),
    "reports:money_list": Row(of="kept"),
    "reports:money_add": Row(of="kept", signed_in=403, roles=dict.fromkeys(MONEY, 200)),
    "reports:money_change": Row(of="rate", signed_in=403, roles=dict.fromkeys(MONEY, 200)),
    "reports:money_remove": Row(method="post", of="rate", signed_in=403, roles=dict.fromkeys(MONEY, 302)),
    "reports:table": Row(of="table"),
}
