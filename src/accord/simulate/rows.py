"""How people and days become rows of source files: leads, activities, spend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from accord.records import Entity
from accord.simulate.behaviour import Act
from accord.simulate.diary import Record, activity_row
from accord.simulate.prospects import Prospect
from accord.simulate.streams import CRM_ZONE, stream
from accord.simulate.words import CAMPAIGNS, DAILY_SPEND


def lead_row(prospect: Prospect, *, answered: bool) -> dict[str, str]:
    """Return the lead as the CRM exports it; ``answered`` says whether the BANT form is in."""
    account = prospect.account
    states = prospect.states_company
    return {
        "id": prospect.lead_id,
        "created": local_text(prospect.created_at),
        "mail": prospect.email,
        "full_name": prospect.name,
        "phone": prospect.phone,
        "job_title": prospect.title,
        "company": account.name,
        "industry": account.industry if states else "",
        "country": account.country,
        "employees": str(account.employees) if states else "",
        "budget": str(prospect.budget) if answered else "",
        "decides": ("yes" if prospect.authority else "no") if answered else "",
        "need": prospect.true_need if answered else "",
        "days_to_decide": str(prospect.timeline_days) if answered else "",
        "source": prospect.channel,
        "campaign": prospect.campaign,
    }


def local_text(at: datetime) -> str:
    """Render an instant in the CRM's local time, without its zone."""
    return f"{at.astimezone(CRM_ZONE):%Y-%m-%d %H:%M:%S}"


def lead_records(prospect: Prospect) -> Iterator[Record]:
    """Yield the lead's record at creation, and again when the BANT form comes in later."""
    at, later = prospect.created_at, prospect.answered_on
    answered = later is not None and later <= at
    yield _lead(prospect, at, answered=answered)
    if later is not None and not answered:
        yield _lead(prospect, later, answered=True)


def _lead(prospect: Prospect, at: datetime, *, answered: bool) -> Record:
    row = lead_row(prospect, answered=answered)
    return Record(at=at, entity=Entity.LEAD, record_id=prospect.lead_id, row=row)


def act_record(lead_id: str, number: int, act: Act) -> Record:
    """Return one thing a lead did of its own accord as a row of the activity file."""
    record_id = f"A-{lead_id}-{number:03d}"
    row = activity_row(record_id, lead_id, act.kind, act.at, act.detail)
    return Record(at=act.at, entity=Entity.ACTIVITY, record_id=record_id, row=row)


def spend_records(seed: int, day: datetime) -> Iterator[Record]:
    """Yield what each campaign cost on a UTC day; the bill comes an hour after it."""
    at = day + timedelta(days=1, hours=1)
    for channel, campaigns in CAMPAIGNS.items():
        for campaign in campaigns:
            low, high = DAILY_SPEND[campaign]
            amount = Decimal(
                stream(seed, "spend", campaign, day.date()).randint(low * 100, high * 100)
            )
            record_id = f"S-{day:%y%m%d}-{campaign}"
            row = {
                "id": record_id,
                "day": f"{day:%Y-%m-%d}",
                "amount": str(amount / 100),
                "source": channel,
                "campaign": campaign,
            }
            yield Record(at=at, entity=Entity.SPEND, record_id=record_id, row=row)
