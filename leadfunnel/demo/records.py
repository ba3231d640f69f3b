"""Stories as rows: what is known of a person as a Lead, and a life as its history, handoffs, deals and touches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from leadfunnel.demo.companies import DemoCompany
from leadfunnel.demo.marketing import Source
from leadfunnel.demo.people import FREE_MAIL, UNIVERSITIES, Person
from leadfunnel.demo.properties import typed
from leadfunnel.demo.sales import DealStory, Step, TouchNote
from leadfunnel.demo.story import Life, Visit
from leads.folding import fold
from leads.models import (
    Campaign,
    Company,
    Deal,
    EmailDomainType,
    Handoff,
    HandoffDecision,
    Lead,
    Reason,
    Stage,
    StageChange,
    Touch,
    User,
)
from leads.models.fields import day_from_number, day_of

_DOMAIN_TYPES = {
    "business": EmailDomainType.BUSINESS,
    "free": EmailDomainType.FREE,
    "academic": EmailDomainType.ACADEMIC,
}


def company_row(random: Random, company: DemoCompany, *, owner: User | None, created_at: datetime) -> Company:
    """A company with what somebody found out about it: not always everything."""
    row = Company(
        name=company.name,
        name_key=fold(company.name),
        domain=company.domain,
        industry=company.industry.name if random.random() < 0.9 else "",
        employees=company.employees if random.random() < 0.85 else None,
        annual_revenue=company.revenue if random.random() < 0.5 else None,
        country=company.country.code,
        region=company.country.region,
        city=company.city,
        owner=owner,
        created_at=created_at,
    )
    for name in Company.FOLDED:
        setattr(row, f"{name}_folded", fold(getattr(row, name)))
    return row


def lead_row(
    random: Random,
    *,
    person: Person,
    source: Source,
    campaign: Campaign | None,
    company: Company | None,
    created_at: datetime,
) -> Lead:
    """The facts of a person that are known: forms have optional fields, and people leave them out."""

    def known(value: str, share: float) -> str:
        return value if random.random() < share else ""

    firm = person.company
    domain = person.email.partition("@")[2]
    row = Lead(
        email=person.email,
        email_domain=domain,
        email_domain_type=_DOMAIN_TYPES[person.mail],
        first_name=person.first_name,
        last_name=person.last_name,
        job_title=known(person.job_title, 0.9),
        department=known(person.role.department, 0.65),
        phone=known(person.phone, 0.45),
        company=company,
        company_name=known(firm.name, 0.92) if firm else "",
        company_domain=domain if domain not in FREE_MAIL and domain not in UNIVERSITIES else "",
        industry=known(firm.industry.name, 0.78) if firm else "",
        employees=firm.employees if firm and random.random() < 0.72 else None,
        annual_revenue=firm.revenue if firm and random.random() < 0.3 else None,
        country=known(person.country.code, 0.95),
        city=known(person.city, 0.7),
        source=source.name,
        channel=source.channel,
        campaign=campaign,
        landing_page=random.choice(source.landing_pages),
        attributes=person.attributes,
        attributes_typed=typed(person.attributes.items()),
        created_at=created_at,
        created_day=day_of(created_at),
        stage_entered_at=created_at,
    )
    row.region = person.country.region if row.country else ""
    row.seniority = person.role.seniority if row.job_title else ""
    for name in Lead.FOLDED:
        setattr(row, f"{name}_folded", fold(getattr(row, name)))
    return row


@dataclass
class History:
    """The rows of many lives, in the order in which they can be inserted."""

    reasons: dict[str, Reason]
    marketer: User
    currency: str
    changes: list[StageChange] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    decisions: list[tuple[HandoffDecision, StageChange]] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    def add(self, lead: Lead, life: Life) -> None:
        """All rows of one life; the lead gets its owner and hold."""
        stage = Stage.LEAD
        for visit in life.visits:
            stage = self._visit(lead, visit, stage)
        if life.sorted_out_at is not None:
            reason = self.reasons[life.sorted_out_because]
            self._move(lead, stage, Stage.DISQUALIFIED, life.sorted_out_at, by=self.marketer, reason=reason)
        if life.hold:
            lead.hold_until, lead.evidence_after = day_from_number(life.hold.until_day), life.hold.since
        if any(act.type == "unsubscribe" for act in life.acts):
            lead.email_opt_out = True

    def _visit(self, lead: Lead, visit: Visit, stage: Stage) -> Stage:
        """The rows of one visit; the stage that the lead ends it in."""
        offered = self._move(
            lead, stage, Stage.MQL, visit.offered_at, by=self.marketer if visit.by_hand else None
        )
        offered.rulebook_version, offered.total = visit.evidence.rulebook_version, visit.evidence.total
        offered.note = "Asked for a call at the booth." if visit.by_hand else ""
        handoff = self._handoff(lead, visit)
        if visit.withdrawn_at:
            return self._withdraw(lead, handoff, visit.withdrawn_at)
        if visit.pursuit.decided_at is None:
            return Stage.MQL
        self._decide(lead, handoff, visit)
        return self._follow(lead, visit)

    def _handoff(self, lead: Lead, visit: Visit) -> Handoff:
        frozen, assignment = visit.evidence, visit.assignment
        clock = assignment.desk.clock
        handoff = Handoff(
            lead=lead,
            origin=Handoff.Origin.HAND if visit.by_hand else Handoff.Origin.SCORING,
            offered_at=visit.offered_at,
            offered_day=day_of(visit.offered_at),
            offered_by=self.marketer if visit.by_hand else None,
            offer_note="Asked for a call at the booth." if visit.by_hand else "",
            team=assignment.desk.team,
            assignee=assignment.assignee.user if assignment.assignee else None,
            assigned_because=assignment.because,
            decide_due_at=clock.decide_due(start=visit.offered_at, fast_tracked=frozen.fast_tracked),
            fit=frozen.fit,
            engagement=frozen.engagement,
            total=frozen.total,
            grade=frozen.grade,
            fast_tracked=frozen.fast_tracked,
            rulebook_version=frozen.rulebook_version,
            known_facts=frozen.known_facts,
            asked_facts=frozen.asked_facts,
            contributions=list(frozen.contributions),
            source_folded=lead.source_folded,
            country=lead.country,
            campaign=lead.campaign,
        )
        self.handoffs.append(handoff)
        return handoff

    def _withdraw(self, lead: Lead, handoff: Handoff, at: datetime) -> Stage:
        note = "Belongs to a partner; they call."
        handoff.state, handoff.decided_at, handoff.decided_by = Handoff.State.WITHDRAWN, at, self.marketer
        handoff.note = note
        change = self._move(lead, Stage.MQL, Stage.LEAD, at, by=self.marketer, note=note)
        self._record(handoff, HandoffDecision.Action.WITHDRAW, at, change, by=self.marketer, note=note)
        return Stage.LEAD

    def _decide(self, lead: Lead, handoff: Handoff, visit: Visit) -> None:
        pursuit = visit.pursuit
        at, by = pursuit.decided_at, pursuit.rep.user
        assert at is not None
        if pursuit.regretted:
            at = self._regret(lead, handoff, at, by)
        reason = self.reasons[pursuit.reason] if pursuit.reason else None
        handoff.state = Handoff.State.ACCEPTED if pursuit.accepted else Handoff.State.REJECTED
        handoff.decided_at, handoff.decided_by = at, by
        handoff.reason, handoff.note = reason, pursuit.note
        first = pursuit.steps[0]
        pursuit.steps[0] = first._replace(at=at)
        change = self._move(lead, Stage.MQL, first.stage, at, by=by, reason=reason, note=pursuit.note)
        action = HandoffDecision.Action.ACCEPT if pursuit.accepted else HandoffDecision.Action.REJECT
        decision = self._record(handoff, action, at, change, by=by, reason=reason, note=pursuit.note)
        decision.previous_owner = lead.owner
        if hold := visit.hold_before:
            decision.previous_hold_until = day_from_number(hold.until_day)
            decision.previous_evidence_after = hold.since
        if pursuit.accepted:
            lead.owner = by
            handoff.first_touch_due_at = visit.assignment.desk.clock.first_touch_due(start=at)

    def _regret(self, lead: Lead, handoff: Handoff, at: datetime, by: User) -> datetime:
        """A wrong button, undone two minutes later; the instant of the decision that stands."""
        wrong = HandoffDecision.Action.ACCEPT
        undone_at = at + timedelta(minutes=2)
        away = self._move(lead, Stage.MQL, Stage.SQL, at, by=by, undone=True)
        back = self._move(lead, Stage.SQL, Stage.MQL, undone_at, by=by, undone=True)
        self._record(handoff, wrong, at, away, by=by)
        self._record(handoff, HandoffDecision.Action.UNDO, undone_at, back, by=by)
        return undone_at + timedelta(minutes=1)

    def _follow(self, lead: Lead, visit: Visit) -> Stage:
        """What came after the decision: moves, deals and touches; the stage where it ends."""
        pursuit = visit.pursuit
        stage = pursuit.steps[0].stage
        for step in pursuit.steps[1:]:
            self._step(lead, stage, step, pursuit.rep.user)
            stage = step.stage
        self.deals += [self._deal(lead, deal, pursuit.rep.user) for deal in pursuit.deals]
        self.touches += [self._touch(lead, touch, pursuit.rep.user) for touch in pursuit.touches]
        return stage

    def _step(self, lead: Lead, start: Stage, step: Step, by: User) -> None:
        reason = self.reasons[step.reason] if step.reason else None
        self._move(lead, start, step.stage, step.at, by=by, reason=reason, note=step.note)

    def _deal(self, lead: Lead, deal: DealStory, owner: User) -> Deal:
        state = Deal.State.OPEN if deal.closed_at is None else Deal.State.WON if deal.won else Deal.State.LOST
        return Deal(
            lead=lead,
            state=state,
            amount=deal.amount,
            currency=self.currency if deal.amount is not None else "",
            owner=owner,
            opened_at=deal.opened_at,
            expected_close_on=day_of(deal.opened_at + timedelta(days=45)),
            closed_at=deal.closed_at,
            lost_reason=self.reasons[deal.lost_reason] if state == Deal.State.LOST else None,
        )

    def _touch(self, lead: Lead, touch: TouchNote, by: User) -> Touch:
        return Touch(lead=lead, kind=touch.kind, at=touch.at, by=by, note=touch.note)

    def _move(
        self,
        lead: Lead,
        start: Stage,
        end: Stage,
        at: datetime,
        *,
        by: User | None,
        reason: Reason | None = None,
        note: str = "",
        undone: bool = False,
    ) -> StageChange:
        change = StageChange(
            lead=lead,
            from_stage=start,
            to_stage=end,
            to_position=end.position,
            occurred_at=at,
            day=day_of(at),
            recorded_at=at,
            actor_user=by,
            reason=reason,
            note=note,
            undone=undone,
        )
        self.changes.append(change)
        return change

    def _record(
        self,
        handoff: Handoff,
        action: HandoffDecision.Action,
        at: datetime,
        change: StageChange,
        *,
        by: User,
        reason: Reason | None = None,
        note: str = "",
    ) -> HandoffDecision:
        decision = HandoffDecision(
            handoff=handoff, action=action, by=by, at=at, recorded_at=at, reason=reason, note=note
        )
        self.decisions.append((decision, change))
        return decision
