"""The registry as a page: every metric with its formula, grain, owner and source. Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accord.metrics.definition import Direction, Metric
from accord.metrics.definitions import GROUPS
from accord.metrics.numbers import FEW, dimensions_of

_WAYS = {Direction.UP: "more is better", Direction.DOWN: "less is better", Direction.NONE: ""}

_HEAD = f"""# Metrics

Every number both teams are held to, defined once. This page is made of the definitions
(`accord metrics list --markdown`), and a test holds it to them.

How numbers are made:

- A number belongs to a period (day, ISO week or month of the agreement's zone, from its start,
  included, to its end, excluded) and sees what had happened by the period's end. So a closed period
  does not change, unless something was told late: then it is stored again as a new revision.
- A *flow* counts what happened in the period; a *stock* what stood at its end; a *cohort* those
  who began in the quarter (13 weeks, 3 months, 91 days) up to its end, or in 24 months where it
  says so.
- Zero is a number; missing is none: before a source has said anything, and where there is nothing
  to divide by. A ratio keeps its numerator and denominator, so it adds up over any grouping.
- A share that counts some of those it counts carries its Wilson interval of 95 %; of fewer than
  {FEW} it is shown on every page.
- Values are exact: whole counts, money to the cent, shares to ten decimals half up. They are
  rounded once more, half up, where they are shown.
- Medians and percentiles are by linear interpolation between the sorted values.
"""


def metrics_document(metrics: Mapping[str, Metric]) -> str:
    """Render the page; ``metrics`` by name, in their order, are told by their groups."""
    return "\n".join([_HEAD, *(line for group in GROUPS for line in _group(*group, metrics))])


def _group(
    title: str, about: str, members: tuple[Metric, ...], metrics: Mapping[str, Metric]
) -> Iterator[str]:
    yield f"## {title}\n\n{about}\n"
    for metric in members:
        if metric.name in metrics:
            yield from _entry(metric)


def _entry(metric: Metric) -> Iterator[str]:
    way = _WAYS[metric.direction]
    facts = [
        f"unit {metric.unit.value}",
        f"owner {metric.owner.value}",
        *([way] if way else []),
        f"one counted thing: {metric.grain}",
        f"required by {', '.join(metric.requirements)}",
    ]
    also = f", also called {_names(metric.aliases)}" if metric.aliases else ""
    yield f"### {metric.title}\n\n`{metric.name}`{also}\n"
    yield f"= {metric.formula}\n"
    yield f"{'; '.join(facts)}.  "
    yield f"By {_names(dimensions_of(metric))}.\n"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
