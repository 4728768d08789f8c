"""The pipeline page: what is open, whether it is enough, what stands still, what it may bring."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from accord.metrics import (
    METRICS,
    Cube,
    Unit,
    compute,
    duration,
    percent,
    quotient,
    shown,
    worded,
)
from accord.planning import STEPS, Chance, Expected
from accord.records import from_us
from accord.report import cells
from accord.report.asked import short_label
from accord.report.charts import bars, columns
from accord.report.model import (
    Cell,
    Chart,
    Column,
    Figure,
    PipelinePage,
    Section,
    Standing,
    Table,
)
from accord.report.palette import MARKETING, SALES
from accord.report.pipeline_view import OpenDeal, PipelineView, Promised

_US_PER_MINUTE = 60_000_000
_DAY_US = 86_400_000_000
_AGES = ((30, "to 30 days"), (60, "to 60 days"), (120, "to 120 days"), (None, "longer"))
_UNKNOWN = "age unknown"
_MONTHLY = (
    ("Opened", "opportunities"),
    ("Won", "won"),
    ("Lost", "lost"),
    ("Win rate", "win_rate"),
    ("Revenue", "revenue"),
    ("Open at its end", "open_deals"),
    ("Worth", "open_pipeline"),
)


def build_pipeline_page(view: PipelineView) -> PipelinePage:
    """Make the page."""
    zone = view.agreement.timezone
    at = view.at.astimezone(ZoneInfo(zone))
    signed = ", signed by both sides" if view.signed else ", not signed by both sides"
    return PipelinePage(
        name="Pipeline review",
        folder=f"pipeline-{view.label}",
        strap=(f"{at.day} {at:%B %Y}", f"Agreement {view.agreement.version}{signed}"),
        headline=_headline(view),
        state=f"The {view.word} {view.period.label} up to {at:%A %d %B, %H:%M}.",
        standings=(_coverage(view), _forecast(view)),
        sections=tuple(make(view) for make in _SECTIONS),
        facts=(
            (view.word.capitalize(), f"{view.period.label}, cut in {zone}"),
            ("Counted up to", f"{at:%A %d %B %Y, %H:%M %Z}"),
            ("Agreement", f"{view.agreement.version}, {view.agreement.fingerprint[:12]}"),
            ("Currency", view.agreement.currency),
        ),
        definitions=tuple(
            (METRICS[name].title, METRICS[name].formula, ", ".join(METRICS[name].requirements))
            for name in ("pipeline_coverage", "quota", "revenue_of_quota", *dict(_MONTHLY).values())
        ),
    )


def _said(view: PipelineView, value: Decimal) -> str:
    return worded(value, Unit.MONEY, currency=view.agreement.currency)


def _headline(view: PipelineView) -> str:
    if not view.deals:
        return "No deal is open"
    worth, rest = view.worth(view.deals), view.goal - view.won_so_far
    count = "1 open deal is" if len(view.deals) == 1 else f"{len(view.deals):,} open deals are"
    head = f"{count} worth {_said(view, worth)}"
    if all(one.cents is None for one in view.deals):
        return f"{count} of unknown worth: none states an amount"
    if not view.goal:
        return head
    if rest <= 0:
        return f"{head}; the goal of the {view.word} is reached"
    return f"{head}, {_times(worth, rest)} what is left of the goal of the {view.word}"


def _times(worth: Decimal, rest: Decimal) -> str:
    return f"{shown(quotient(Fraction(worth), Fraction(rest)), 1):,f} times"


def _coverage(view: PipelineView) -> Standing:
    """Say per segment whether what is open is enough for what is left of its goal."""
    figures = [_thickness(view, segment, goal) for segment, goal in view.goals.items()]
    unplaced = [one for one in view.deals if one.segment not in view.goals]
    if unplaced:
        worth = cells.short_money(view.worth(unplaced))
        figures.append(
            Figure(title="(no segment)", shown=worth, of=f"{len(unplaced):,} deals",
                   sure="no goal is agreed for these")
        )  # fmt: skip
    return Standing(
        name="now", title="Coverage", note="open value / what is left of the goal",
        figures=tuple(figures),
    )  # fmt: skip


def _thickness(view: PipelineView, segment: str, goal: Decimal) -> Figure:
    deals = [one for one in view.deals if one.segment == segment]
    worth, won = view.worth(deals), view.won.get(segment, Decimal(0))
    rest = goal - won
    said = (
        f"{cells.short_money(won)} won of {cells.short_money(goal)};"
        f" {len(deals):,} deals open, worth {cells.short_money(worth)}"
    )
    if rest <= 0:
        return Figure(title=segment, shown="reached", of="", sure=said, filled=Decimal(1))
    cover = quotient(Fraction(worth), Fraction(rest))
    return Figure(
        title=segment, shown=f"{shown(cover, 1):,f} \u00d7", of="of what is left", sure=said,
        filled=min(Decimal(1), cover),
    )  # fmt: skip


def _forecast(view: PipelineView) -> Standing:
    """Say what the period should end with: won so far and what open deals should bring."""
    won = view.won_so_far
    figures = [_of_goal(view, "Won so far", won, "")]
    for own, title in ((False, "By the agreed rates"), (True, "By our own rates")):
        expected = view.expected(view.deals, own=own)
        if expected is not None:
            figures.append(_of_goal(view, title, won + expected.value, _band(won, expected)))
    title = f"Forecast of {view.period.label}"
    return Standing(
        name="then", title=title, note=f"goal {_said(view, view.goal)}", figures=tuple(figures)
    )


def _band(won: Decimal, expected: Expected) -> str:
    low, high = (cells.short_money(won + one) for one in (expected.low, expected.high))
    return f"with all open deals, whenever they close; in 8 of 10 cases {low} to {high}"


def _of_goal(view: PipelineView, title: str, value: Decimal, sure: str) -> Figure:
    of = quotient(Fraction(value), Fraction(view.goal)) if view.goal else None
    return Figure(
        title=title, shown=cells.short_money(value), sure=sure,
        of="" if of is None else f"{percent(of)} of goal",
        filled=None if of is None else min(Decimal(1), of),
    )  # fmt: skip


def _steps(view: PipelineView) -> Section:
    still, late = len(view.still), len(view.overdue)
    lead = "No deal is open."
    if view.deals:
        lead = f"{still:,} of {len(view.deals):,} open deals stand still; {late:,} are past their"
        lead += " term to close."
    return Section(
        name="steps", title="Deals by step and age", lead=lead, charts=_step_chart(view),
        tables=(_by_step(view), _by_age(view)),
    )  # fmt: skip


def _of_step(view: PipelineView, step: str) -> list[OpenDeal]:
    return [one for one in view.deals if one.step == step]


def _by_step(view: PipelineView) -> Table:
    rows = [_step_row(view, step) for step in STEPS] if view.deals else []
    return Table(
        name="pipeline_steps",
        caption=f"Open deals by step; money in {view.agreement.currency}",
        columns=(
            Column(title="Step", numeric=False),
            *(Column(title=one) for one in ("Deals", "Worth", "Stand still", "Past their term")),
            *(Column(title=one) for one in ("9 in 10 won stayed up to", "Won, as agreed")),
            *(Column(title=one) for one in ("Won, of ours", "Closed since", "Expected, agreed")),
            Column(title="Expected, ours"),
        ),
        rows=tuple(rows),
        empty="No deal is open.",
    )


def _step_row(view: PipelineView, step: str) -> tuple[Cell, ...]:
    deals, stay, own = _of_step(view, step), view.stays[step], view.own.get(step)
    agreed, ours = (view.expected(deals, own=one) for one in (False, True))
    p90 = None if stay.p90_us is None else quotient(stay.p90_us, _US_PER_MINUTE)
    return (
        cells.member(step),
        cells.count(len(deals)),
        cells.money(view.worth(deals)),
        cells.count(sum(bool(one.stands) for one in deals) if p90 is not None else None),
        cells.count(sum(one.is_overdue(view.at_us) for one in deals)),
        cells.minutes(p90),
        cells.share(quotient(view.agreed[step].share, 1)),
        _chance(own),
        cells.count(own.of if own else None),
        cells.money(agreed.value if agreed else None),
        cells.money(ours.value if ours else None),
    )


def _chance(chance: Chance | None) -> Cell:
    if chance is None or chance.won is None or chance.of is None:
        return cells.share(None)
    return cells.part(chance.won, chance.of)


def _age_of(view: PipelineView, deal: OpenDeal) -> str:
    if deal.opened_us is None:
        return _UNKNOWN
    days = (view.at_us - deal.opened_us) / _DAY_US
    return next(title for limit, title in _AGES if limit is None or days <= limit)


def _by_age(view: PipelineView) -> Table:
    ages = [title for _, title in _AGES]
    found: dict[str, list[OpenDeal]] = {title: [] for title in (*ages, _UNKNOWN)}
    for deal in view.deals:
        found[_age_of(view, deal)].append(deal)
    rows = [
        (
            Cell(shown=title, raw=title),
            *(cells.count(sum(one.step == step for one in deals)) for step in STEPS),
            cells.count(len(deals)),
            cells.money(view.worth(deals)),
        )
        for title, deals in found.items()
        if deals or title != _UNKNOWN
    ]
    return Table(
        name="pipeline_ages",
        caption="Open deals by age since their opening",
        columns=(
            Column(title="Age", numeric=False),
            *(Column(title=step.capitalize()) for step in STEPS),
            Column(title="Deals"),
            Column(title="Worth"),
        ),
        rows=tuple(rows) if view.deals else (),
        empty="No deal is open.",
    )


def _step_chart(view: PipelineView) -> tuple[Chart, ...]:
    rows = [
        {"label": step, "value": float(worth), "shown": cells.short_money(worth)}
        for step in STEPS
        if (worth := view.worth(_of_step(view, step)))
    ]
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Open value by step, {view.agreement.currency}"
    return (bars("chart-steps", rows, title=title, says=says, color=MARKETING),)


def _still(view: PipelineView) -> Section:
    deals = [one for one in view.deals if one.stands or one.is_overdue(view.at_us)]
    lead = "Every open deal moves, as far as can be said."
    if deals:
        lead = f"{len(deals):,} deals need a decision; they are worth"
        lead += f" {_said(view, view.worth(deals))}."
    unknown = [step for step in STEPS if view.stays[step].p90_us is None]
    if unknown and view.deals:
        lead += f" Too few deals were won to say what stands still in {', '.join(unknown)}."
    return Section(
        name="still", title="Deals that stand still", lead=lead, tables=(_still_table(view, deals),)
    )


def _still_table(view: PipelineView, deals: Sequence[OpenDeal]) -> Table:
    return Table(
        name="pipeline_still",
        caption="No move and no touch for longer than nine in ten won deals stayed in the step, or"
        " past the term to close; most valuable first",
        columns=(
            Column(title="Deal", numeric=False),
            Column(title="Rep", numeric=False),
            Column(title="Step", numeric=False),
            Column(title="Worth"),
            Column(title="Age"),
            Column(title="Last sign", numeric=False),
            Column(title="Why", numeric=False),
        ),
        rows=tuple(_still_row(view, one) for one in deals),
        empty="No deal stands still or is past its term.",
        limit=25,
    )


def _still_row(view: PipelineView, deal: OpenDeal) -> tuple[Cell, ...]:
    why = ("stands still" if deal.stands else "", _late(view, deal))
    words = ", ".join(one for one in why if one)
    sign = None if deal.sign_us is None else from_us(deal.sign_us)
    age = None if deal.opened_us is None else view.at_us - deal.opened_us
    return (
        cells.text(deal.deal_id),
        Cell(shown=view.rep_name(deal.rep), raw=deal.rep or ""),
        cells.member(deal.step),
        cells.money(None if deal.cents is None else Decimal(deal.cents) / 100),
        cells.minutes(None if age is None else quotient(age, _US_PER_MINUTE)),
        cells.instant(sign, view.agreement.timezone),
        cells.text(words),
    )


def _late(view: PipelineView, deal: OpenDeal) -> str:
    if deal.due_us is None or not deal.is_overdue(view.at_us):
        return ""
    late = quotient(view.at_us - deal.due_us, _US_PER_MINUTE)
    return f"past its term by {duration(late)}"


def _closing(view: PipelineView) -> Section:
    numbers = {name: view.here(name, "all").get("") for name in ("won", "lost", "opportunities")}
    won, lost, opened = (int(one.value or 0) if (one := numbers[name]) else 0 for name in numbers)
    lead = f"Since {view.period.label} began {opened:,} deals were opened, {won:,} won and"
    lead += f" {lost:,} lost."
    return Section(
        name="closing", title="Won, lost and new", lead=lead, charts=_months_chart(view),
        tables=(_by_month(view), _lost_reasons(view)),
    )  # fmt: skip


def _monthly(view: PipelineView, metric: str) -> dict[str, Cell]:
    unit = METRICS[metric].unit
    return {one.period: cells.of(one, unit) for one in compute(view.months, METRICS[metric])}


def _by_month(view: PipelineView) -> Table:
    found = {metric: _monthly(view, metric) for _, metric in _MONTHLY}
    rows = [
        (Cell(shown=label, raw=label), *(found[metric][label] for _, metric in _MONTHLY))
        for label in view.months.periods.labels[::-1]
        if any(found[metric][label].raw for _, metric in _MONTHLY)
    ]
    return Table(
        name="pipeline_months",
        caption=f"Deals by month, the running one first; money in {view.agreement.currency}",
        columns=(
            Column(title="Month", numeric=False),
            *(Column(title=title) for title, _ in _MONTHLY),
        ),
        rows=tuple(rows),
        empty="No deal is known yet.",
    )


def _lost_reasons(view: PipelineView) -> Table:
    found = view.here("lost", "reason")
    total = sum(int(one.value or 0) for one in found.values())
    order = sorted(found, key=lambda name: (-(found[name].value or 0), name))
    rows = [
        (
            cells.member(name),
            cells.count(found[name].value),
            cells.part(int(found[name].value or 0), total),
        )
        for name in order
    ]
    return Table(
        name="pipeline_lost",
        caption=f"Deals lost since {view.period.label} began, by the reason given",
        columns=(
            Column(title="Reason", numeric=False), Column(title="Lost"), Column(title="Share"),
        ),
        rows=tuple(rows),
        empty=f"No deal was lost since {view.period.label} began.",
    )  # fmt: skip


def _months_chart(view: PipelineView) -> tuple[Chart, ...]:
    cube: Cube = view.months
    rows = [
        {"label": short_label(one.period), "value": float(one.value)}
        for one in compute(cube, METRICS["opportunities"])
        if one.value is not None
    ]
    if not any(row["value"] for row in rows):
        return ()
    says = "; ".join(f"{row['label']} {row['value']:.0f}" for row in rows)
    title = "New opportunities by month"
    return (columns("chart-new", rows, title=title, says=says, color=SALES, form="~s"),)


def _reps(view: PipelineView) -> Section:
    rows = [_rep_row(view, rep) for rep in _known_reps(view)]
    quotas = [one for one in view.here("quota", "rep").values() if one.value]
    lead = f"{len(quotas):,} reps have a quota." if quotas else "No rep has a quota."
    ahead = [one for one in view.here("revenue_of_quota", "rep").values() if (one.value or 0) >= 1]
    if quotas:
        lead += f" {len(ahead):,} of them have won their share of it so far."
    return Section(
        name="reps",
        title="Reps",
        lead=lead,
        tables=(
            Table(
                name="pipeline_reps",
                caption=f"Reps since {view.period.label} began: quota, what was won, what is open;"
                f" money in {view.agreement.currency}",
                columns=(
                    Column(title="Rep", numeric=False),
                    Column(title="Team", numeric=False),
                    Column(title="Quota", numeric=False),
                    *(Column(title=one) for one in ("Share so far", "Won", "Of share")),
                    *(Column(title=one) for one in ("Open deals", "Worth", "Expected, ours")),
                ),
                rows=tuple(rows),
                empty="No rep has a quota or a deal.",
            ),
        ),
    )


def _known_reps(view: PipelineView) -> list[str]:
    known = {one.rep or "" for one in view.deals}
    for metric in ("quota", "revenue"):
        known |= {rep for rep, one in view.here(metric, "rep").items() if one.value}
    won = view.here("revenue", "rep")
    worth = {rep: (won[rep].value or Decimal(0)) if rep in won else Decimal(0) for rep in known}
    return sorted(known, key=lambda rep: (rep == "", -worth[rep], rep))


def _rep_row(view: PipelineView, rep: str) -> tuple[Cell, ...]:
    found = view.reps[view.reps["rep"] == rep]["team"].dropna()
    team = str(found.iloc[0]) if len(found) else None
    deals = [one for one in view.deals if (one.rep or "") == rep]
    expected = view.expected(deals, own=True)
    quota, won, of = (
        view.here(metric, "rep").get(rep) for metric in ("quota", "revenue", "revenue_of_quota")
    )
    return (
        Cell(shown=view.rep_name(rep), raw=rep),
        cells.text(team),
        cells.text(_quota(view, team)),
        cells.money(quota.value if quota else None),
        cells.money(won.value if won else Decimal(0)),
        cells.share(of.value if of and quota else None),
        cells.count(len(deals)),
        cells.money(view.worth(deals)),
        cells.money(expected.value if expected else None),
    )


def _quota(view: PipelineView, team: str | None) -> str | None:
    terms = view.agreement.teams.get(team or "")
    if terms is None or terms.quota is None:
        return None
    return f"{cells.short_money(Decimal(terms.quota.revenue))} a {terms.quota.per}"


def _products(view: PipelineView) -> Section:
    """What each product's deals brought in the period, where deals name one."""
    rate, revenue = view.here("win_rate", "product"), view.here("revenue", "product")
    names = sorted({*rate, *revenue, *(one.product for one in view.deals)} - {""})
    open_ = {name: [one for one in view.deals if one.product == name] for name in names}
    rows = [
        (
            cells.member(name),
            cells.count(rate[name].numerator if name in rate else Decimal(0)),
            cells.proportion(rate.get(name)),
            cells.money(revenue[name].value if name in revenue else Decimal(0)),
            cells.count(len(open_[name])),
            cells.money(view.worth(open_[name])),
        )
        for name in names
    ]
    lead = f"{len(names):,} products are named by deals." if names else "No deal names a product."
    titles = ("Won", "Win rate", "Revenue", "Open deals", "Worth")
    return Section(
        name="products",
        title="Products",
        lead=lead,
        tables=(
            Table(
                name="pipeline_products",
                caption=f"Products since {view.period.label} began",
                columns=(
                    Column(title="Product", numeric=False),
                    *(Column(title=one) for one in titles),
                ),
                rows=tuple(rows),
                empty="No deal names a product.",
            ),
        ),
    )


