"""Commands for who is who: merges, candidates, merging and telling apart by hand."""

from __future__ import annotations

from cyclopts import App

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson


def register(app: App) -> None:
    """Add the commands of this module."""
    identity = App(name="identity", help="Which leads are one person, and why.")
    identity.command(identity_list, name="list")
    identity.command(identity_candidates, name="candidates")
    identity.command(identity_merge, name="merge")
    identity.command(identity_undo, name="undo")
    app.command(identity)


def identity_list(*, lead: str | None = None, limit: int = 50, json: AsJson = False) -> int:
    """List the merges in force and undone, the newest first.

    Parameters
    ----------
    lead
        only those that name this lead
    limit
        how many
    """
    from accord.ledger.identity_rows import list_merges

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_merges(connection, lead_id=lead, limit=limit)
    if json:
        say_json(rows)
    else:
        say_table(rows, ["lead_id", "into_lead_id", "why", "merged_at", "undone_at"])
    return DONE


def identity_candidates(*, limit: int = 50, show: bool = False, json: AsJson = False) -> int:
    """List pairs of leads that may be one person; they are reported, not merged.

    Parameters
    ----------
    limit
        how many, the most alike first
    show
        show names, which are personal: by default only ids are shown
    """
    from accord.services.identity_candidates import list_candidates

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_candidates(connection, limit=limit, show=show)
    if json:
        say_json(rows)
    else:
        names = ["name", "other_name"] if show else []
        say_table(rows, ["lead_id", "other_id", "likeness", "why", *names])
    return DONE


def identity_merge(lead: str, into: str, /) -> int:
    """Say that two leads are one person; the older one stands for both.

    Parameters
    ----------
    lead
        one of them
    into
        the other
    """
    from accord.services.identity_hand import merge_by_hand

    with open_workspace() as workspace:
        done = merge_by_hand(workspace, lead, into, as_of=instant(None))
    say(f"{done.lead_id} is part of {done.into}, the older one; {len(done.leads)} leads concerned")
    return DONE


def identity_undo(lead: str, /) -> int:
    """Undo a lead's merge for good: it is told apart from those it was one person with.

    Parameters
    ----------
    lead
        the lead that is part of another
    """
    from accord.services.identity_hand import undo_merge

    with open_workspace() as workspace:
        done = undo_merge(workspace, lead, as_of=instant(None))
    say(
        f"{done.lead_id} is no longer part of {done.into} and stays apart;"
        f" {len(done.leads)} leads concerned"
    )
    return DONE
