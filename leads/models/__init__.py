from __future__ import annotations

from leads.models.activity import Activity, ActivityType, Asset, ChangeLogEntry
from leads.models.campaign import Campaign, CampaignCost
from leads.models.company import Company
from leads.models.handoff import Handoff, HandoffDecision
from leads.models.lead import (
    AttributeKey,
    EmailDomainType,
    Lead,
    LeadIdentifier,
    LeadScore,
    Seniority,
)
from leads.models.lifecycle import Reason, StageChange
from leads.models.organisation import Organisation, Team, WorkingHours
from leads.models.people import Role, User
from leads.models.sales import Deal, Touch
from leads.models.stage import SUCCESS_PATH, Stage

__all__ = [
    "SUCCESS_PATH",
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
    "Handoff",
    "HandoffDecision",
    "Lead",
    "LeadIdentifier",
    "LeadScore",
    "Organisation",
    "Reason",
    "Role",
    "Seniority",
    "Stage",
    "StageChange",
    "Team",
    "Touch",
    "User",
    "WorkingHours",
]
