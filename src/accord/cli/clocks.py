"""Commands about service-level clocks: the sweep, how terms stand, breaches, what-ifs."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table
from accord.cli.reading import current_agreement
from accord.cli.stages import AsJson, AsOf
from accord.cli.telling_clocks import say_speed
from accord.errors import InputError


def register(app: App) -> None:
    """Add the commands of this module."""
    sla = App(name="sla", help="Service-level clocks.")
    for command in (sweep, status, breaches, due, speed):
        sla.command(command)
    app.command(sla)


def sweep(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Climb the ladders of what is due."""
    from accord.services.clocks import run_sweep
    from accord.services.pipeline import counts_of

    with open_workspace() as workspace:
        counts = counts_of(run_sweep(workspace, as_of=instant(as_of)))
    if json:
        say_json(counts)
    else:
        say("sla: " + ", ".join(f"{value} {key}" for key, value in counts.items()))
    return DONE


def status(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """Count the clocks of every term: running, due soon, met, breached."""
    from accord.services.clocks import clock_status

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = clock_status(connection, as_of=instant(as_of))
    return _rows(rows, json=json)


def breaches(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """List the clocks that ran out unmet: whose, and by how much."""
    from accord.services.clocks import breaches as find_breaches

    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = find_breaches(connection, as_of=instant(as_of))
    _rows(rows, json=json)
    return FOUND if rows else DONE


def _rows(rows: list[dict[str, Any]], *, json: bool) -> int:
    if json:
        say_json(rows)
    elif rows:
        say_table(rows, list(rows[0]))
    else:
        say("none")
    return DONE


def due(*, start: str, within: str, calendar: str, json: AsJson = False) -> int:
    """Work out when a term runs out: what if it began at START and had WITHIN on CALENDAR?

    Parameters
    ----------
    start
        ISO instant
    within
        a duration: 5m, 16h
    calendar
        a calendar of the agreement
    """
    from accord.agreement import parse_duration
    from accord.sla import Calendar

    begin = instant(start)
    calendars = current_agreement(begin).calendars
    if calendar not in calendars:
        raise InputError(
            where="--calendar", found=f"{calendar!r} is unknown", expected=", ".join(calendars)
        )
    try:
        term = parse_duration(within).delta
    except ValueError as error:
        raise InputError(where="--within", found=str(error)) from None
    due = Calendar.parse(calendars[calendar]).due(begin, term)
    if json:
        say_json({"start": begin, "within": within, "calendar": calendar, "due": due})
    else:
        say(due.isoformat())
    return DONE


def speed(
    *,
    since: str | None = None,
    until: str | None = None,
    calendar: str | None = None,
    by: str | None = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Show how fast leads were answered: what the system took, what the rep took, in both times.

    Parameters
    ----------
    since
        first day, in the agreement's zone: of assignment for the system, of the touch for the rep
    until
        last day
    calendar
        count business time on this calendar of the agreement; on each clock's own if not given
    by
        team, rep or segment
    """
    from accord.services.speed import read_speed

    with open_workspace() as workspace:
        found = read_speed(
            workspace, as_of=instant(as_of), since=since, until=until, calendar=calendar, by=by
        ).as_dict()
    if json:
        say_json(found)
    else:
        say_speed(found)
    return DONE
