"""Commands that run stages, one or all of them."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import (
    DONE,
    FOUND,
    WRONG_INPUT,
    instant,
    open_workspace,
    say,
    say_json,
    say_wrong,
)
from accord.cli.replay import Asked, replay
from accord.errors import InputError
from accord.services.settings import Settings

AsOf = Annotated[str | None, Parameter(name="--as-of", help="ISO instant; now if not given")]
KnownAt = Annotated[
    str | None,
    Parameter(
        name="--known-at", help="replay what was known at this instant; --as-of's if not given"
    ),
]
AsJson = Annotated[bool, Parameter(name="--json", help="print JSON")]


def register(app: App) -> None:
    """Add the commands of this module."""
    for command in (init, simulate, ingest, score, handoff, deliver, weekly, nightly):
        app.command(command)
    app.command(run_pipeline, name="run")


def init() -> int:
    """Make the home folder, the ledger and the activity log; write starter files if missing."""
    settings = Settings()
    for path, starter in (
        (settings.agreement, "agreement.yaml"),
        (settings.sources, "sources.yaml"),
    ):
        if not path.exists():
            _write_starter(path, starter)
    with open_workspace(settings):
        say(f"ready: {settings.home}")
    return DONE


def _write_starter(path: Path, starter: str) -> None:
    from accord.services.shipped import shipped_file

    with shipped_file(starter) as source:
        shutil.copyfile(source, path)
    say(f"wrote {path}")


def simulate(
    *,
    weeks: int = 4,
    seed: int = 7,
    size: int = 3000,
    json: AsJson = False,
) -> int:
    """Run a simulated company through the whole system, tick by tick.

    Parameters
    ----------
    weeks
        how many weeks
    seed
        the same seed gives the same company
    size
        how many prospects
    """
    from accord.services.simulate import simulate_company

    with open_workspace() as workspace:
        summary = simulate_company(workspace, weeks=weeks, seed=seed, size=size, say=say)
    if json:
        say_json(summary)
    return DONE


def ingest(*, sources: Path | None = None, as_of: AsOf = None, json: AsJson = False) -> int:
    """Take new batches from the sources; failing rows are set aside with their reasons."""
    from accord.services.ingest import run_ingest

    settings = _with_sources(sources)
    with open_workspace(settings) as workspace:
        result = run_ingest(workspace, as_of=instant(as_of))
    return _finish("ingest", result, json=json)


def _with_sources(sources: Path | None) -> Settings:
    return Settings() if sources is None else Settings(sources=sources)


def score(  # noqa: PLR0913  the options of one command
    *,
    full: Annotated[bool, Parameter(negative="")] = False,
    store: Annotated[bool, Parameter(negative="")] = False,
    lead: tuple[str, ...] = (),
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
    return _finish("score", result, json=json)


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


def handoff(*, dry_run: bool = False, as_of: AsOf = None, json: AsJson = False) -> int:
    """Place what was said, then hand qualified leads to sales, each once."""
    from accord.services.handoff import run_handoff
    from accord.services.lifecycle import run_lifecycle

    moment = instant(as_of)
    with open_workspace() as workspace:
        if not dry_run:
            _finish("lifecycle", run_lifecycle(workspace, as_of=moment), json=False)
        result = run_handoff(workspace, as_of=moment, dry_run=dry_run)
    return _finish("handoff", result, json=json)


def deliver(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Drain the outbox into CRM and messages."""
    from accord.services.deliver import run_deliver

    with open_workspace() as workspace:
        result = run_deliver(workspace, as_of=instant(as_of))
    return _finish("deliver", result, json=json)


def weekly(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Compute the weekly metrics; a closed week that changed is restated."""
    from accord.services.weekly import run_weekly

    with open_workspace() as workspace:
        result = run_weekly(workspace, as_of=instant(as_of))
    return _finish("weekly", result, json=json)


def nightly(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Score every lead, move unready targets to nurture, compact the log, audit."""
    from accord.services.nightly import run_nightly

    with open_workspace() as workspace:
        result = run_nightly(workspace, as_of=instant(as_of))
    return _finish("nightly", result, json=json)


def run_pipeline(*, sources: Path | None = None, as_of: AsOf = None, json: AsJson = False) -> int:
    """Walk the pipeline once, without Prefect: every stage of a tick, in order."""
    from accord.services.pipeline import walk

    code, found = DONE, {}
    with open_workspace(_with_sources(sources)) as workspace:
        for name, result in _shown(walk(workspace, as_of=instant(as_of))):
            code = max(code, _finish(name, result, json=False, quiet=json))
            found[name] = result
    if json:
        from accord.services.pipeline import counts_of

        say_json({name: counts_of(result) for name, result in found.items()})
    return code


def _shown(steps: Any) -> Any:
    """Show which stage is at work, on a terminal."""
    if not sys.stderr.isatty():
        yield from steps
        return
    from rich.console import Console

    with Console(stderr=True).status("pipeline") as status:
        for name, result in steps:
            status.update(f"pipeline: {name} done")
            yield name, result


def _finish(name: str, result: Any, *, json: bool, quiet: bool = False) -> int:
    """Print counts, findings, notes; 2 if a file could not be read, 1 if something is wrong."""
    from accord.services.pipeline import counts_of

    counts = counts_of(result)
    if json:
        say_json(counts)
    elif not quiet:
        say(f"{name}: " + ", ".join(f"{value} {key}" for key, value in counts.items()))
    errors = getattr(result, "errors", ())
    findings = getattr(result, "findings", ())
    for wrong in (*errors, *findings, *getattr(result, "notes", ())):
        say_wrong(str(wrong))
    if errors:
        return WRONG_INPUT
    return FOUND if findings else DONE
