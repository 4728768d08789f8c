"""Plan: what the goals need, what a week's share is, and what came."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from accord.metrics import Cut, Status, quotient
from accord.planning import ON_GOAL, level, peak_to_mean
from accord.report.asked import short_label
from accord.report.cells import count, member, share, tenths
from accord.report.charts import bars, stacked
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING, MARKETING_MID, MARKETING_SOFT
from accord.report.sections.outlook import outlook_tables
from accord.report.view import View

_TINTS = (MARKETING_SOFT, MARKETING_MID, MARKETING)


def plan(view: View) -> Section:
    """Make the section."""
    return Section(
        name="plan",
        title="Plan",
        lead=_lead(view),
        charts=_charts(view),
        tables=(
            _needs(view),
            _funnel(view),
            *_levelling(view),
            *outlook_tables(view),
            _against(view),
        ),
    )


def _lead(view: View) -> str:
    need = sum(view.plan_to_date.values(), Fraction(0))
    came = sum(view.delivered_to_date.values())
    tail = f"Since the {view.period_word} began, {came:,} MQLs came"
    said = "".join(f" {warning}" for warning in _warnings(view))
    if not need:
        return tail + "." + said
    return f"{tail}; the plan's levelled share to this day is {tenths(need).shown}.{said}"


def _warnings(view: View) -> tuple[str, ...]:
    """What is to be said of the plan itself: where its targets contradict, and who can take it."""
    targets = tuple(one.sentence for one in view.agreement.warnings if "targets" in one.subject)
    over = () if view.outlook is None else view.outlook.capacity.findings
    return tuple(map(_begun, (*targets, *(one.sentence for one in over))))


def _begun(sentence: str) -> str:
    """Let a sentence begin as one, and end so."""
    return sentence[:1].upper() + sentence[1:].rstrip(".") + "."


def _needs(view: View) -> Table:
    rows = [_row(view, segment) for segment in view.plan]
    weekly = sum(view.weekly_plan.values(), Fraction(0))
    total = (
        Cell(shown="All segments", raw="total"),
        count(_planned_in_all(view)),
        tenths(weekly),
        view.cell("mqls"),
        *_to_date(sum(view.plan_to_date.values(), Fraction(0)), _came_in_all(view)),
        _part(_planned_in_all(view), _planned_in_all(view)),
        _part(_came_in_all(view), _came_in_all(view)),
    )
    period = view.period_word
    return Table(
        name="plan",
        caption=f"MQLs per segment against the plan of the {period}",
        columns=(
            Column(title="Segment", numeric=False),
            Column(title=f"Plan, {period}"),
            Column(title="Per week"),
            Column(title=view.words.title),
            Column(title="Plan to date"),
            Column(title="Delivered to date"),
            Column(title="Of plan", numeric=False),
            Column(title="Short by"),
            Column(title="Mix, planned"),
            Column(title="Mix, delivered"),
        ),
        rows=(*rows, total) if rows else (),
        empty="The agreement has no targets.",
        has_total=True,
    )


def _row(view: View, segment: str) -> tuple[Cell, ...]:
    came = view.delivered_to_date.get(segment, 0)
    return (
        member(segment),
        count(view.plan[segment]["mql"]),
        tenths(view.weekly_plan[segment]),
        view.cell("mqls", "segment", segment),
        *_to_date(view.plan_to_date[segment], came),
        _part(view.plan[segment]["mql"], _planned_in_all(view)),
        _part(came, _came_in_all(view)),
    )


def _to_date(need: Fraction, came: int) -> Iterator[Cell]:
    """Plan, delivered, its share with the mark of a goal reached or not, and what is missing."""
    yield tenths(need)
    yield count(came)
    if need:
        of = quotient(came, need)
        status = Status.KEPT if Fraction(came) / need >= ON_GOAL else Status.MISSED
        yield Cell(shown=share(of).shown, raw=f"{of:f}", status=status)
    else:
        yield share(None)
    yield tenths(max(need - came, Fraction(0)))


def _planned_in_all(view: View) -> int:
    return sum(figures["mql"] for figures in view.plan.values())


def _came_in_all(view: View) -> int:
    return sum(view.delivered_to_date.values())


def _part(one: int, whole: int) -> Cell:
    return share(quotient(one, whole) if whole else None)


def _funnel(view: View) -> Table:
    stages = list(next(iter(view.plan.values()), {}))
    rows = [
        (member(segment), *(count(figures[stage]) for stage in stages))
        for segment, figures in view.plan.items()
    ]
    return Table(
        name="plan_funnel",
        caption=f"What the goals of the {view.period_word} need at each stage",
        columns=(Column(title="Segment", numeric=False), *map(_stage, stages)),
        rows=tuple(rows),
        empty="The agreement has no targets.",
    )


def _against(view: View) -> Table:
    rows = [
        (Cell(shown=one.sentence, raw=one.sentence), Cell(shown=one.remedy, raw=one.remedy))
        for one in view.against_plan
    ]
    return Table(
        name="against_plan",
        caption="What speaks against the plan",
        columns=(
            Column(title="Found", numeric=False, wide=True),
            Column(title="To do", numeric=False, wide=True),
        ),
        rows=tuple(rows),
        empty="Nothing that is known speaks against it.",
    )


_WEEKS = 4


def _levelling(view: View) -> tuple[Table, ...]:
    """The last weeks as they came, levelled, and through a queue of the plan's share a week."""
    if view.asked.cut is not Cut.WEEK:
        return ()
    numbers = [(label, view.number("mqls", period=label)) for label in view.labels[-_WEEKS:]]
    known = [(label, int(one.value)) for label, one in numbers if one and one.value is not None]
    share = sum(view.weekly_plan.values(), Fraction(0))
    weeks = level([came for _, came in known], per_week=share)
    peak = peak_to_mean(came for _, came in known)
    uneven = "" if peak is None else f"; the largest week is {tenths(peak).shown} times the mean"
    rows = [
        (
            Cell(shown=label, raw=label),
            count(week.came),
            tenths(week.level),
            tenths(week.handed),
            tenths(week.backlog),
        )
        for (label, _), week in zip(known, weeks, strict=True)
    ]
    return (
        Table(
            name="levelling",
            caption=f"MQLs of the last weeks, and how level they were{uneven}",
            columns=(
                Column(title="Week", numeric=False),
                Column(title="Came"),
                Column(title="Levelled"),
                Column(title="Through a queue of the plan's share"),
                Column(title="Waiting then"),
            ),
            rows=tuple(rows),
            empty="No MQL is known yet.",
        ),
    )


