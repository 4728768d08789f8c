"""Conversions: of those who entered one stage, how many entered the next.

A cohort is followed to the period's end; over a window, to ``as_of``.
"""

from __future__ import annotations

from dataclasses import replace

from accord.metrics.definition import Direction, Metric, Part, Placing, Unit
from accord.metrics.definitions.funnel import NEW_LEADS, entered
from accord.metrics.wording import titled
from accord.records import Side

_STEPS = (
    ("new_to_engaged", "new_name", "engaged", Side.MARKETING, ("A119",)),
    ("engaged_to_target", "engaged", "target", Side.MARKETING, ("A119",)),
    ("target_to_mql", "target", "mql", Side.MARKETING, ("A119",)),
    ("mql_to_sal", "mql", "sal", Side.SALES, ("A119",)),
    ("mql_to_sql", "mql", "sql", Side.SALES, ("A106", "A119")),
    ("sql_to_opportunity", "sql", "opportunity", Side.SALES, ("A106", "A119")),
    ("opportunity_to_proposal", "opportunity", "proposal", Side.SALES, ("A106", "A119")),
    ("proposal_to_contracting", "proposal", "contracting", Side.SALES, ("A106", "A119")),
    ("contracting_to_deal", "contracting", "customer", Side.SALES, ("A106", "A119")),
    ("opportunity_to_deal", "opportunity", "customer", Side.SALES, ("A119",)),
    ("mql_to_deal", "mql", "customer", Side.SALES, ("A119",)),
)

MARKS: tuple[str, ...] = tuple(dict.fromkeys(step[2] for step in _STEPS))
"""The marks that an entry may lead to."""


def _cohort(part: Part) -> Part:
    return replace(part, placing=Placing.COHORT)


def _conversion(
    name: str, start: str, goal: str, owner: Side, requirements: tuple[str, ...]
) -> Metric:
    cohort = _cohort(entered(start))
    return Metric(
        name=name,
        title=titled(name.replace("new_to", "new_name_to")),
        formula=(
            f"entries into {start} that went on to {goal} before entering {start} again"
            f" / entries into {start}; the cohort of a quarter up to the period's end"
        ),
        grain=f"entry into {start}",
        unit=Unit.SHARE,
        owner=owner,
        direction=Direction.UP,
        requirements=requirements,
        numerator=replace(cohort, then=f"next_{goal}_us"),
        denominator=cohort,
    )


def _in_period(
    name: str, start: str, goal: str, owner: Side, requirements: tuple[str, ...]
) -> Metric:
    """Entries beside entries of the same period: who went on is not who came in."""
    return Metric(
        name=f"{name}_in_period",
        title=f"{titled(name.replace('new_to', 'new_name_to'))}, of the period",
        formula=f"entries into {goal} / entries into {start}, both of the period",
        grain=f"entry into {start}",
        unit=Unit.SHARE,
        owner=owner,
        direction=Direction.UP,
        requirements=requirements,
        numerator=entered(goal),
        denominator=entered(start),
    )


_TWO_YEARS = 8
"""Quarters: most who were sent back and buy do so within 24 months (A093)."""


def _after_return(name: str, title: str, what: str, goal: str, *, requirement: str) -> Metric:
    cohort = replace(
        entered("nurture", programme=("returned", "lost")),
        placing=Placing.COHORT,
        quarters=_TWO_YEARS,
    )
    return Metric(
        name=name,
        title=title,
        formula=(
            f"entries into nurture sent back from sales, or lost, that {what} before they were sent"
            " back again / entries into nurture sent back from sales, or lost; the cohort of 24"
            " months up to the period's end"
        ),
        grain="entry into nurture sent back from sales",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=(requirement, "A093"),
        numerator=replace(cohort, then=f"next_{goal}_us"),
        denominator=cohort,
    )


_AFTER_RETURN = (
    _after_return(
        "requalified_after_return",
        "Requalified after return",
        "became mql",
        "mql",
        requirement="A092",
    ),
    _after_return(
        "won_after_return",
        "Won within 24 months of return",
        "bought",
        "customer",
        requirement="A092",
    ),
)

_LEAD_TO_SALE = Metric(
    name="lead_to_sale",
    title="Lead to sale",
    formula=(
        "leads with a won deal, or entered into customer / leads created;"
        " the cohort of a quarter up to the period's end"
    ),
    grain="lead",
    unit=Unit.SHARE,
    owner=Side.MARKETING,
    direction=Direction.UP,
    requirements=("A118", "A128"),
    numerator=replace(_cohort(NEW_LEADS), then="won_us"),
    denominator=_cohort(NEW_LEADS),
    aliases=("lead_to_sale_conversion",),
    weekly=("campaign", "marketing_team"),
)

CONVERSIONS = (
    *(_conversion(*step) for step in _STEPS),
    *(_in_period(*step) for step in _STEPS),
    _LEAD_TO_SALE,
    *_AFTER_RETURN,
)
