"""The definitions, by what they speak about. Data only: to add a metric, add an entry."""

from accord.metrics.definition import Metric
from accord.metrics.definitions.cadence import CADENCE
from accord.metrics.definitions.deals import DEALS
from accord.metrics.definitions.earnings import EARNINGS
from accord.metrics.definitions.funnel import FUNNEL_COUNTS
from accord.metrics.definitions.goals import GOALS
from accord.metrics.definitions.promises import PROMISES
from accord.metrics.definitions.resources import RESOURCES
from accord.metrics.definitions.speed import SPEED
from accord.metrics.definitions.steps import CONVERSIONS

Group = tuple[str, str, tuple[Metric, ...]]
"""A title, what the metrics of a group are about, and the metrics."""

GROUPS: tuple[Group, ...] = (
    ("Funnel", "How many leads entered each stage, and how many came back.", FUNNEL_COUNTS),
    (
        "Conversions",
        "Of those who entered one stage, who entered the next; beside it those of one period.",
        CONVERSIONS,
    ),
    ("Promises", "What the agreement promises: clocks kept, acceptance, returns.", PROMISES),
    ("Speed", "What the system took, what the rep took, what the lead saw.", SPEED),
    ("Follow-up", "The playbook kept, attempts by kind, how long until a deal.", CADENCE),
    ("Deals", "Opened, won, lost, what they bring and how long they take.", DEALS),
    ("Goals", "What came against what was agreed: plan, goal, quota, capacity.", GOALS),
    ("Earnings", "What leads back to marketing, and what it is paid for it.", EARNINGS),
    ("Resources", "What was put in: money spent, rows taken.", RESOURCES),
)
"""The definitions, in the order in which they are told."""

DEFINITIONS = tuple(metric for _, _, members in GROUPS for metric in members)
"""Every metric, in the order in which they are listed."""

__all__ = ["DEFINITIONS", "GROUPS"]
