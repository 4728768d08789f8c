"""Commands about what is to be reached: the plan, what history says of it, the goals' pace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table, say_wrong
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError
from accord.services.settings import Settings

if TYPE_CHECKING:
    from accord.planning import HistoryPlan, Outlook, Plan

_WEEKS = 26
_PACE = ("name", "goal", "planned", "actual", "share", "expected", "low", "high")
_NEXT = ("days_to_recover", "needed_a_week", "present_a_week")


def register(app: App) -> None:
    """Add the commands of this module."""
    app.command(plan)


def current_agreement(as_of: datetime) -> Any:
    """Return the agreement in force; before ``init``, the file in the working folder."""
    from accord.agreement import load

    settings = Settings()
    if not settings.database_url and not (settings.home / "ledger.db").exists():
        return load(settings.agreement)
    with open_workspace(settings) as workspace:
        return workspace.agreement(as_of)


def plan(
    *,
    rounding: str | None = None,
    forward: str | None = None,
    from_history: Annotated[bool, Parameter(negative="")] = False,
    weeks: int = _WEEKS,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Compute how many leads each segment needs at every stage to reach its revenue target.

    Parameters
    ----------
    rounding
        nearest or ceil; the agreement's if not given
    forward
        the other way, from MQLs: small=220,middle=143,large=44
    from_history
        with the rates that the ledger shows beside it, what leads cost, and who can take them
    weeks
        how many weeks back history is looked at
    """
    from accord.planning import forward as plan_forward
    from accord.planning import plan as plan_backward

    moment = instant(as_of)
    agreement = current_agreement(moment)
    if rounding not in (None, "nearest", "ceil"):
        raise InputError(where="--rounding", found=f"{rounding!r}", expected="nearest or ceil")
    if from_history and forward is not None:
        raise InputError(
            where="--from-history", found="stands beside --forward", expected="one of the two"
        )
    if forward is None:
        made = plan_backward(agreement, rounding=rounding)
    else:
        made = plan_forward(_parse_mqls(forward), agreement)
    if from_history:
        return _tell_history(made, weeks=weeks, as_of=moment, json=json)
    if json:
        say_json(made.as_dict())
        return DONE
    _say_plan(made)
    return DONE


def _say_plan(made: Plan) -> None:
    segments = made.as_dict()["segments"]
    steps = list(next(iter(segments.values())))
    say_table([{"segment": name, **row} for name, row in segments.items()], ["segment", *steps])
    for warning in made.warnings:
        say(f"warning: {warning}")


