"""Commands of the hand-off: the stage, what waits in its queue, and a person's approval."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Any

from cyclopts import App

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table, say_wrong
from accord.cli.stages import AsJson, AsOf, finish_stage

_COLUMNS = (
    *("place", "lead_id", "stage", "team", "hot", "fit", "engagement", "intent"),
    *("queued_at", "waits_for", "forced_at", "former_rep"),
)


def register(app: App) -> None:
    """Add the commands of this module; ``accord handoff`` alone runs the stage."""
    from accord.cli.pacing import hot

    group = App(name="handoff", help="Hand qualified leads to sales, each once.")
    group.default(run)
    group.command(run)
    group.command(queue)
    group.command(approve)
    group.command(hot)  # the same list as accord hot: whoever looks for it here finds it
    app.command(group)


def run(*, dry_run: bool = False, as_of: AsOf = None, json: AsJson = False) -> int:
    """Place what was said, then hand qualified leads to sales, each once.

    Parameters
    ----------
    dry_run
        say what would happen and change nothing
    """
    from accord.services.handoff import run_handoff
    from accord.services.lifecycle import run_lifecycle

    moment = instant(as_of)
    with open_workspace() as workspace:
        if not dry_run:
            placed = run_lifecycle(workspace, as_of=moment)
            finish_stage("lifecycle", placed, json=False, quiet=json)
        result = run_handoff(workspace, as_of=moment, dry_run=dry_run)
    return finish_stage("handoff", result, json=json)


def queue(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Show every hand-off that waits for a rep: its place, since when, why, when it is forced."""
    from accord.services.queue_view import read_queue_view

    with open_workspace() as workspace:
        view = read_queue_view(workspace, as_of=instant(as_of))
    if json:
        say_json(
            {
                "waiting": [row.as_dict() for row in view.rows],
                "findings": [asdict(finding) for finding in view.findings],
            }
        )
        return FOUND if view.findings else DONE
    if view.rows:
        say_table([_shown(row.as_dict()) for row in view.rows], _COLUMNS)
    else:
        say("nothing waits for a rep")
    for finding in view.findings:
        say_wrong(str(finding))
    return FOUND if view.findings else DONE


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "hot": "hot" if row["hot"] else None}


def approve(*, name: str | None = None, as_of: AsOf = None, json: AsJson = False) -> int:
    """Let the hand-offs of an unusually large run go on; the next run assigns them.

    Parameters
    ----------
    name
        who approves; the name of this computer's user if not given
    """
    from accord.services.approving import approve as approve_waiting

    by, at = _named(name), instant(as_of)
    with open_workspace() as workspace:
        count = approve_waiting(workspace, name=by, as_of=at)
    if json:
        say_json({"approved": count, "by": by, "at": at})
    elif count:
        noun = "1 hand-off goes" if count == 1 else f"{count:,} hand-offs go"
        say(f"approved by {by}: {noun} with the next run")
    else:
        say("nothing waits for approval")
    return DONE if count else FOUND


def _named(name: str | None) -> str:
    """Return who approves: it is kept, so it must be somebody."""
    from accord.services.signers import read_signer

    if name is None:
        try:
            name = getpass.getuser()
        except (OSError, KeyError):
            name = ""
    return read_signer(name, expected="who approves", where="--name")
