"""What each side owed the other in a week, and whether it delivered.

A promise is a line of the agreement's ``sla:``. Marketing owes MQLs per segment and acceptance by
the end of the week; both sides owe every clock that runs out in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from accord.agreement import AcceptanceTerm, Agreement, SlaTerm, VolumeTerm
from accord.metrics.facts import ALL
from accord.metrics.numbers import Number, quotient
from accord.metrics.wording import agreed
from accord.records import Side

Ask = Callable[[str, str, str], Number | None]
"""Metric, dimension and member -> the week's number, or None where there is none."""


class Status(StrEnum):
    """How a promise stands."""

    KEPT = "kept"
    MISSED = "missed"
    RUNNING = "running"  # the week has not ended, and what is owed is not there yet
    NOTHING = "nothing due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise of one side.

    ``kind`` is volume, acceptance or clock; ``name`` the segment or the term. ``owed`` and
    ``delivered`` are in the same unit: MQLs, a share, or clocks (owed: those that were certain,
    delivered: those met in time). ``limit`` is what ``delivered`` must reach.
    """

    side: Side
    kind: str
    name: str
    owed: Fraction
    limit: Fraction
    delivered: Fraction | None
    status: Status
    terms: str

    @property
    def gap(self) -> Fraction:
        """How far below the limit, as a share of it: 0 is kept, 1 is nothing delivered."""
        if self.delivered is None or not self.limit:
            return Fraction(0)
        return max(Fraction(0), 1 - self.delivered / self.limit)

    @property
    def share(self) -> Decimal | None:
        """What was delivered, as a share of what was owed."""
        if self.delivered is None or not self.owed:
            return None
        return quotient(self.delivered, self.owed)


def clock_metric(side: Side, name: str) -> str:
    """Return a side's own metric of clocks: sales' bears the name alone, marketing's its own."""
    return f"marketing_{name}" if side is Side.MARKETING else name


def promises(
    agreement: Agreement,
    ask: Ask,
    *,
    weekly_plan: Mapping[str, Fraction],
    partial: bool,
    weeks: int = 1,
) -> tuple[Promise, ...]:
    """Return every promise of a week in the agreement's order, marketing's first.

    ``weekly_plan`` is each segment's share of the plan in MQLs; a weekly term that the week's end
    decides is running while the week is partial, unless it is kept already. Of several ``weeks``,
    plan and answers are those of all of them; of none, no volume is due.
    """
    marketing = agreement.sla.marketing.items()
    weekly = [term for term in marketing if not isinstance(term[1], SlaTerm)]
    found: list[Promise] = []
    for _name, terms in weekly:
        if isinstance(terms, VolumeTerm):
            found.extend(_volumes(agreement, terms, ask, weekly_plan, partial=partial, weeks=weeks))
        elif isinstance(terms, AcceptanceTerm):
            found.append(_acceptance(terms, ask, partial=partial))
    for side, group in ((Side.MARKETING, marketing), (Side.SALES, agreement.sla.sales.items())):
        clocks = ((name, term) for name, term in group if isinstance(term, SlaTerm))
        found.extend(_clock(side, name, term, ask) for name, term in clocks)
    return tuple(found)


def _volumes(
    agreement: Agreement,
    terms: VolumeTerm,
    ask: Ask,
    weekly_plan: Mapping[str, Fraction],
    *,
    partial: bool,
    weeks: int,
) -> Iterator[Promise]:
    fixed = terms.mqls_per_week
    for segment in agreement.segments:
        plan = weekly_plan.get(segment.name) if weeks else Fraction(0)
        owed = Fraction(fixed) * weeks if isinstance(fixed, int) else plan
        if owed is None:
            continue
        limit = owed * Fraction(terms.at_least)
        number = ask("mqls", "segment", segment.name)
        delivered = Fraction(number.value or 0) if number else Fraction(0)
        yield Promise(
            side=Side.MARKETING,
            kind="volume",
            name=segment.name,
            owed=owed,
            limit=limit,
            delivered=delivered if weeks else None,
            status=_weekly_status(delivered, limit, partial=partial) if weeks else Status.NOTHING,
            terms=f"at least {_percent(terms.at_least)} of the plan's weekly share",
        )


def _acceptance(terms: AcceptanceTerm, ask: Ask, *, partial: bool) -> Promise:
    number = ask("acceptance", ALL, "")
    handed = Fraction(number.denominator or 0) if number else Fraction(0)
    accepted = Fraction(number.numerator or 0) if number else Fraction(0)
    limit = Fraction(terms.at_least)
    share = accepted / handed if handed else None
    status = Status.NOTHING if share is None else _weekly_status(share, limit, partial=partial)
    return Promise(
        side=Side.MARKETING,
        kind="acceptance",
        name="acceptance",
        owed=limit,
        limit=limit,
        delivered=share,
        status=status,
        terms=f"{accepted} of {handed} hand-overs accepted; at least {_percent(terms.at_least)}",
    )


def _weekly_status(delivered: Fraction, limit: Fraction, *, partial: bool) -> Status:
    if delivered >= limit:
        return Status.KEPT
    return Status.RUNNING if partial else Status.MISSED


def _clock(side: Side, name: str, term: SlaTerm, ask: Ask) -> Promise:
    counts = (clock_metric(side, count) for count in ("clocks_met", "clocks_breached"))
    met, breached = (ask(metric, "term", name) for metric in counts)
    kept = Fraction(met.value or 0) if met else Fraction(0)
    late = Fraction(breached.value or 0) if breached else Fraction(0)
    owed = kept + late
    status = Status.NOTHING if not owed else Status.MISSED if late else Status.KEPT
    return Promise(
        side=side,
        kind="clock",
        name=name,
        owed=owed,
        limit=owed,
        delivered=kept if owed else None,
        status=status,
        terms=agreed(term),
    )


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
