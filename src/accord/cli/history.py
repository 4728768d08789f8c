"""The command that tells one lead's history, and its page of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson, AsOf

Row = Mapping[str, Any]
KnownAt = Annotated[
    str | None, Parameter(name="--known-at", help="as was known at this instant; --as-of if not")
]

_MOVES = (
    *("at", "known_at", "to", "cycle", "owner", "cause", "by", "reason", "until"),
    *("agreement", "note"),
)
_STAGES = ("stage", "entries", "hours")
_PASSES = ("cycle", "began_at", "furthest", "ended_at", "outcome", "reason", "by", "until")
_HANDOFFS = ("cycle", "stage", "origin", "queued_at", "owners", "ended_at", "outcome")


def register(app: App) -> None:
    """Add the command."""
    app.command(history)


def history(
    lead_id: str, /, *, as_of: AsOf = None, known_at: KnownAt = None, json: AsJson = False
) -> int:
    """Tell a lead's history: every move and who owned it, time in stages, passes, hand-offs.

    Parameters
    ----------
    lead_id
        the lead, with its system: crm:L000123
    """
    from accord.services.history import read_lead_history

    with open_workspace() as workspace:
        found = read_lead_history(
            workspace,
            lead_id,
            as_of=instant(as_of),
            known_at=None if known_at is None else instant(known_at, where="--known-at"),
        ).as_dict()
    if json:
        say_json(found)
    else:
        _say_page(found)
    return DONE


def _say_page(found: Row) -> None:
    merged = f", part of {found['merged_into']}" if found["merged_into"] else ""
    say(f"{found['lead_id']}{merged}, at {found['as_of']} as known at {found['known_at']}")
    say(f"stands    {_stands(found)}")
    _section("Moves", [_move(row) for row in found["moves"]], _MOVES)
    _section("Time in stages", found["stages"], _STAGES)
    _section("Passes through sales", found["passes"], _PASSES)
    _section("Steps of deals", found["deal_steps"], ("cycle", "step", "at"))
    _section("Hand-offs", [_handoff(row) for row in found["handoffs"]], _HANDOFFS)


def _stands(found: Row) -> str:
    if found["stage"] is None:
        return "nowhere yet"
    parts = [found["stage"], found["step"], found["programme"], f"since {found['since']}"]
    if found["until"]:
        parts.append(f"until {found['until']}")
    return ", ".join(part for part in (*parts, f"cycle {found['cycle']}") if part)


def _move(row: Row) -> Row:
    notes = ["inferred"] if row["inferred"] else []
    if row["retracted_at"]:
        notes.append(f"taken back at {row['retracted_at']}")
    to = f"{row['to']} ({row['step'] or row['programme']})"
    plain = not (row["step"] or row["programme"])
    return {**row, "to": row["to"] if plain else to, "note": ", ".join(notes)}


def _handoff(row: Row) -> Row:
    owners = (f"{one['rep_id'] or 'nobody'} since {one['since']}" for one in row["owners"])
    waits = f"waits for {row['waits_for']}" if row["waits_for"] else "nobody yet"
    return {**row, "owners": ", then ".join(owners) or waits}


def _section(title: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    say()
    say(f"{title}:" if rows else f"{title}: none")
    if rows:
        say_table(rows, columns)
