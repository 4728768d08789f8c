"""Commands about what must reach the CRM and people: what waits, what is dead, the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError

_SHOWN = [
    "outbox_id",
    "kind",
    "lead_id",
    "status",
    "attempts",
    "not_before",
    "recipient",
    "error",
]


def register(app: App) -> None:
    """Add the commands of this module."""
    outbox = App(name="outbox", help="What must reach the CRM and people.")
    commands: tuple[tuple[Callable[..., int], str], ...] = (
        (outbox_list, "list"),
        (outbox_show, "show"),
        (outbox_retry, "retry"),
        (outbox_drop, "drop"),
    )
    for command, name in commands:
        outbox.command(command, name=name)
    app.command(outbox)


def outbox_list(
    *,
    status: str | None = None,
    lead: str | None = None,
    edited: Annotated[bool, Parameter(negative=())] = False,
    limit: int = 50,
    json: AsJson = False,
) -> int:
    """List what waits, was sent, or is dead, newest first, and how many there are of each.

    Parameters
    ----------
    status
        waiting, sent, dead, withdrawn or superseded
    lead
        only entries of this lead
    edited
        only those at which the CRM kept what a person had set there
    limit
        how many
    """
    from accord.ledger.outbox_rows import count_outbox, list_outbox
    from accord.outbox import Status

    if status not in (None, *Status):
        raise InputError(where="--status", found=f"{status!r}", expected=", ".join(Status))
    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_outbox(connection, status=status, lead_id=lead, edited=edited, limit=limit)
        counts = count_outbox(connection)
    if json:
        say_json(rows)
        return DONE
    say_table(rows, [*_SHOWN, "kept"] if edited else _SHOWN)
    say(", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none")
    return DONE


def outbox_show(outbox_id: int, /) -> int:
    """Show one entry with its payload, as JSON.

    Parameters
    ----------
    outbox_id
        the entry
    """
    from accord.ledger.outbox_rows import show_outbox

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        row = show_outbox(connection, outbox_id)
    if row is None:
        raise _unknown(outbox_id)
    say_json(row)
    return DONE


def outbox_retry(
    outbox_id: int | None = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    as_of: AsOf = None,
) -> int:
    """Send dead entries again with the next delivery, from their first attempt on.

    Parameters
    ----------
    outbox_id
        the entry
    all_
        every dead entry, once the cause is mended
    """
    from accord.ledger.outbox_rows import read_dead, retry_outbox, show_outbox

    if (outbox_id is None) is not all_:
        raise InputError(where="outbox retry", found="which is not said", expected="ID, or --all")
    at = instant(as_of)
    with open_workspace() as workspace, workspace.ledger.begin() as connection:
        wanted = read_dead(connection) if outbox_id is None else [outbox_id]
        done = [each for each in wanted if retry_outbox(connection, each, as_of=at)]
        row = None if outbox_id is None else show_outbox(connection, outbox_id)
    if outbox_id is None:
        say(f"{len(done):,} dead {'entry waits' if len(done) == 1 else 'entries wait'} again")
        return DONE
    if row is None:
        raise _unknown(outbox_id)
    emptied = row["status"] == "dead" and not done
    why = "has lost its payload to retention or an erasure; drop it" if emptied else "is not dead"
    say(f"entry {outbox_id} {'waits again' if done else f'{why}; nothing done'}")
    return DONE if done else FOUND


def outbox_drop(outbox_id: int, /, *, reason: str | None = None, as_of: AsOf = None) -> int:
    """Give up an entry that has not been sent.

    Parameters
    ----------
    outbox_id
        the entry
    reason
        why
    """
    from accord.ledger.outbox_rows import drop_outbox, show_outbox

    at = instant(as_of)
    with open_workspace() as workspace, workspace.ledger.begin() as connection:
        row = show_outbox(connection, outbox_id)
        done = drop_outbox(connection, outbox_id, as_of=at, why=reason)
    if row is None:
        raise _unknown(outbox_id)
    if done and row["leased_by"] is not None:
        say(f"entry {outbox_id} is dropped; whether it had reached the CRM is not known")
    else:
        say(f"entry {outbox_id} {'is dropped' if done else 'is ' + row['status']}")
    return DONE if done else FOUND


def _unknown(outbox_id: int) -> InputError:
    return InputError(
        where=f"outbox {outbox_id}",
        found="there is no such entry",
        expected="a number of accord outbox list",
    )
