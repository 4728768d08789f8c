"""The draft of the next mail that a rep owes a lead: what is known goes into the step's template.

Nothing is sent, nothing is kept, and nothing of it is logged: a draft names a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accord.crm import split_name
from accord.errors import InputError
from accord.ledger.fact_rows import read_leads
from accord.ledger.payload_rows import read_names
from accord.outbox import MailTemplates, one_line
from accord.services.agreements import agreement_then
from accord.services.cadence import Followed
from accord.services.cadence_reports import find_owed_mail
from accord.services.workspace import Workspace
from accord.sla import Attempt, FollowUp, Tenure

_OF_LEAD = ("name", "email", "phone", "title", "company", "industry", "country", "segment")
_NOBODY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """A mail as a rep could send it, and the step that it serves.

    ``to`` is empty where no address is known; ``due`` is when the step falls due.
    """

    to: str
    subject: str
    text: str
    template: str
    handoff: str
    branch: str
    step: int
    due: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def draft_mail(workspace: Workspace, lead_id: str, *, as_of: datetime) -> MailDraft | None:
    """Draft the next mail owed to a lead, as the cadence stands at ``as_of``; None if none is owed.

    Of lead and rep it says what is known now; of a lead that was merged, what is known of the one
    it became. InputError for an unknown lead, a step without a template, and a template without a
    text or that cannot be used.
    """
    owed = find_owed_mail(workspace, lead_id, as_of=as_of)
    if owed is None:
        return None
    followed, step = owed
    templates = MailTemplates(workspace.settings.mail_templates)
    name = _template(step, templates)
    variables = _variables(workspace, followed, step)
    said = templates.render(name, variables)
    return MailDraft(
        to=one_line(variables["lead"]["email"]),
        subject=said.subject,
        text=said.text,
        template=name,
        handoff=followed.tenure.handoff_id,
        branch=step.play.branch.value,
        step=step.play.number,
        due=step.due_at,
    )


def _template(step: FollowUp, templates: MailTemplates) -> str:
    """Return the name of the step's template; InputError where it names none that has a text."""
    play = step.play
    where = f"cadence.{play.branch.value}[{play.number - 1}].template"
    if play.template is None:
        raise InputError(
            where=where,
            found="the step names no template",
            expected="one of " + ", ".join(templates.names),
            remedy="name it in the next version of the agreement",
        )
    templates.require(play.template, where=where)
    return play.template


def _variables(workspace: Workspace, followed: Followed, step: FollowUp) -> dict[str, Any]:
    """Return what a template may say; what is not known is an empty text."""
    tenure, made = followed.tenure, followed.attempts
    zone = _zone(workspace, tenure)
    talks = [attempt for attempt in made if attempt.is_connected]
    due = step.due_at.astimezone(zone)
    return {
        **_people(workspace, tenure),
        "step": {
            "branch": step.play.branch.value,
            "number": step.play.number,
            "due": _minute(due),
        },
        "attempts": len(made),
        "last": _attempt(made[-1] if made else None, zone),
        "talk": _attempt(talks[-1] if talks else None, zone),
    }


def _zone(workspace: Workspace, tenure: Tenure) -> ZoneInfo:
    """Return the zone of the agreement that the step is owed under."""
    path, since = workspace.settings.agreement, tenure.since
    return ZoneInfo(agreement_then(workspace.ledger, path, as_of=since, known_at=since).timezone)


def _people(workspace: Workspace, tenure: Tenure) -> dict[str, dict[str, str]]:
    with workspace.ledger.read() as connection:
        (lead,) = read_leads(connection, [tenure.lead_id])
        rep = read_names(connection).get(tenure.rep_id or "", _NOBODY)
    return {
        "lead": {
            "id": tenure.lead_id,
            "first_name": first_name(lead["name"] or ""),
            **{name: lead[name] or "" for name in _OF_LEAD},
        },
        "rep": {
            "id": tenure.rep_id or "",
            "name": rep.get("name") or "",
            "email": rep.get("email") or "",
        },
    }


def first_name(name: str) -> str:
    """Return what a letter greets somebody by: all but the last word, or the only one.

    >>> first_name("Ana Maria Ruiz"), first_name("Zoë")
    ('Ana Maria', 'Zoë')
    """
    first, last = split_name({"name": name})
    return first or last


def _attempt(attempt: Attempt | None, zone: ZoneInfo) -> dict[str, str]:
    if attempt is None:
        return {"channel": "", "at": "", "on": ""}
    at = attempt.at.astimezone(zone)
    return {"channel": attempt.channel.value, "at": _minute(at), "on": at.date().isoformat()}


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")
