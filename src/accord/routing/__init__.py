"""Which team, which rep, when released: rules, fairness, capacity, levelling. All pure.

:func:`route` is the door: leads that wait, people who could take them, whose turn it was; out come
assignments, what goes on waiting and why, and whose turn it is now.
"""

from accord.routing.approval import RUNS, needs_approval, usual_number
from accord.routing.forecast import forecast
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
from accord.routing.rules import Teams, team_of
from accord.routing.shares import left_today
from accord.routing.turns import Turns
from accord.routing.weeks_ahead import (
    Arrival,
    Forecast,
    Standing,
    WeekAhead,
    steady_arrivals,
)

__all__ = [
    "RUNS",
    "Arrival",
    "Assignment",
    "Candidate",
    "Forecast",
    "Held",
    "Periods",
    "Routed",
    "Standing",
    "Stretch",
    "Teams",
    "Turn",
    "Turns",
    "Waiting",
    "WeekAhead",
    "forecast",
    "left_today",
    "needs_approval",
    "periods_of",
    "priority_of",
    "route",
    "steady_arrivals",
    "team_of",
    "usual_number",
]
