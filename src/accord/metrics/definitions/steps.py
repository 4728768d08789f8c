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
)

CONVERSIONS = (*(_conversion(*step) for step in _STEPS), _LEAD_TO_SALE)
