"""The command that explains one lead, and its page of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson, AsOf

Row = Mapping[str, Any]

_REASONS = ("score", "reason", "points", "count", "last_at", "weight", "note")
_HISTORY = ("at", "what", "of", "fit", "engagement", "intent", "agreement")


def explain(lead_id: str, /, *, as_of: AsOf = None, json: AsJson = False) -> int:
    """Explain a lead's scores: every reason, what it reached when, what is next, when it falls.

    Parameters
    ----------
    lead_id
        the lead, with its system: crm:L000123
    """
    from accord.services.explain import explain as explain_lead

    with open_workspace() as workspace:
        found = explain_lead(workspace, lead_id, as_of=instant(as_of)).as_dict()
    if json:
        say_json(found)
    else:
        _say_page(found)
    return DONE


def _say_page(found: Row) -> None:
    _say_head(found)
    _section("Why", [_reason(line) for line in found["reasons"]], _REASONS, none="no reason")
    _say_next(found["next"])
    _say_falls(found["falls_at"])
    _section("What became of it", found["history"], _HISTORY, none="nothing yet")


def _say_head(found: Row) -> None:
    merged = f", counted for {found['merged_into']}" if found["merged_into"] else ""
    say(f"{found['lead_id']}{merged}, at {found['as_of']} under agreement {found['agreement']}")
    say("scores    " + ", ".join(f"{name} {points}" for name, points in found["scores"].items()))
    say("holds     " + (", ".join(found["holds"]) or "no threshold"))
    say("stage     " + (found["stage"] or "not placed yet"))
    shown = f", shown by {' and '.join(found['shown_by'])}" if found["shown_by"] else ""
    say("position  " + (found["position"] or "none in the buying cycle") + shown)


def _section(title: str, rows: Sequence[Row], columns: Sequence[str], *, none: str) -> None:
    say()
    say(f"{title}: {none}" if not rows else f"{title}:")
    if rows:
        say_table(rows, columns)


def _reason(line: Row) -> Row:
    return {**line, "reason": line["name"], "note": _note(line)}


def _note(line: Row) -> str | None:
    if "uncapped" in line:
        return f"capped, else {line['uncapped']}"
    return "to stay within 0 and the cap" if line["name"] == "limit" else None


def _say_next(following: Row | None) -> None:
    say()
    if following is None:
        say("Next: it holds the last threshold")
        return
    ways = following["ways"]
    say(f"Next: {following['stage']}" + ("" if ways else ", which no points can reach"))
    for number, way in enumerate(ways, start=1):
        lacks = " and ".join(f"{points} of {name}" for name, points in way["missing"].items())
        say(f"  way {number}: lacks {lacks}")
        for name in way["missing"]:
            means = [_means(one) for one in way["means"] if one["score"] == name]
            say(
                f"    {name}: "
                + (", or ".join(means) or "nothing in the agreement raises it so far")
            )


def _means(one: Row) -> str:
    return f"{_things(one)} (+{one['points']})"


def _things(one: Row) -> str:
    by_rule = one["score"] == "fit"
    return " and ".join(
        name if by_rule else f"{times} x {name}" for name, times in one["times"].items()
    )


def _say_falls(falls_at: Row) -> None:
    say()
    say("If nothing more is done:" + ("" if falls_at else " there is nothing to lose"))
    for name, at in falls_at.items():
        say(f"  {name} holds " + (f"until {at}" if at else "for ever"))
