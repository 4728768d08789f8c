"""The command that scores: it runs the stage, or shows the scores of another instant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import instant, open_workspace
from accord.cli.replay import Asked, replay
from accord.cli.stages import AsJson, AsOf, finish_stage
from accord.errors import InputError

KnownAt = Annotated[
    str | None,
    Parameter(
        name="--known-at", help="replay what was known at this instant; --as-of's if not given"
    ),
]


def register(app: App) -> None:
    """Add the command of this module."""
    app.command(score)


def score(  # noqa: PLR0913  the options of one command
    *,
    full: Annotated[bool, Parameter(negative="")] = False,
    store: Annotated[bool, Parameter(negative="")] = False,
    lead: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    leads: Path | None = None,
    agreement: Path | None = None,
    csv: Path | None = None,
    known_at: KnownAt = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Score the leads with something new; with --as-of, show the scores of then and store nothing.

    A replay: activities, attributes and merges as they were known then, under the agreement of
    then. It is asked for by --as-of, --known-at, --agreement, --lead, --leads or --csv.

    Parameters
    ----------
    full
        score all leads, not only those with something new
    store
        run the stage as of the instant, as in simulated time, instead of a replay
    lead
        replay this lead, with its reasons; may be given again
    leads
        replay these leads: a file with an id a line, or a CSV with a column lead_id
    agreement
        replay under this agreement, such as a candidate
    csv
        write what is replayed as a CSV file
    """
    asked = Asked(
        as_of=as_of, known_at=known_at, agreement=agreement, lead=lead, leads=leads, csv=csv
    )
    _refuse_both(asked, full=full, store=store)
    if asked.options or (as_of is not None and not store):
        return replay(asked, json=json)
    return _run_score(as_of, full=full, json=json)


def _refuse_both(asked: Asked, *, full: bool, store: bool) -> None:
    """A replay stores nothing and looks at all leads, or at those that are named."""
    stores = [name for name, given in (("--store", store), ("--full", full)) if given]
    if stores and asked.options:
        raise InputError(
            where=" and ".join(stores),
            found=f"given with {', '.join(asked.options)}, which asks for a replay",
            expected="the stage, which stores, or a replay, which does not",
            remedy="leave out one or the other",
        )
    if full and not store and asked.as_of is not None:
        raise InputError(
            where="--full",
            found="--as-of asks for a replay, which is of all leads and stores nothing",
            remedy="leave out --full, or add --store to run the stage as of then",
        )


def _run_score(as_of: str | None, *, full: bool, json: bool) -> int:
    from accord.services.score import run_score

    at = instant(as_of)
    with open_workspace() as workspace:
        if as_of is not None:
            _refuse_older(workspace, at)
        result = run_score(workspace, as_of=at, full=full)
    return finish_stage("score", result, json=json)


def _refuse_older(workspace: Any, at: datetime) -> None:
    """Scores of an earlier instant may not take the place of later ones."""
    from accord.ledger.score_rows import read_last_scored

    with workspace.ledger.read() as connection:
        newest = read_last_scored(connection)
    if newest is not None and at < newest:
        raise InputError(
            where="--as-of",
            found=f"scores of {newest.isoformat()} are stored, which is later",
            expected="an instant at or after it",
            remedy="leave out --store to see the scores of then without storing them",
        )
