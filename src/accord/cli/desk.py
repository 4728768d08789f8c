"""Commands for what waits for a person: the quarantine and the outbox."""

from __future__ import annotations

from cyclopts import App

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson
from accord.errors import InputError


def register(app: App) -> None:
    """Add the commands of this module."""
    quarantine = App(name="quarantine", help="Rows set aside, whole, with their reasons.")
    quarantine.command(quarantine_list, name="list")
    quarantine.command(quarantine_show, name="show")
    app.command(quarantine)
    outbox = App(name="outbox", help="What must reach the CRM and people.")
    for command, name in (
        (outbox_list, "list"),
        (outbox_show, "show"),
        (outbox_retry, "retry"),
        (outbox_drop, "drop"),
    ):
        outbox.command(command, name=name)
    app.command(outbox)


def quarantine_list(*, limit: int = 50, json: AsJson = False) -> int:
    """List the rows set aside: where they stood and why.

    Parameters
    ----------
    limit
        how many, newest first
    """
    from accord.ledger.batch_rows import list_quarantine

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_quarantine(connection, limit=limit)
    if json:
        say_json(rows)
        return DONE
    shown = [
        {**row, "why": "; ".join(reason["sentence"] for reason in row["reasons"])} for row in rows
    ]
    say_table(shown, ["batch_id", "source", "row_number", "status", "why"])
    return DONE


def quarantine_show(batch_id: str, row_number: int, /) -> int:
    """Show one row set aside, whole, as JSON.

    Parameters
    ----------
    batch_id
        the batch
    row_number
        1 is the first data row of the file
    """
    from accord.ledger.batch_rows import show_quarantine

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        row = show_quarantine(connection, batch_id, row_number)
    if row is None:
        raise InputError(
            where=f"quarantine {batch_id} {row_number}",
            found="no such row",
            remedy="see accord quarantine list",
        )
    say_json(row)
    return DONE


def outbox_list(*, status: str | None = None, limit: int = 50, json: AsJson = False) -> int:
    """List what waits, was sent, or is dead.

    Parameters
    ----------
    status
        waiting, sent, dead, withdrawn or superseded
    limit
        how many, newest first
    """
    from accord.ledger.outbox_rows import list_outbox

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_outbox(connection, status=status, limit=limit)
    if json:
        say_json(rows)
    else:
        say_table(rows, ["outbox_id", "kind", "lead_id", "status", "attempts", "error"])
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
        raise InputError(where=f"outbox {outbox_id}", found="no such entry")
    say_json(row)
    return DONE


def outbox_retry(outbox_id: int, /) -> int:
    """Send a dead entry again with the next delivery.

    Parameters
    ----------
    outbox_id
        the entry
    """
    from accord.ledger.outbox_rows import retry_outbox

    with open_workspace() as workspace, workspace.ledger.begin() as connection:
        done = retry_outbox(connection, outbox_id, as_of=instant(None))
    say(f"entry {outbox_id} {'waits again' if done else 'is not dead; nothing done'}")
    return DONE if done else FOUND


def outbox_drop(outbox_id: int, /) -> int:
    """Give up an entry that has not been sent.

    Parameters
    ----------
    outbox_id
        the entry
    """
    from accord.ledger.outbox_rows import drop_outbox

    with open_workspace() as workspace, workspace.ledger.begin() as connection:
        done = drop_outbox(connection, outbox_id, as_of=instant(None))
    say(f"entry {outbox_id} {'is dropped' if done else 'was sent or is unknown; nothing done'}")
    return DONE if done else FOUND
