"""What stands beside the plan: the use of capacity, the spend it needs, and history's own rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from accord.metrics import METRICS, quotient
from accord.planning import CONVERSIONS, CapacityLine, Outlook, Seen, SegmentHistory, SegmentSpend
from accord.report.cells import count, member, money, share, tenths, text
from accord.report.model import Cell, Column, Table
from accord.report.view import View


def outlook_tables(view: View) -> tuple[Table, ...]:
    """Make the tables; none where nothing is known beside the plan."""
    if view.outlook is None:
        return ()
    return (
        _capacity(view, view.outlook),
        _spend(view, view.outlook),
        _channels(view, view.outlook),
        _history(view, view.outlook),
    )


def _capacity(view: View, outlook: Outlook) -> Table:
    found = outlook.capacity
    lines = [(f"{one.name}, one rep", one) for one in found.segments]
    lines += [("All segments, one rep", found.alone)]
    lines += [(f"To {team.name}, {_reps(team.reps)}", team) for team in found.teams]
    lines += [(f"All segments, {_reps(found.reps)}", found.all)]
    return Table(
        name="capacity",
        caption=f"What the plan of the {view.period_word} uses of the reps' capacity",
        columns=(
            Column(title="Of", numeric=False),
            Column(title="MQLs planned"),
            Column(title="Can take"),
            Column(title="Use"),
            Column(title="Too many"),
        ),
        rows=tuple(tuple(_use(name, line)) for name, line in lines),
        empty="The agreement has no targets.",
        has_total=True,
    )


def _use(name: str, line: CapacityLine) -> Iterator[Cell]:
    yield Cell(shown=name, raw=name)
    yield tenths(line.need)
    yield tenths(line.capacity)
    yield share(None if line.use is None else quotient(line.use, 1))
    yield tenths(line.over)


def _reps(number: int) -> str:
    return "1 rep" if number == 1 else f"{number} reps"


def _spend(view: View, outlook: Outlook) -> Table:
    spend = outlook.spend
    rows = [
        (member(one.segment), count(one.mqls), _each(one), money(one.needed))
        for one in spend.segments
    ]
    total = (
        Cell(shown="All segments", raw="total"),
        count(sum(one.mqls for one in spend.segments)),
        money(spend.planned_each),
        money(spend.total),
    )
    return Table(
        name="spend_needed",
        caption=(
            f"Spend that the plan of the {view.period_word} needs at the cost of each segment's"
            f" MQLs in {view.words.these}; money in {view.agreement.currency}"
        ),
        columns=(
            Column(title="Segment", numeric=False),
            Column(title="MQLs planned"),
            Column(title="Cost of one"),
            Column(title="Spend needed"),
        ),
        rows=(*rows, total) if spend.total is not None else (),
        empty="No spend has been reported; what the plan costs cannot be said.",
        has_total=True,
    )


def _each(one: SegmentSpend) -> Cell:
    """The cost of one; of a segment that brought too few it is that of any MQL."""
    cell = money(one.each)
    return cell if one.own else replace(cell, shown=f"{cell.shown} (of any)")


def _channels(view: View, outlook: Outlook) -> Table:
    rows = [
        (member(one.channel), count(one.mqls), money(one.spend), money(one.each))
        for one in outlook.spend.channels
    ]
    return Table(
        name="cost_by_channel",
        caption=(
            f"Where an MQL costs least, {view.words.base}; money in {view.agreement.currency}"
        ),
        columns=(
            Column(title="Channel", numeric=False),
            Column(title="MQLs"),
            Column(title="Spend"),
            Column(title="Cost of one"),
        ),
        rows=tuple(rows),
        empty="No spend and no MQL names a channel.",
        limit=12,
    )


def _history(view: View, outlook: Outlook) -> Table:
    segments = outlook.history.segments
    agreed = view.agreement.targets
    rows = [
        (
            Cell(shown=METRICS[step].title, raw=step),
            share(getattr(agreed.conversion, step), places=1),
            *(_seen(one.steps[step]) for one in segments),
        )
        for step in CONVERSIONS
    ]
    deals = (
        Cell(shown="Average deal", raw="average_deal"),
        text(None),
        *(_deal(one) for one in segments),
    )
    return Table(
        name="history_rates",
        caption=(
            f"What was agreed, and what {view.words.these} show, with the interval that the true"
            f" share surely lies in; money in {view.agreement.currency}"
        ),
        columns=(
            Column(title="Rate", numeric=False),
            Column(title="Agreed"),
            *(Column(title=one.segment.capitalize()) for one in segments),
        ),
        rows=(*rows, deals) if segments else (),
        empty="The agreement has no targets.",
    )


def _seen(seen: Seen) -> Cell:
    limits = seen.limits
    if limits is None:
        return share(None)
    value = quotient(Fraction(seen.count), seen.of)
    low, high = (share(limit, places=0).shown.removesuffix(" %") for limit in limits)
    return Cell(shown=f"{share(value, places=0).shown} ({low} to {high})", raw=f"{value:f}")


def _deal(one: SegmentHistory) -> Cell:
    average = one.average_deal
    return money(None if average is None else average.quantize(Decimal("0.01")))
