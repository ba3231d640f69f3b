"""The rows nothing works without: roles, the organisation, and starter reasons and activity types."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, transaction

from leads.models import ActivityType, Organisation, Reason, Role

RECYCLED, DISQUALIFIED = Reason.LeadsTo.RECYCLED, Reason.LeadsTo.DISQUALIFIED
REASONS: tuple[tuple[str, str, Reason.LeadsTo, int | None], ...] = (
    ("not_now", "Not now / timing", RECYCLED, 90),
    ("no_budget", "No budget", RECYCLED, 180),
    ("no_decision_maker", "No decision-maker", RECYCLED, 60),
    ("unresponsive", "Unresponsive", RECYCLED, 60),
    ("too_small", "Too small", RECYCLED, 180),
    ("wrong_persona", "Wrong persona", RECYCLED, 90),
    ("wrong_region", "Wrong region", DISQUALIFIED, None),
    ("student", "Student or job seeker", DISQUALIFIED, None),
    ("competitor", "Competitor", DISQUALIFIED, None),
    ("existing_customer", "Existing customer", DISQUALIFIED, None),
    ("duplicate", "Duplicate", DISQUALIFIED, None),
    ("bad_contact_data", "Bad contact data", RECYCLED, 30),
    ("spam", "Spam or junk", DISQUALIFIED, None),
    ("other", "Other", RECYCLED, 30),
)
ENGAGEMENT, INTENT, NEGATIVE = (
    ActivityType.Category.ENGAGEMENT,
    ActivityType.Category.INTENT,
    ActivityType.Category.NEGATIVE,
)
ACTIVITY_TYPES: tuple[tuple[str, str, ActivityType.Category], ...] = (
    ("page_view", "Page viewed", ENGAGEMENT),
    ("form_submit", "Form submitted", ENGAGEMENT),
    ("content_download", "Content downloaded", ENGAGEMENT),
    ("newsletter_signup", "Signed up for the newsletter", ENGAGEMENT),
    ("email_open", "E-mail opened", ENGAGEMENT),
    ("email_click", "Link in an e-mail clicked", ENGAGEMENT),
    ("email_reply", "E-mail answered", ENGAGEMENT),
    ("email_bounce", "E-mail bounced", NEGATIVE),
    ("unsubscribe", "Unsubscribed", NEGATIVE),
    ("webinar_register", "Registered for a webinar", ENGAGEMENT),
    ("webinar_attend", "Attended a webinar", ENGAGEMENT),
    ("event_attend", "Attended an event", ENGAGEMENT),
    ("demo_request", "Demo requested", INTENT),
    ("contact_request", "Contact requested", INTENT),
    ("meeting_booked", "Meeting booked", INTENT),
    ("trial_start", "Trial started", INTENT),
    ("pricing_view", "Pricing viewed", INTENT),
    ("cart_add", "Added to cart", INTENT),
    ("referral", "Referred", ENGAGEMENT),
    ("social_engage", "Engaged on social media", ENGAGEMENT),
    ("ad_click", "Ad clicked", ENGAGEMENT),
)


def install(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Create what is missing. Reasons and types are starters: once there are any, they are the users' own."""
    with transaction.atomic(using=using):
        for role in Role:
            Group.objects.using(using).get_or_create(name=role.value)
        Organisation.objects.using(using).get_or_create(pk=1, defaults={"time_zone": settings.TIME_ZONE})
        if not Reason.objects.using(using).exists():
            Reason.objects.using(using).bulk_create(
                Reason(
                    key=key,
                    label=label,
                    leads_to=leads_to,
                    cooldown_days=days,
                    note_required=key == "other",
                    position=position,
                )
                for position, (key, label, leads_to, days) in enumerate(REASONS)
            )
        if not ActivityType.objects.using(using).exists():
            ActivityType.objects.using(using).bulk_create(
                ActivityType(code=code, label=label, category=category)
                for code, label, category in ACTIVITY_TYPES
            )