def _parse_mqls(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, count = part.partition("=")
        if not count.strip().isdecimal():
            raise InputError(
                where="--forward", found=f"{part!r}", expected="SEGMENT=COUNT, comma between"
            )
        found[name.strip()] = int(count)
    return found


def _tell_history(made: Plan, *, weeks: int, as_of: datetime, json: bool) -> int:
    from accord.planning import plan_from_history
    from accord.services.outlook import read_outlook

    with open_workspace() as workspace:
        facts = read_outlook(workspace, made, as_of=as_of, weeks=weeks)
        ours = plan_from_history(workspace.agreement(as_of), facts.history)
    findings = (*facts.capacity.findings, *ours.findings)
    if json:
        say_json(
            {
                "agreed": made.as_dict(),
                "history": _plain_history(ours, facts),
                "spend": _plain_spend(facts),
                "capacity": _plain_capacity(facts),
                "findings": [str(finding) for finding in findings],
            }
        )
        return FOUND if findings else DONE
    say("as agreed")
    _say_plan(made)
    say(f"\nat the rates from {facts.history.since} to {facts.history.until}")
    _say_rows(_plain_history(ours, facts)["segments"])
    spend = _plain_spend(facts)
    say("\nspend at today's cost of an MQL")
    _say_rows([*spend["segments"], spend["total"]])
    say("\ncost of an MQL by channel")
    _say_rows(spend["channels"])
    say("\nuse of capacity")
    _say_rows(_plain_capacity(facts))
    for finding in findings:
        say_wrong(str(finding))
    return FOUND if findings else DONE


def _say_rows(rows: list[dict[str, Any]]) -> None:
    if rows:
        say_table(rows, list(rows[0]))
    else:
        say("none")


def _plain_history(ours: HistoryPlan, facts: Outlook) -> dict[str, Any]:
    seen = {one.segment: one for one in facts.history.segments}

    def row(segment: str, figures: dict[str, int]) -> dict[str, Any]:
        between = ours.mqls_between[segment]
        closing = seen[segment].closing
        return {
            "segment": segment,
            **figures,
            "mqls_from": None if between is None else between[0],
            "mqls_to": None if between is None else between[1],
            "closed": f"{closing.count} of {closing.of}",
            "cycle_days": _number(seen[segment].cycle_days),
            "own": ", ".join(ours.used[segment]) or "none",
        }

    share = facts.history.marketing_share
    return {
        "from": facts.history.since,
        "to": facts.history.until,
        "marketing_share": None if share is None else float(share),
        "segments": [row(one.segment, one.shown) for one in ours.plan.segments],
    }


def _plain_spend(facts: Outlook) -> dict[str, Any]:
    spend = facts.spend
    return {
        "total": {
            "segment": "all",
            "each": _number(spend.planned_each),
            "spend": _number(spend.total),
            "of": "the segments",
        },
        "segments": [
            {
                "segment": one.segment,
                "each": _number(one.each),
                "spend": _number(one.needed),
                "of": "its own MQLs" if one.own else "any MQL",
            }
            for one in spend.segments
        ],
        "per_customer": _number(spend.per_customer),
        "channels": [
            {
                "channel": one.channel or "(none)",
                "mqls": one.mqls,
                "spend": _number(one.spend),
                "each": _number(one.each),
            }
            for one in spend.channels
        ],
    }


def _plain_capacity(facts: Outlook) -> list[dict[str, Any]]:
    capacity = facts.capacity
    named = [(f"{line.name}, one rep", line) for line in capacity.segments]
    named += [
        ("all, one rep", capacity.alone),
        *((f"to {team.name}, {_reps(team.reps)}", team) for team in capacity.teams),
        (f"all, {_reps(capacity.reps)}", capacity.all),
    ]
    return [
        {
            "of": name,
            "mqls": _plain(line.need),
            "capacity": _plain(line.capacity),
            "use": "-" if line.percent is None else f"{line.percent} %",
        }
        for name, line in named
    ]


def _reps(count: int) -> str:
    return "1 rep" if count == 1 else f"{count} reps"


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else round(float(value), 2)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), 2)


def tell_goals(*, on: str | None, as_of: datetime, json: bool) -> int:
    """Print the pace of every goal; FOUND where one is behind, or hidden by its total."""
    from accord.services.goal_pace import read_goal_pace

    with open_workspace() as workspace:
        paces = read_goal_pace(workspace, as_of=as_of, on=_parse_day(on))
    findings = [finding for pace in paces for finding in pace.findings]
    if json:
        say_json([pace.as_dict() for pace in paces])
        return FOUND if findings else DONE
    for number, pace in enumerate(paces):
        plain = pace.as_dict()
        say(
            ("\n" if number else "")
            + f"{pace.metric}, {pace.period} from {pace.first} to {pace.last}, up to {pace.on}"
        )
        say_table(list(_shown(plain["lines"])), [*_PACE, *_NEXT])
    for finding in findings:
        say_wrong(str(finding))
    return FOUND if findings else DONE


def _shown(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Round for people: amounts to tenths, the share to whole per cent, half up as all is."""
    from accord.metrics import percent, plain, shown

    for line in lines:
        rounded = {
            name: value
            if name == "share" or not isinstance(value, float)
            else f"{plain(shown(Decimal(str(value)), 1)):,f}"
            for name, value in line.items()
        }
        share = None if line["share"] is None else percent(Decimal(str(line["share"])))
        yield {**rounded, "share": share}


def _parse_day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(
            where="--on", found=f"{text!r} is no day", expected="a day such as 2026-11-21"
        ) from None
