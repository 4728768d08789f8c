"""Which team, which rep, when released: rules, fairness, capacity, levelling. All pure.

:func:`route` is the door: leads that wait, people who could take them, whose turn it was; out come
assignments, what goes on waiting and why, and whose turn it is now.
"""

from accord.routing.approval import RUNS, needs_approval
from accord.routing.model import (
    Assignment,
    Candidate,
    Held,
    Routed,
    Stretch,
    Turn,
    Waiting,
    priority_of,
)
from accord.routing.periods import Periods, periods_of
from accord.routing.route import route
from accord.routing.rules import team_of
from accord.routing.turns import Turns

__all__ = [
    "RUNS",
    "Assignment",
    "Candidate",
    "Held",
    "Periods",
    "Routed",
    "Stretch",
    "Turn",
    "Turns",
    "Waiting",
    "needs_approval",
    "periods_of",
    "priority_of",
    "route",
    "team_of",
]
