"""Who would move: by segment, by channel, and lead by lead with the scores before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from accord.evaluation import Comparison, Group, Mover, Movers
from accord.report.cells import count, member, text
from accord.report.comparison.pair import to_colors, to_labels, to_rows
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.pairs import paired_bars
from accord.scoring import SCORES, to_points

_AT_MOST = 8  # groups in a chart; the table has all
_COUNTS = ("Leads", "Over, in force", "Over, candidate", "Come over", "Fall below")
_LEFT_OUT = "Leads that have bought or were disqualified are not counted."


def movers(found: Comparison) -> Section:
    """Make the section."""
    return Section(
        name="movers",
        title="Who would move",
        lead=f"{_lead(found)} {_LEFT_OUT}",
        charts=(
            *_chart(found, found.by_segment, "segment"),
            *_chart(found, found.by_channel, "channel"),
        ),
        tables=(
            _groups(found.by_segment, "segment"),
            _groups(found.by_channel, "channel"),
            _list("become", "Leads that would come over the MQL threshold", found.gained),
            _list("cease", "Leads that would fall below the MQL threshold", found.lost),
        ),
    )


def _lead(found: Comparison) -> str:
    gained, lost = len(found.gained), len(found.lost)
    if not gained and not lost:
        return "The same leads are over the MQL threshold under both."
    return (
        f"{found.mql_now:,} leads are over the MQL threshold now; {_many(gained)} would join them"
        f" and {_many(lost)} fall below it, which makes {found.mql_then:,}."
    )


def _many(count: int) -> str:
    return f"{count:,}" if count else "none"


def _chart(found: Comparison, groups: Sequence[Group], noun: str) -> tuple[Chart, ...]:
    largest = sorted(groups, key=lambda one: -max(one.mql_now, one.mql_then))[:_AT_MOST]
    shown = [one for one in largest if one.mql_now or one.mql_then]
    if not shown:
        return ()
    now, then = to_labels(found)
    rows = to_rows(found, ((member(one.name).shown, _bar(one.mql_now), _bar(one.mql_then))
                           for one in shown))  # fmt: skip
    said = (f"{member(one.name).shown} {one.mql_now:,} and {one.mql_then:,}" for one in shown)
    return (
        paired_bars(
            f"chart-{noun}",
            rows,
            title=f"Leads over the MQL threshold by {noun}",
            says=f"{now} and {then}: " + "; ".join(said),
            colors=to_colors(found),
        ),
    )


def _bar(value: int) -> dict[str, object]:
    return {"value": value, "shown": f"{value:,}"}


def _groups(groups: Sequence[Group], noun: str) -> Table:
    rows = [(member(one.name), *map(count, _counts(one))) for one in groups]
    sums = [sum(column) for column in zip(*map(_counts, groups), strict=True)]
    total = (Cell(shown="All", raw="total"), *map(count, sums))
    return Table(
        name=f"movers_by_{noun}",
        caption=f"Leads over the MQL threshold by {noun}",
        columns=(
            Column(title=noun.capitalize(), numeric=False),
            *(Column(title=title) for title in _COUNTS),
        ),
        rows=(*rows, total) if rows else (),
        empty="No lead was scored.",
        has_total=True,
    )


def _counts(one: Group) -> tuple[int, ...]:
    return (one.leads, one.mql_now, one.mql_then, one.gained, one.lost)


def _list(name: str, caption: str, leads: Movers) -> Table:
    """Make the table of all of them: the page shows the first, the file beside it has every one."""
    scores = [f"{score.capitalize()} {when}" for score in SCORES for when in ("now", "then")]
    word, points = cache(member), cache(_points)  # few values of very many rows
    return Table(
        name=name,
        caption=caption,
        columns=(
            *(Column(title=title, numeric=False) for title in ("Lead", "Segment", "Channel")),
            *(Column(title=title) for title in scores),
        ),
        rows=tuple(_mover(one, word=word, points=points) for one in leads),
        empty="No lead would.",
        limit=15,
    )


def _mover(
    one: Mover, *, word: Callable[[str], Cell], points: Callable[[int], Cell]
) -> tuple[Cell, ...]:
    words = (text(one.lead_id), word(one.segment or ""), word(one.channel or ""))
    return (*words, *(points(scores[name]) for name in SCORES for scores in (one.now, one.then)))


def _points(tenths: int) -> Cell:
    shown = f"{to_points(tenths):f}"
    return Cell(shown=shown, raw=shown)
