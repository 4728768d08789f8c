"""The command ``accord sla cadence``: the playbook of every hand-off, kept and not kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_rows
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError

_TITLES = {"steps": "By step", "reps": "By rep", "teams": "By team", "attempts": "Attempts"}


def sla_cadence(  # noqa: PLR0913  each narrows or turns the question
    *,
    lead: str | None = None,
    rep: str | None = None,
    team: str | None = None,
    to_do: Annotated[bool, Parameter(name="--open", negative=())] = False,
    draft: Annotated[bool, Parameter(negative=())] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Tell what became of the cadence: steps on time, late, missed; reps, teams, attempts.

    Parameters
    ----------
    lead
        every step that was owed to one lead
    rep
        only what this rep owed
    team
        only what this team owed
    to_do
        the next step of every open hand-off, what is overdue first
    draft
        with --lead: the next mail that is owed, as it could be sent; nothing is sent or kept
    """
    from accord.services.cadence import Asked
    from accord.services.cadence_reports import list_open_steps, list_steps, summarize_cadence

    at = instant(as_of)
    if lead is not None and (rep or team):
        raise InputError(
            where="--lead", found="stands beside --rep or --team", expected="a lead, or whose"
        )
    if draft:
        return _draft(lead, at=at, beside=to_do, json=json)
    asked = Asked(lead_id=lead, rep_id=rep, team=team, running=to_do)
    with open_workspace() as workspace:
        if to_do:
            return _rows(list_open_steps(workspace, as_of=at, asked=asked), json=json)
        if lead is not None:
            return _rows(list_steps(workspace, lead, as_of=at), json=json)
        found = summarize_cadence(workspace, as_of=at, asked=asked)
    if json:
        say_json(found)
        return DONE
    for name, rows in found.items():
        say(_TITLES[name])
        _table(rows)
        say()
    return DONE


def _draft(lead: str | None, *, at: datetime, beside: bool, json: bool) -> int:
    """Print a draft on the terminal, which alone gets what it says of a person."""
    from accord.services.mail_drafts import draft_mail

    if lead is None or beside:
        found = "has no --lead" if lead is None else "stands beside --open"
        raise InputError(where="--draft", found=found, expected="--lead L --draft")
    with open_workspace() as workspace:
        draft = draft_mail(workspace, lead, as_of=at)
    if json:
        say_json(None if draft is None else draft.as_dict())
    elif draft is None:
        say(f"no mail is owed to {lead}")
    else:
        say(f"To: {draft.to or '(no address is known)'}\nSubject: {draft.subject}\n")
        say(draft.text.rstrip())
    return DONE


def _rows(rows: list[dict[str, Any]], *, json: bool) -> int:
    if json:
        say_json(rows)
    else:
        _table(rows)
    return DONE


def _table(rows: list[dict[str, Any]]) -> None:
    say_rows([_shown(row) for row in rows])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Shares in per cent, means with two decimals; JSON has them exact."""
    from accord.metrics import percent, plain, shown

    cells = dict(row)
    for name in ("share", "on_time_share"):
        if name in row:
            cells[name] = percent(row[name])
    if row.get("attempts_per_handoff") is not None:
        cells["attempts_per_handoff"] = plain(shown(row["attempts_per_handoff"], 2))
    if "overdue" in row:
        cells["overdue"] = "yes" if row["overdue"] else ""
    return cells
