"""Commands that show the flow from marketing to sales: the pace of each team, the hot leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table, say_wrong
from accord.cli.planning import tell_goals
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError

Row = Mapping[str, Any]

_WEEKS = ("week", "when", "arrived", "hot", "released", "over_capacity", "backlog")
_REPS = ("rep", "week", "month", "today", "left_today", "over", "by_rule", "expected_week", "note")
_HOT = ("lead_id", "need", "stage", "hot_since", "owner", "team", "touched_at", "due_at", "why")
_NAMES = ("name", "company", "owner_name")


def register(app: App) -> None:
    """Add the commands of this module."""
    app.command(pace)
    app.command(hot)


def pace(
    *,
    weeks: int = 4,
    arrivals: str | None = None,
    goals: Annotated[bool, Parameter(negative="")] = False,
    on: str | None = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Show what comes, what goes and what waits; each rep's load; when it will overflow.

    Parameters
    ----------
    weeks
        how many weeks behind and ahead
    arrivals
        what if so many came a week: inbound=45,emea=10; else as many as in the weeks behind
    goals
        instead: how MQLs and revenue stand against the plan of the month and the quarter
    on
        of the goals: the last day that counts; yesterday if not given
    """
    if goals:
        return tell_goals(on=on, as_of=instant(as_of), json=json)
    from accord.services.pace import read_pace

    with open_workspace() as workspace:
        found = read_pace(
            workspace, as_of=instant(as_of), weeks=weeks, arrivals=_parse_arrivals(arrivals)
        )
    plain = found.as_dict()
    if json:
        say_json(plain)
    else:
        _say_pace(plain, weeks=weeks)
        for finding in found.findings:
            say_wrong(str(finding))
    return FOUND if found.findings else DONE


def _parse_arrivals(text: str | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in text.split(",") if text is not None else ():
        team, _, count = part.partition("=")
        if not count.strip().isdecimal():
            raise InputError(
                where="--arrivals", found=f"{part!r}", expected="TEAM=COUNT, comma between"
            )
        if team.strip() in found:
            raise InputError(
                where="--arrivals", found=f"{team.strip()!r} twice", expected="each team once"
            )
        found[team.strip()] = int(count)
    return found


def _say_pace(found: Row, *, weeks: int) -> None:
    if not found["teams"]:
        say("no team has reps or leads yet")
    for number, team in enumerate(found["teams"]):
        if number:
            say()
        _say_team(team, weeks=weeks)


def _say_team(team: Row, *, weeks: int) -> None:
    say(
        f"{team['team']} ({team['role']}): {team['arrivals_per_week']} leads a week,"
        f" {team['hot_per_week']} of them hot; capacity {team['capacity_per_week']} a week"
    )
    say_table([*map(_behind, team["behind"]), *map(_ahead, team["ahead"])], _WEEKS)
    if team["reps"]:
        say_table([_rep(rep) for rep in team["reps"]], _REPS)
    oldest = f", the oldest since {team['oldest_at']}" if team["oldest_at"] else ""
    left = f"; {team['reassigned']} of them since their rep has left" if team["reassigned"] else ""
    approval = f"; {team['withheld']} more for an approval" if team["withheld"] else ""
    say(f"waiting: {team['backlog']}{oldest}{left}{approval}")
    say(f"overflow: {_overflow(team['overflow'], weeks=weeks)}")


def _behind(week: Row) -> Row:
    when = "so far" if week["partial"] else "behind"
    return {**week, "when": when, "over_capacity": week["forced"]}


def _ahead(week: Row) -> Row:
    return {**week, "when": "ahead", "over_capacity": week["forced"]}


def _rep(rep: Row) -> Row:
    return {
        "rep": rep["rep_id"],
        "week": f"{rep['week']} of {rep['per_week']}",
        "month": f"{rep['month']} of {rep['per_month']}",
        "today": rep["today"],
        "left_today": rep["left_today"],
        "over": max(rep["over_week"], rep["over_month"]) or None,
        "by_rule": rep["forced_week"] or None,
        "expected_week": rep["expected_week"],
        "note": "away" if rep["away"] else None,
    }


def _overflow(overflow: Row, *, weeks: int) -> str:
    """Say when the first lead goes over capacity, or has waited as long as agreed."""
    for name, what in (("forced", "over capacity"), ("overdue", "held as long as agreed")):
        best, worst = overflow[f"{name}_from"], overflow[f"{name}_from_at_worst"]
        if best or worst:
            return f"{what} {_from(best)}; {_from(worst)} if newcomers rank first"
    return f"none this week nor in the {weeks} after it"


def _from(at: str | None) -> str:
    return f"from {at}" if at else "not in these weeks"


def hot(*, names: bool = False, as_of: AsOf = None, json: AsJson = False) -> int:
    """List the hot leads and who has them; who needs a call first stands on top.

    Parameters
    ----------
    names
        names of people and companies as well: for your eyes
    """
    from accord.services.hot_list import read_hot

    with open_workspace() as workspace:
        found = read_hot(workspace, as_of=instant(as_of), names=names)
    plain = found.as_dict()
    if json:
        say_json(plain)
    else:
        _say_hot(plain, names=names)
    return DONE if found.is_well else FOUND


def _say_hot(found: Row, *, names: bool) -> None:
    leads: Sequence[Row] = found["leads"]
    if not leads:
        say("no lead is hot")
        return
    columns = (*_HOT[:1], *(_NAMES if names else ()), *_HOT[1:])
    say_table([_hot_row(lead) for lead in leads], columns)
    counts = ", ".join(f"{count} {need}" for need, count in found["counts"].items() if count)
    say(f"{len(leads)} hot: {counts}; {found['late']} late")


def _hot_row(lead: Row) -> Row:
    late = " late" if lead["late"] else ""
    return {**lead, "due_at": None if lead["due_at"] is None else f"{lead['due_at']}{late}"}