def _accuracy(view: PipelineView) -> Section:
    lead = "No deal was open when a period before this one began: no forecast to look back on."
    if view.past:
        one = view.past[0]
        promise, kind = (one.agreed, "agreed") if one.own is None else (one.own, "own")
        lead = (
            f"When {one.label} began, the open deals promised {_said(view, promise)} by the {kind}"
            f" rates; they brought {_said(view, one.came)} in it."
        )
    titles = ("Open deals", "Worth", "Promised, agreed", "Promised, ours", "Came of them")
    return Section(
        name="accuracy",
        title="How accurate the forecast was",
        lead=lead,
        tables=(
            Table(
                name="pipeline_accuracy",
                caption="What open deals promised as each period began, and what they brought in"
                " it; accuracy is the smaller / the larger",
                columns=(
                    Column(title=view.word.capitalize(), numeric=False),
                    *(Column(title=title) for title in titles),
                    *(Column(title=title) for title in ("Accuracy, agreed", "Accuracy, ours")),
                    *(Column(title=title) for title in ("All revenue", "Goal")),
                ),
                rows=tuple(_accuracy_row(one) for one in view.past),
                empty="No period before this one began with an open deal.",
            ),
        ),
    )


def _accuracy_row(one: Promised) -> tuple[Cell, ...]:
    return (
        cells.text(one.label),
        cells.count(one.deals),
        cells.money(one.worth),
        cells.money(one.agreed),
        cells.money(one.own),
        cells.money(one.came),
        cells.share(_closeness(one.agreed, one.came)),
        cells.share(_closeness(one.own, one.came)),
        cells.money(one.revenue),
        cells.money(one.goal),
    )


def _closeness(promised: Decimal | None, came: Decimal) -> Decimal | None:
    """The smaller / the larger; missing where both are nothing."""
    if promised is None or not max(promised, came):
        return None
    return quotient(Fraction(min(promised, came)), Fraction(max(promised, came)))


_SECTIONS = (_steps, _still, _closing, _reps, _products, _accuracy)
"""The sections, in the order of the page."""
