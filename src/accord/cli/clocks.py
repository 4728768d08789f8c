"""Commands about service-level clocks: the sweep, how terms stand, breaches, what-ifs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_rows
from accord.cli.cadence import sla_cadence
from accord.cli.planning import current_agreement
from accord.cli.stages import AsJson, AsOf
from accord.cli.telling_clocks import say_breaches, say_due, say_rebuilt, say_speed
from accord.cli.telling_stories import say_stories
from accord.errors import InputError


def register(app: App) -> None:
    """Add the commands of this module."""
    sla = App(name="sla", help="Service-level clocks.")
    for command in (sweep, status, breaches, explain, due, speed, rebuild):
        sla.command(command)
    sla.command(sla_cadence, name="cadence")
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
    if json:
        say_json(rows)
    else:
        say_rows(rows)
    return DONE


def rebuild(
    *,
    apply: Annotated[bool, Parameter(negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Derive every clock again from what happened, and compare with those that are stored.

    Parameters
    ----------
    apply
        write what differs: lost clocks, and those stored under rules of before
    """
    from accord.services.clock_rebuild import rebuild_clocks

    with open_workspace() as workspace:
        found = rebuild_clocks(workspace, as_of=instant(as_of), apply=apply)
    if json:
        say_json(found.as_dict())
    else:
        say_rebuilt(found.as_dict(), applied=apply)
    return FOUND if found.differ and not apply else DONE


def breaches(  # noqa: PLR0913  each is a filter
    *,
    side: str | None = None,
    term: str | None = None,
    team: str | None = None,
    rep: str | None = None,
    since: str | None = None,
    until: str | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """List the clocks that ran out unmet: whose, by how much, and what happened.

    Parameters
    ----------
    side
        sales or marketing
    term
        a term of the agreement: first_touch
    team
        clocks of this team
    rep
        clocks that this rep owns
    since
        those that ran out on this day or later, in the agreement's zone
    until
        those that ran out on this day or before
    everything
        those too that are over by now: met late, handed on, cancelled; so with --since or --until
    """
    from accord.services.breach_report import Asked, read_breaches

    over = everything or since is not None or until is not None
    asked = Asked(side=side, term=term, team=team, rep=rep, since=since, until=until, over=over)
    with open_workspace() as workspace:
        rows = read_breaches(workspace, asked, as_of=instant(as_of))
    if json:
        say_json(rows)
    else:
        say_breaches(rows)
    return FOUND if rows else DONE


def explain(
    clock: str | None = None,
    /,
    *,
    lead: str | None = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Tell a clock's story: what was agreed, what began it, what it counted, what ended it.

    Parameters
    ----------
    clock
        the id of a clock, or how it alone begins; see accord sla breaches
    lead
        instead: every clock of this lead
    """
    from accord.services.clock_story import tell_clock, tell_clocks_of

    if (clock is None) == (lead is None):
        raise InputError(where="sla explain", found="both or neither", expected="CLOCK or --lead L")
    at = instant(as_of)
    with open_workspace() as workspace, workspace.ledger.read() as connection:
        if lead is not None:
            stories = tell_clocks_of(connection, lead, as_of=at)
        else:
            stories = [tell_clock(connection, str(clock), as_of=at)]
    if json:
        say_json(stories if lead is not None else stories[0])
    else:
        say_stories(stories, as_of=at)
    return DONE


def due(  # noqa: PLR0913  each is a word of the question
    *,
    start: str,
    within: str | None = None,
    calendar: str | None = None,
    term: str | None = None,
    segment: str | None = None,
    rep: str | None = None,
    json: AsJson = False,
) -> int:
    """Work out when a term runs out: what if it began at START and had WITHIN on CALENDAR?

    Parameters
    ----------
    start
        ISO instant
    within
        a duration: 5m, 16h
    calendar
        a calendar of the agreement
    term
        a term of the agreement: its length, clock, calendar and ladder
    segment
        of a term that has its length by segment
    rep
        on this rep's own calendar, without their absences
    """
    from accord.services.clock_what_if import Question, find_rep, work_out

    begin = instant(start, where="--start")
    who = None
    if rep is not None:
        with open_workspace() as workspace, workspace.ledger.read() as connection:
            who = find_rep(connection, rep)
    found = work_out(
        current_agreement(begin),
        Question(
            start=begin, within=within, calendar=calendar, term=term, segment=segment, rep=who
        ),
    )
    if json:
        say_json(found)
    else:
        say_due(found)
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
