"""Commands that read: explain, metrics, report, audit, doctor."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table
from accord.cli.explaining import explain
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError
from accord.services.settings import Settings


def register(app: App) -> None:
    """Add the commands of this module."""
    groups: tuple[Callable[..., int], ...] = (explain, report, audit, doctor)
    for each in groups:
        app.command(each)
    metrics = App(name="metrics", help="The numbers both teams are held to.")
    metrics.command(metrics_list, name="list")
    metrics.command(metrics_show, name="show")
    app.command(metrics)


def metrics_list(
    *, markdown: Annotated[bool, Parameter(negative="")] = False, json: AsJson = False
) -> int:
    """List every metric with its unit, owner and formula.

    Parameters
    ----------
    markdown
        as the page docs/metrics.md
    """
    from accord.metrics import METRICS, metrics_document

    rows = [asdict(metric) for metric in METRICS.values()]
    if json:
        say_json(rows)
    elif markdown:
        say(metrics_document(METRICS).rstrip("\n"))
    else:
        say_table(rows, ["name", "unit", "owner", "formula"])
    return DONE


def metrics_show(  # noqa: PLR0913  one argument an option
    name: str,
    /,
    *,
    by: str | None = None,
    every: str | None = None,
    since: Annotated[str | None, Parameter(name="--from")] = None,
    until: Annotated[str | None, Parameter(name="--to")] = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Compute one metric from the ledger.

    Parameters
    ----------
    name
        the metric; see accord metrics list
    by
        a dimension: segment, channel, campaign, team, rep, industry, country, term
    every
        a number of each day, week or month
    since
        first day, in the agreement's zone
    until
        last day
    """
    found = _measured(name, by=by, every=every, since=since, until=until, as_of=instant(as_of))
    if json:
        say_json(found)
        return DONE
    total = [{"member": "total", **found["total"]}] if every is None else []
    rows = [*found["rows"], *total]
    say(f"{found['metric']} ({found['unit']}): {found['formula']}")
    named = dict.fromkeys(name for row in rows for name in row)
    say_table(rows, [name for name in named if any(row.get(name) is not None for row in rows)])
    return DONE


def _measured(name: str, *, every: str | None, **asked: Any) -> dict[str, Any]:
    from accord.services.measure import measure
    from accord.services.series import measure_series

    with open_workspace() as workspace:
        if every is None:
            return measure(workspace, name, **asked).as_dict()
        return measure_series(workspace, name, every=every, **asked).as_dict()


def report(  # noqa: PLR0913  one argument an option
    *,
    week: str | None = None,
    month: str | None = None,
    since: Annotated[str | None, Parameter(name="--from")] = None,
    until: Annotated[str | None, Parameter(name="--to")] = None,
    everything: Annotated[bool, Parameter(name="--all", negative="")] = False,
    pipeline: Annotated[bool, Parameter(negative="")] = False,
    daily: Annotated[bool, Parameter(negative="")] = False,
    as_of: AsOf = None,
    open_it: Annotated[bool, Parameter(name="--open", negative="")] = False,
) -> int:
    """Write the report of a week, a month or a span: one HTML file that needs no network.

    Parameters
    ----------
    week
        an ISO week such as 2026-W46; that of yesterday if nothing is given
    month
        a month such as 2026-11
    since
        first day of a span, in the agreement's zone; from the first fact if not given
    until
        last day of it; to this day if not given
    everything
        all time, since the first fact
    pipeline
        the pipeline review instead: open deals, what they should bring, what stands still
    daily
        the pace of the goals up to yesterday instead
    open_it
        open it in the browser
    """
    from accord.services.pace_page import write_pace_page
    from accord.services.report import write_report
    from accord.services.report_asked import Wanted
    from accord.services.report_pipeline import write_pipeline_page

    wanted = Wanted(week=week, month=month, since=since, until=until, everything=everything)
    asked = [name for name, given in (("--pipeline", pipeline), ("--daily", daily)) if given]
    both = [*asked, *wanted.named]
    if asked and len(both) > 1:
        raise InputError(
            where=both[0],
            found=f"{both[0]} and {both[1]} at once",
            expected="one of them",
            remedy="leave one out; --as-of says at which instant it stands",
        )
    at = instant(as_of)
    with open_workspace() as workspace:
        if pipeline:
            path = write_pipeline_page(workspace, as_of=at)
        elif daily:
            path = write_pace_page(workspace, as_of=at)
        else:
            path = write_report(workspace, as_of=at, wanted=wanted)
    say(str(path))
    if open_it:
        webbrowser.open(Path(path).resolve().as_uri())
    return DONE


def audit(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Check laws L1 to L9 on the ledger."""
    from accord.services.audit import run_audit

    with open_workspace() as workspace:
        found = run_audit(workspace, as_of=instant(as_of))
    if json:
        say_json([asdict(finding) for finding in found])
    elif not found:
        say("accord audit: all laws hold")
    else:
        for finding in found:
            say(f"{finding.rule}: {finding}")
    return FOUND if found else DONE


def doctor(*, create: Annotated[bool, Parameter(negative="")] = False, json: AsJson = False) -> int:
    """Check that this installation can work: stores, agreement, sources, versions, the CRM.

    Parameters
    ----------
    create
        make what the CRM lacks for hand-offs, where that can be made from here, and say what
    """
    from accord.services.doctor import examine

    found = examine(Settings(), as_of=instant(None), create=create)
    checks = [asdict(check) for check in found]
    if json:
        say_json(checks)
    else:
        say_table(checks, ["what", "ok", "found"])
    return DONE if all(check["ok"] for check in checks) else FOUND
