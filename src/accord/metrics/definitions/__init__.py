"""The definitions, by what they speak about. Data only: to add a metric, add an entry."""

from accord.metrics.definitions.cadence import CADENCE
from accord.metrics.definitions.deals import DEALS
from accord.metrics.definitions.funnel import FUNNEL_COUNTS
from accord.metrics.definitions.goals import GOALS
from accord.metrics.definitions.promises import PROMISES
from accord.metrics.definitions.resources import RESOURCES
from accord.metrics.definitions.speed import SPEED
from accord.metrics.definitions.steps import CONVERSIONS

DEFINITIONS = (
    *FUNNEL_COUNTS,
    *CONVERSIONS,
    *PROMISES,
    *SPEED,
    *CADENCE,
    *DEALS,
    *GOALS,
    *RESOURCES,
)
"""Every metric, in the order in which they are listed."""

__all__ = ["DEFINITIONS"]