def _stage(stage: str) -> Column:
    title = stage.upper() if stage in ("mql", "sql") else stage.capitalize()
    return Column(title=title)


def _charts(view: View) -> tuple[Chart, ...]:
    segments = [segment.name for segment in view.agreement.segments][::-1]
    tints = {name: _TINTS[place % len(_TINTS)] for place, name in enumerate(segments)}
    planned = float(sum(view.weekly_plan.values(), Fraction(0)))
    rows = []
    for label in view.labels:
        for rank, segment in enumerate(segments):
            number = view.number("mqls", "segment", segment, period=label)
            value = float(number.value or 0) if number else 0.0
            row = {"label": short_label(label), "part": segment, "value": value, "rank": rank}
            rows.append({**row, "mark": _planned(view, label, planned)})
    this = view.number("mqls")
    if this is None or this.value is None:
        return ()
    says = (
        f"MQLs per {view.each} by segment, {view.labels[0]} to {view.labels[-1]}; the tick is the"
        f" plan's share. {view.words.title}: {this.value:f}."
    )
    title = f"MQLs per {view.each} by segment, and the plan's share (tick)"
    return (
        stacked("chart-plan", rows, title=title, says=says, colors=tints),
        *_to_date_chart(view),
    )


def _planned(view: View, label: str, weekly: float) -> float:
    """The plan's share of a week; of a month that of its days."""
    if view.asked.cut is Cut.WEEK:
        return weekly
    number = view.number("planned_mqls", period=label)
    return float(number.value or 0) if number is not None else 0.0


def _to_date_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for segment, need in view.plan_to_date.items():
        came = view.delivered_to_date.get(segment, 0)
        rows.append({"label": segment, "value": came, "shown": str(came), "mark": float(need)})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']} of {row['mark']:.1f}" for row in rows)
    title = f"MQLs since the {view.period_word} began, and plan to date (tick)"
    return (bars("chart-to-date", rows, title=title, says=says, marks=True),)
