"""Leads that a team cannot take at all: why, in the queue's words and as findings.

Who waits for a share of tomorrow's capacity is not stranded; who waits for somebody to act is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from accord.findings import Finding
from accord.routing.model import Held, Waiting


class Why(StrEnum):
    """Why a team takes no leads; the value names the finding's rule."""

    NO_REP = "no_rep"
    ALL_AWAY = "all_away"
    TAKERS_AWAY = "takers_away"
    NO_CAPACITY = "no_capacity"


_REASON = {
    Why.NO_REP: "no rep in team {team}",
    Why.ALL_AWAY: "every rep of team {team} is away",
    Why.TAKERS_AWAY: "every rep of team {team} who takes leads is away",
    Why.NO_CAPACITY: "no rep of team {team} has a capacity and weight above zero",
}
_SENTENCE = {
    Why.NO_REP: "has no active rep",
    Why.ALL_AWAY: "has nobody who is not away",
    Why.TAKERS_AWAY: "has nobody who takes leads and is not away",
    Why.NO_CAPACITY: "has nobody with a capacity and weight above zero",
}
_REMEDY = {
    Why.NO_CAPACITY: "Give a rep of the team both, or route its leads to another team.",
}
_ADD = "Add a rep to the team, or route its leads to another team."


class Stranded:
    """Counts a run's stranded leads, those that wait and those that keep a rep who has left."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Why, str, bool]] = Counter()

    def hold(self, waiting: Waiting, why: Why) -> Held:
        """Let a lead wait, with its reason."""
        self._counts[why, waiting.team, waiting.reassigned] += 1
        reason = _REASON[why].format(team=waiting.team)
        return Held(handoff_id=waiting.handoff_id, reason=reason, stranded=True)

    def findings(self) -> Iterator[Finding]:
        """Yield one finding a team and reason that leads wait for in vain."""
        for (why, team, reassigned), count in sorted(self._counts.items()):
            yield Finding(
                rule=f"routing.{why}",
                subject=f"team {team}",
                sentence=f"{_leads(count, reassigned=reassigned)}: team {team} {_SENTENCE[why]}.",
                remedy=_REMEDY.get(why, _ADD),
            )


def _leads(count: int, *, reassigned: bool) -> str:
    if reassigned:
        noun = "1 lead of a rep who has left waits" if count == 1 else ""
        return noun or f"{count} leads of reps who have left wait"
    return "1 lead waits" if count == 1 else f"{count} leads wait"
