"""How the scores spread: leads by bands of ten points, under both agreements."""

from __future__ import annotations

from accord.evaluation import Comparison, Spread
from accord.report.cells import count
from accord.report.comparison.pair import NOW, THEN, to_colors, to_labels, to_rows
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.pairs import paired_columns

_WIDTH = 10


def spreads(found: Comparison) -> Section:
    """Make the section."""
    return Section(
        name="spreads",
        title="How scores spread",
        lead=_lead(found),
        charts=tuple(_chart(found, one) for one in found.spreads if _drawn(one)),
        tables=(_table(found.spreads),),
    )


def _lead(found: Comparison) -> str:
    if not found.leads:
        return "No lead was scored."
    if not found.changed:
        return "Every lead has the same scores under both."
    return f"{found.changed:,} of {found.leads:,} leads would have other scores than now."


def _drawn(one: Spread) -> bool:
    """Whether any lead is in a band that is drawn: all but the first, which would dwarf them."""
    return any((*one.now[1:], *one.then[1:]))


def _chart(found: Comparison, one: Spread) -> Chart:
    now, then = to_labels(found)
    bands = list(zip(one.now, one.then, strict=True))
    values = (
        (str(place * _WIDTH), {"value": of_now}, {"value": of_then})
        for place, (of_now, of_then) in enumerate(bands)
        if place
    )
    said = (f"{_band(at, len(bands))} {a:,} and {b:,}" for at, (a, b) in enumerate(bands))
    return paired_columns(
        f"chart-spread-{one.score}",
        to_rows(found, values),
        title=f"Leads by {one.score}, from ten points on",
        says=f"{now} and {then}: " + "; ".join(said),
        colors=to_colors(found),
    )


def _table(found: tuple[Spread, ...]) -> Table:
    bands = max((len(one.now) for one in found), default=0)
    names = [f"{one.score.capitalize()}, {when.lower()}" for one in found for when in (NOW, THEN)]
    counts = [side for one in found for side in (one.now, one.then)]
    rows = tuple(
        (_cell(place, bands), *(count(side[place]) for side in counts)) for place in range(bands)
    )
    return Table(
        name="spreads",
        caption="Leads by band of each score",
        columns=(Column(title="Points", numeric=False), *(Column(title=name) for name in names)),
        rows=rows if any(map(sum, counts)) else (),
        empty="No lead was scored.",
    )


def _cell(place: int, bands: int) -> Cell:
    band = _band(place, bands)
    return Cell(shown=band, raw=band)


def _band(place: int, bands: int) -> str:
    low = place * _WIDTH
    return f"{low} and more" if place == bands - 1 else f"{low} to {low + _WIDTH - 1}.9"
