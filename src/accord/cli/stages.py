"""Commands that run stages, one or all of them."""

from __future__ import annotations

import json as json_text
import shutil
import sys
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
    say_table,
    say_wrong,
)
from accord.errors import InputError
from accord.services.settings import Settings

AsOf = Annotated[str | None, Parameter(name="--as-of", help="ISO instant; now if not given")]
AsJson = Annotated[bool, Parameter(name="--json", help="print JSON")]


def register(app: App) -> None:
    """Add the commands of this module."""
    for command in (init, simulate, ingest, deliver, weekly, nightly):
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
    _write_schema(settings.agreement.parent / "agreement.schema.json")
    with open_workspace(settings):
        say(f"ready: {settings.home}")
    return DONE


def _write_starter(path: Path, starter: str) -> None:
    from accord.services.shipped import shipped_file

    with shipped_file(starter) as source:
        shutil.copyfile(source, path)
    say(f"wrote {path}")


def _write_schema(path: Path) -> None:
    """Lay down what editors complete and check the agreement by, if it is not there."""
    if not path.exists():
        from accord.agreement import agreement_schema

        text = json_text.dumps(agreement_schema(), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
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
    wrong = {
        stage: each["errors"] for stage, each in summary["stages"].items() if each.get("errors")
    }
    for stage, count in wrong.items():
        say_wrong(f"{stage}: {count} errors; accord {stage} says which")
    return FOUND if wrong else DONE


def ingest(*, sources: Path | None = None, as_of: AsOf = None, json: AsJson = False) -> int:
    """Take new batches from the sources; failing rows are set aside with their reasons."""
    from accord.services.ingest import run_ingest

    settings = _with_sources(sources)
    with open_workspace(settings) as workspace:
        result = run_ingest(workspace, as_of=instant(as_of))
    return finish_stage("ingest", result, json=json)


def _with_sources(sources: Path | None) -> Settings:
    return Settings() if sources is None else Settings(sources=sources)


def deliver(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Drain the outbox into CRM and messages."""
    from accord.services.deliver import run_deliver

    with open_workspace() as workspace:
        result = run_deliver(workspace, as_of=instant(as_of))
    return finish_stage("deliver", result, json=json)


def weekly(  # noqa: PLR0913  one argument a thing that can be asked
    *,
    full: bool = False,
    months: bool = False,
    days: bool = False,
    log: bool = False,
    since: str | None = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Compute the weekly metrics of the weeks with news; a closed week that changed is restated.

    Parameters
    ----------
    full
        compute every week (or every day), whatever may have changed
    months
        compute every month instead, for the monthly review and for BI
    days
        compute what flowed on each day instead, of the last quarter, for BI
    log
        compute nothing: list each change of a closed week's number
    since
        with --log, the first day listed, in the agreement's zone
    """
    from accord.services.calendar_cuts import run_daily, run_monthly
    from accord.services.weekly import EVERY_WEEK, run_weekly, said

    if months + days + log > 1:
        raise InputError(
            where="accord weekly",
            found="more than one of --months, --days and --log",
            expected="one of them",
            remedy="run the command once for each",
        )
    if log:
        return _weekly_log(since, as_of=as_of, json=json)
    with open_workspace() as workspace:
        if months:
            result = run_monthly(workspace, as_of=instant(as_of))
        elif days:
            result = run_daily(workspace, as_of=instant(as_of), full=full)
        else:
            result = run_weekly(workspace, as_of=instant(as_of), weeks=EVERY_WEEK if full else None)
    if not json:
        for line in said(result.restatements):
            say(line)
        if result.why_all is not None and not full:
            say(f"every week was computed: {result.why_all}")
    return finish_stage("weekly", result, json=json)


def _weekly_log(since: str | None, *, as_of: AsOf, json: bool) -> int:
    from accord.services.measure import bound
    from accord.services.weekly import read_log

    with open_workspace() as workspace:
        zone = workspace.agreement(instant(as_of)).timezone
        found = read_log(workspace, since=bound(since, "--since", zone))
    if json:
        say_json(found)
    else:
        say_table(found, ["when", "period", "metric", "dimension", "member", "was", "is"])
    return DONE


def nightly(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Score every lead, move unready targets to nurture, compact the log, audit."""
    from accord.services.nightly import run_nightly

    with open_workspace() as workspace:
        result = run_nightly(workspace, as_of=instant(as_of))
    return finish_stage("nightly", result, json=json)


def run_pipeline(*, sources: Path | None = None, as_of: AsOf = None, json: AsJson = False) -> int:
    """Walk the pipeline once, without Prefect: every stage of a tick, in order."""
    from accord.services.pipeline import walk

    code, found = DONE, {}
    with open_workspace(_with_sources(sources)) as workspace:
        for name, result in _shown(walk(workspace, as_of=instant(as_of))):
            code = max(code, finish_stage(name, result, json=False, quiet=json))
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


def finish_stage(name: str, result: Any, *, json: bool, quiet: bool = False) -> int:
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
