"""What may happen in a run, and how often: the machine's one rule draws from here.

A rule an event would leave it to Hypothesis which of them a run has at all, and how often: most
runs then had no lead, and those that had one no rep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Event = tuple[str, dict[str, Any]]


def happens(times: int, **given: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Mark a method as an event that happens so often beside the others, with what it is given."""

    def mark(method: Any) -> Any:
        method.happens = (times, given)
        return method

    return mark


def events_of(machine: type) -> st.SearchStrategy[Event]:
    """Draw the name of one of a machine's events and what it is given."""
    marked = {
        name: method.happens
        for name in dir(machine)
        if hasattr(method := getattr(machine, name), "happens")
    }
    often_first = sorted(marked, key=lambda name: (-marked[name][0], name))
    names = [name for name in often_first for _ in range(marked[name][0])]
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries(marked[name][1]))
    )
