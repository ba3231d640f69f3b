from __future__ import annotations

from leads.models.absence import Absence
from leads.models.activity import Activity, ActivityType, Asset, ChangeLogEntry
from leads.models.campaign import Campaign, CampaignCost
from leads.models.company import Company
from leads.models.feedback import FeedbackAnswer
from leads.models.handoff import Handoff, HandoffDecision
from leads.models.handover import HandOver
from leads.models.lead import (
    AttributeKey,
    EmailDomainType,
    Lead,
    LeadIdentifier,
    LeadScore,
    Seniority,
)
from leads.models.lifecycle import Reason, ReasonChange, StageChange
from leads.models.notification import Notification, NotificationPreference
from leads.models.organisation import Organisation, Team, WorkingHours
from leads.models.ownership import OwnerChange
from leads.models.people import Role, User
from leads.models.queue import QueueTally
from leads.models.routing import HandoffAssignment, RotationDay, RotationShare, RoutingEdit, RoutingRules
from leads.models.sales import Deal, RepeatSignal, Touch
from leads.models.savedview import SavedView
from leads.models.snooze import Snooze
from leads.models.stage import NOT_OFFERED, OFFERED, SUCCESS_PATH, Stage
from leads.models.teamchange import TeamChange
from leads.models.work import NextStep, Qualification

__all__ = [
    "NOT_OFFERED",
    "OFFERED",
    "SUCCESS_PATH",
    "Absence",
    "Activity",
    "ActivityType",
    "Asset",
    "AttributeKey",
    "Campaign",
    "CampaignCost",
    "ChangeLogEntry",
    "Company",
    "Deal",
    "EmailDomainType",
    "FeedbackAnswer",
    "HandOver",
    "Handoff",
    "HandoffAssignment",
    "HandoffDecision",
    "Lead",
    "LeadIdentifier",
    "LeadScore",
    "NextStep",
    "Notification",
    "NotificationPreference",
    "Organisation",
    "OwnerChange",
    "Qualification",
    "QueueTally",
    "Reason",
    "ReasonChange",
    "RepeatSignal",
    "Role",
    "RotationDay",
    "RotationShare",
    "RoutingEdit",
    "RoutingRules",
    "SavedView",
    "Seniority",
    "Snooze",
    "Stage",
    "StageChange",
    "Team",
    "TeamChange",
    "Touch",
    "User",
    "WorkingHours",
]
