"""Past leads whose outcome is known: how each agreement would have told buyers from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from accord.evaluation import Comparison, Decile, Evaluation, Share
from accord.report.cells import count, share, tenths, text
from accord.report.comparison.pair import NOW, SIDES, THEN
from accord.report.comparison.past_charts import SHARES, past_charts
from accord.report.comparison.words import to_interval, to_percent
from accord.report.model import Cell, Column, Section, Table

_CALLED = tuple(zip(SIDES, (NOW, THEN), strict=True))


def past(found: Comparison) -> Section:
    """Make the section."""
    return Section(
        name="past",
        title="Past leads, known outcomes",
        lead=_lead(found.past),
        charts=past_charts(found),
        tables=(_measures(found.past), _deciles(found.past)),
    )


def _lead(found: Mapping[str, Evaluation]) -> str:
    if not found:
        return "No past leads are known of which some bought and others did not."
    then = found["then"]
    many = (
        f"Of {then.winners + then.non_buyers:,} past leads with a known outcome"
        f" {then.winners:,} bought."
    )
    if not then.precision.of:
        return f"{many} The candidate would have sent none of them."
    return f"{many} {_sent(then)}. {_caution(then)}"


def _caution(then: Evaluation) -> str:
    if then.precision.of == then.winners + then.non_buyers:
        return "It would have sent them all, so they tell nothing of whom it would leave out."
    return "Where intervals overlap, a difference may be chance."


def _sent(then: Evaluation) -> str:
    sent = then.precision
    bought = f"{sent.count:,} bought ({to_percent(sent.value)}, {to_interval(sent)})"
    times = "" if then.lift.value is None else f", {tenths(then.lift.value).shown} times the rate"
    rate = f"{times} of all" if times else ""
    return f"Of the {sent.of:,} that the candidate would have sent, {bought}{rate}"


def _measures(found: Mapping[str, Evaluation]) -> Table:
    return Table(
        name="past",
        caption="How each agreement would have done",
        columns=(
            Column(title="Measure", numeric=False),
            Column(title="Agreement", numeric=False),
            *(Column(title=title) for title in ("Value", "From", "To", "Count", "Of")),
        ),
        rows=tuple(_measured(found)) if found else (),
        empty="Nothing to measure it on.",
    )


def _measured(found: Mapping[str, Evaluation]) -> Iterator[tuple[Cell, ...]]:
    for name, title, _ in SHARES:
        for side, called in _CALLED:
            one = getattr(found[side], name)
            yield (text(title), text(called), *_numbers(one, share))
    for side, called in _CALLED:
        yield (text("Lift"), text(called), *_numbers(found[side].lift, tenths))


def _numbers(one: Share, shown: Callable[[Decimal | None], Cell]) -> tuple[Cell, ...]:
    return (shown(one.value), shown(one.low), shown(one.high), count(one.count), count(one.of))


def _deciles(found: Mapping[str, Evaluation]) -> Table:
    sides = [found[side].deciles for side in SIDES if found]
    return Table(
        name="deciles",
        caption="Lift by tenth of the ranking, best first",
        columns=(
            Column(title="Tenth", numeric=False),
            Column(title="Leads"),
            *(
                Column(title=f"{side} {word}")
                for side in (NOW, THEN)
                for word in ("winners", "lift", "from", "to")
            ),
        ),
        rows=tuple(_tenth(pair) for pair in zip(*sides, strict=True)),
        empty="Nothing to rank.",
    )


def _tenth(pair: tuple[Decile, ...]) -> tuple[Cell, ...]:
    one = pair[0]
    return (count(one.number), count(one.leads), *(cell for side in pair for cell in _decile(side)))


def _decile(one: Decile) -> tuple[Cell, ...]:
    return tuple(map(tenths, (one.winners, one.lift, one.low, one.high)))
