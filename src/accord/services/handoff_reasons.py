"""Why a lead is handed over now, in plain words: the reasons that weigh most, and how it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accord.agreement import LIMIT

TOP_REASONS = 5
SENTENCES = 3

Row = Mapping[str, Any]

_TIMES = {1: "once", 2: "twice"}


def top_reasons(reasons: Sequence[Row]) -> list[Row]:
    """Return the reasons that weigh most, by the size of their points, then by name.

    Each as it is explained: score, name and points, of an activity also count, last_at and decayed
    weight, ``uncapped`` where its kind's cap bit; what 0..cap took off a score or gave is one too.
    """
    ranked = sorted(
        [
            (-abs(float(reason["points"])), reason["name"], place)  # one decimal: a float is exact
            for place, reason in enumerate(reasons)
        ]
    )
    return [reasons[one[2]] for one in ranked[:TOP_REASONS]]


def why_now(reasons: Sequence[Row], passes: Sequence[Row]) -> list[str]:
    """Say in a few sentences why the lead is worth a call: how it came again, what speaks for it.

    ``reasons`` are those that weigh most, in order; those that speak against a lead are left out.
    ``passes`` are its hand-overs before this one, the last one last.

    >>> why_now([{"score": "intent", "name": "demo_requested", "points": "66.3", "count": 2,
    ...           "last_at": "2026-11-15T10:00:00Z"}], [])
    ['Demo requested twice, last on 2026-11-15 (66.3 points of intent).']
    """
    speaking = [one for one in reasons if one["name"] != LIMIT and float(one["points"]) > 0]
    return [*_again(passes), *map(_sentence, speaking[:SENTENCES])]


def _again(passes: Sequence[Row]) -> Iterator[str]:
    """Say how the last pass ended, if there was one."""
    if not passes:
        return
    last = passes[-1]
    if last["outcome"] is None:
        yield f"With sales since {_day(last['assigned_at'])}."
    else:
        why = f": {_words(last['reason'])}" if last["reason"] is not None else ""
        told = f"{_words(last['outcome']).capitalize()} at {last['stage']}"
        yield f"{told} on {_day(last['ended_at'])}{why}."


def _sentence(reason: Row) -> str:
    what = _words(reason["name"])
    named = f"{what[:1].upper()}{what[1:]}"
    if reason.get("count"):
        times = _TIMES.get(reason["count"], f"{reason['count']} times")
        named = f"{named} {times}, last on {_day(reason['last_at'])}"
    return f"{named} ({reason['points']} points of {reason['score']})."


def _day(at: str) -> str:
    return at[:10]


def _words(name: str) -> str:
    return name.replace("_", " ")
