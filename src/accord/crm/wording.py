"""What is read in the CRM and by whom: a task's title and text, why now, the timeline.

Plain text, shared by the adapters of CRMs that people work in. A payload that lacks a part lacks
its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from accord.crm.port import Item

Payload = Mapping[str, Any]

_FIRST = "first_touch"
_URGENCY = {1: "Hot: call now", 2: "Call soon", 3: "New lead"}


def title(payload: Payload) -> str:
    """Return the one line of a task: how soon, who, and the strongest reason.

    >>> title({"priority": 1, "lead": {"name": "Zoë", "company": "Acme"}, "lead_id": "crm:1",
    ...        "reasons": [{"name": "demo_request", "points": "40.0"}]})
    'Hot: call now: Zoë (Acme), demo request'
    """
    if "subject" in payload:
        return str(payload["subject"])
    lead = payload.get("lead") or {}
    who = str(lead.get("name") or lead.get("email") or payload.get("lead_id") or "a lead")
    where = f" ({lead['company']})" if lead.get("company") else ""
    reasons = [_words(one["name"]) for one in payload.get("reasons") or () if one.get("name")]
    why = f", {reasons[0]}" if reasons else ""
    return f"{_URGENCY.get(payload.get('priority') or 3, _URGENCY[3])}: {who}{where}{why}"


def why(payload: Payload) -> str:
    """Return the top reasons, a line each, the strongest first."""
    return "\n".join(_reason(one) for one in payload.get("reasons") or ())


def timeline(payload: Payload) -> str:
    """Return what happened with the lead, a line each, the newest first."""
    return "\n".join(_event(one) for one in payload.get("timeline") or ())


def body(payload: Payload) -> str:
    """Return the text of a task: due times, why now, scores, what to do, what happened."""
    if "text" in payload:
        return "\n".join([str(payload["text"]), *_told(payload)])
    parts = [
        ("Due", _due_lines(payload)),
        ("Why now", why(payload).splitlines()),
        ("Scores", _scores(payload)),
        ("About", _about(payload.get("lead") or {})),
        ("What to do", [_step(one) for one in payload.get("playbook") or ()]),
        ("What happened", timeline(payload).splitlines()),
    ]
    return "\n\n".join("\n".join([f"{head}:", *lines]) for head, lines in parts if lines)


def due_at(payload: Payload) -> datetime | None:
    """Return when the first touch is due, else the earliest of what is due; None if nothing is."""
    due = payload.get("due_at") or {}
    said = due.get(_FIRST) or min(due.values(), default=None) or payload.get("at")
    return None if said is None else datetime.fromisoformat(said)


def cut(text: str, longest: int) -> str:
    """Shorten a text that a field does not hold; it then ends in an ellipsis.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def people(item: Item) -> list[dict[str, Any]]:
    """Return whom an item is for, each with id and email: a hand-off's rep, a message's all."""
    payload = item.payload
    if "recipients" in payload:
        return [dict(one) for one in payload["recipients"] or ()]
    rep = payload.get("rep") or {}
    person = {"id": rep.get("rep_id") or payload.get("rep_id"), "email": rep.get("email")}
    return [person] if person["id"] else []


def split_name(lead: Payload) -> tuple[str, str]:
    """Return first and last name; all but the last word is the first name.

    >>> split_name({"name": "Ana Maria Ruiz"})
    ('Ana Maria', 'Ruiz')
    """
    first, _, last = str(lead.get("name") or "").strip().rpartition(" ")
    return first.strip(), last


def _due_lines(payload: Payload) -> list[str]:
    due = payload.get("due_at") or {}
    return [f"- {_words(term)}: {at}" for term, at in sorted(due.items(), key=lambda one: one[1])]


def _scores(payload: Payload) -> list[str]:
    return [f"- {name}: {points}" for name, points in (payload.get("scores") or {}).items()]


def _about(lead: Payload) -> list[str]:
    """Return what is known of the person and the company that is not in the title."""
    shown = {name: value for name, value in lead.items() if name not in ("name", "email", "phone")}
    return [f"- {_words(name)}: {value}" for name, value in shown.items() if value is not None]


def _reason(one: Payload) -> str:
    count = f" x{one['count']}" if one.get("count") else ""
    last = f", last {one['last_at']}" if one.get("last_at") else ""
    return f"- {_words(one.get('name'))}{count}: {one.get('points')} {one.get('score', '')}{last}"


def _step(one: Payload) -> str:
    otherwise = f", else {_words(one['otherwise'])}" if one.get("otherwise") else ""
    template = f" (template {one['template']})" if one.get("template") else ""
    head = f"- {_words(one.get('when'))}: {one.get('channel')}"
    return f"{head} within {one.get('within')}{otherwise}{template}"


def _event(one: Payload) -> str:
    detail = f": {one['detail']}" if one.get("detail") else ""
    return f"- {one.get('at')} {_words(one.get('what'))} {_words(one.get('kind'))}{detail}"


def _told(payload: Payload) -> Iterator[str]:
    """Name everybody whom a message is for, by role and id."""
    people: Sequence[Payload] = payload.get("recipients") or ()
    if people:
        yield "For: " + ", ".join(f"{_words(one.get('role'))} {one.get('id')}" for one in people)


def _words(name: Any) -> str:
    return str(name).replace("_", " ")
