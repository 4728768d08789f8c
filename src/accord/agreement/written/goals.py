"""Chapter 3: the goals both teams share: targets, the plan that follows, quotas, commission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accord.agreement.model import Agreement, SegmentTarget
from accord.agreement.written.model import Chapter, Grid, Paragraph, Part, Passage, Point, Points
from accord.agreement.written.words import say_money, say_name, say_share

_STEPS = (
    ("mql_to_sql", "MQL to SQL"),
    ("sql_to_opportunity", "SQL to opportunity"),
    ("opportunity_to_proposal", "opportunity to proposal"),
    ("proposal_to_contracting", "proposal to contracting"),
    ("contracting_to_deal", "contracting to deal"),
)
_ROUNDINGS = {
    "nearest": "Figures are shown to the nearest whole one, halves up.",
    "ceil": "MQLs are raised to the next whole one, so that the expected deals reach the target.",
}


def write_goals(
    agreement: Agreement, *, plan: Grid | None = None, warnings: Sequence[str] = ()
) -> Chapter:
    """Write the targets; ``plan`` is the table that follows from them, if it was worked out."""
    return Chapter(
        name="goals",
        title="Common goals",
        lead="One revenue goal, broken down to leads at every stage and by segment, so that both"
        " teams work to the same numbers.",
        parts=(
            Part(title="Targets", passages=tuple(_targets(agreement))),
            Part(title="Plan", passages=tuple(_plan(agreement, plan, warnings))),
            Part(title="Quotas", passages=(_quotas(agreement),)),
            Part(title="Commission", passages=(_commission(agreement),)),
        ),
    )


def _targets(agreement: Agreement) -> Iterator[Passage]:
    targets = agreement.targets
    yield Paragraph(
        text=f"The goal is set for each {targets.period}. Marketing's leads are to bring"
        f" {say_share(targets.marketing_share)} of it."
    )
    rows = (_target(name, one, agreement) for name, one in targets.segments.items())
    yield Grid(
        caption=f"Revenue to be won in a {targets.period}",
        columns=("Segment", "Revenue", "Average deal", "Share as printed", "MQLs promised"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
    )


def _target(name: str, target: SegmentTarget, agreement: Agreement) -> tuple[str, ...]:
    share = target.revenue_share
    return (
        say_name(name),
        say_money(target.revenue, agreement.currency),
        say_money(target.average_deal, agreement.currency),
        "not stated" if share is None else say_share(share),
        "as many as it takes" if target.mqls is None else f"{target.mqls:,}",
    )


def _plan(agreement: Agreement, plan: Grid | None, warnings: Sequence[str]) -> Iterator[Passage]:
    targets = agreement.targets
    yield Paragraph(text=f"What the targets need. {_ROUNDINGS[targets.rounding]}")
    points = (
        Point(term=words, text=say_share(getattr(targets.conversion, name)))
        for name, words in _STEPS
    )
    yield Points(points=tuple(points))
    if plan is not None:
        yield plan
    for warning in warnings:
        yield Paragraph(text=f"Note: {warning}")


def _quotas(agreement: Agreement) -> Passage:
    points = tuple(
        Point(
            term=say_name(name),
            text=f"{say_money(team.quota.revenue, agreement.currency)} each {team.quota.per}.",
        )
        for name, team in agreement.teams.items()
        if team.quota is not None
    )
    return Points(points=points) if points else Paragraph(text="No team has a quota.")


def _commission(agreement: Agreement) -> Passage:
    terms = agreement.commission.marketing
    return Paragraph(
        text="One shared interest: marketing is paid on what sales accepts and wins,"
        f" {say_money(terms.per_accepted_mql, agreement.currency)} for each accepted MQL and"
        f" {say_share(terms.of_won_revenue)} of won revenue."
    )
