"""Every metric by name, and how to ask for one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from accord.errors import InputError
from accord.metrics.definition import Metric
from accord.metrics.definitions import DEFINITIONS
from accord.metrics.facts import DIMENSIONS
from accord.metrics.numbers import dimensions_of

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in DEFINITIONS})
"""Every metric, in the order in which they are listed."""

LONGEST_COHORT = max(metric.reach for metric in DEFINITIONS)
"""How many quarters back a number reaches at most."""

_BY_ANY_NAME = {alias: metric for metric in DEFINITIONS for alias in (metric.name, *metric.aliases)}


def find_metric(name: str) -> Metric:
    """Return the metric of that name or alias; InputError names the nearest."""
    found = _BY_ANY_NAME.get(name)
    if found is None:
        raise InputError(
            where="metric",
            found=f"there is no metric {name!r}",
            expected=_nearest(name, METRICS),
            remedy="`accord metrics list` shows them all",
        )
    return found


def find_dimension(metric: Metric, name: str) -> str:
    """Return a dimension the metric can be asked by; InputError names the nearest."""
    known = dimensions_of(metric)
    if name in known:
        return name
    elsewhere = name in DIMENSIONS
    found = f"cannot be asked by {name!r}" if elsewhere else f"there is no dimension {name!r}"
    raise InputError(
        where=f"metric {metric.name}",
        found=found,
        expected=_nearest(name, known),
        remedy="it can be asked by " + ", ".join(known),
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"a known name; did you mean {close[0]!r}?" if close else "a known name"
