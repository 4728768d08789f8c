"""Re-analysis: what changed against the month before and the three months before it, and where.

Conversions are of those who entered in the three months up to a month's end, as everywhere: beside
this month's stands what the same number was a month, and three months, ago. What flows (returns,
losses, spend) is set against an average month of the three before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from accord.metrics import METRICS, WINDOW, Number, Status, Unit, compute, percent, quotient
from accord.report.cells import blank, count, in_unit, marked, member, money, of, proportion, share
from accord.report.model import Cell, Column, Section, Table
from accord.report.sections.returns import returned_by_reason
from accord.report.view import View

_STEPS = (
    "mql_to_sql",
    "sql_to_opportunity",
    "opportunity_to_proposal",
    "proposal_to_contracting",
    "contracting_to_deal",
)
_SPEED = (
    "speed_to_lead_business",
    "speed_to_lead_business_p90",
    "speed_to_lead",
    "first_touch_met_share",
    "qualify_met_share",
    "sales_cycle_days",
)
_MONTHS = 3
_AVERAGE = "3 months before, a month"
_AGO = 4  # counted from the end of the row: the month three before this one


def reanalysis(view: View) -> Section:
    """Make the section."""
    return Section(
        name="reanalysis",
        title="Re-analysis",
        lead=_lead(view),
        tables=(
            _conversions(view),
            _speed(view),
            _returned(view),
            _lost(view),
            _channels(view),
        ),
    )


def _lead(view: View) -> str:
    """Say which conversion is surely below what was agreed, else that none is."""
    below = [name for name in _STEPS if _verdict(view, name) is Status.MISSED]
    known = [name for name in _STEPS if (number := view.number(name)) and number.denominator]
    if not known:
        return "Nobody has entered a stage from which a conversion is agreed."
    if not below:
        return "No conversion is surely below what was agreed, as sure as so few can be."
    worst = min(below, key=lambda name: _of_agreed(view, name))
    number, agreed = view.number(worst), _agreed(view, worst)
    reached = percent(number.value if number else None)
    head = "1 conversion is" if len(below) == 1 else f"{len(below)} conversions are"
    return (
        f"{head} surely below what was agreed; furthest {METRICS[worst].title}:"
        f" {reached} of {percent(agreed)}."
    )


def _agreed(view: View, name: str) -> Decimal:
    agreed: Decimal = getattr(view.agreement.targets.conversion, name)
    return agreed


def _of_agreed(view: View, name: str) -> Decimal:
    number, agreed = view.number(name), _agreed(view, name)
    value = number.value if number is not None else None
    return Decimal(1) if value is None or not agreed else value / agreed


def _verdict(view: View, name: str) -> Status:
    """Missed where the whole interval lies below what was agreed, kept where it does not."""
    number = view.number(name)
    if number is None or number.high is None:
        return Status.NOTHING
    return Status.MISSED if number.high < _agreed(view, name) else Status.KEPT


def _conversions(view: View) -> Table:
    last = view.words.last
    return Table(
        name="reanalysis_conversions",
        caption="Conversions of those who entered in the 3 months up to the month's end, and the"
        " interval in which the true share lies in 95 of 100 cases",
        columns=(
            Column(title="Step", numeric=False),
            Column(title="Entered"),
            Column(title=view.words.title),
            Column(title="Low"),
            Column(title="High"),
            Column(title="Agreed"),
            Column(title="", numeric=False),
            Column(title=last.capitalize()),
            Column(title="3 months ago"),
        ),
        rows=tuple(_conversion(view, name) for name in _STEPS),
        empty="Nothing has been counted yet.",
    )


def _conversion(view: View, name: str) -> tuple[Cell, ...]:
    number = view.number(name)
    verdict = _verdict(view, name)
    words = {Status.MISSED: "below", Status.KEPT: _kept_words(view, name)}
    return (
        Cell(shown=METRICS[name].title, raw=name),
        count(number.denominator if number else None),
        share(number.value if number else None, places=1),
        share(number.low if number else None),
        share(number.high if number else None),
        share(_agreed(view, name)),
        marked(verdict, words.get(verdict, "too few")),
        proportion(view.number(name, period=view.before) if view.before else None),
        proportion(view.number(name, period=_ago(view)) if _ago(view) else None),
    )


def _kept_words(view: View, name: str) -> str:
    number = view.number(name)
    above = number is not None and number.low is not None and number.low > _agreed(view, name)
    return "above" if above else "as agreed"


def _ago(view: View) -> str | None:
    labels = view.cube.periods.labels
    return labels[-_AGO] if len(labels) >= _AGO else None


def _earlier(view: View, metric: str, dimension: str, name: str) -> Number | None:
    """Return a number of the three months before this one, as one window."""
    if view.earlier is None:
        return None
    found = compute(view.earlier, METRICS[metric], dimension, periods={WINDOW})
    return next((one for one in found if one.member == name), None)


def _average(view: View, metric: str, dimension: str, name: str) -> Decimal | None:
    """Return what an average month of the three before had."""
    number = _earlier(view, metric, dimension, name)
    if number is None:
        total = _earlier(view, metric, "all", "")
        return None if total is None or total.value is None else Decimal(0)
    return None if number.value is None else quotient(Fraction(number.value), _MONTHS)


def _speed(view: View) -> Table:
    rows = []
    for name in _SPEED:
        before = view.number(name, period=view.before) if view.before else None
        unit = METRICS[name].unit
        cells = (view.cell(name), of(before, unit), of(_earlier(view, name, "all", ""), unit))
        rows.append((Cell(shown=METRICS[name].title, raw=name), *cells))
    return Table(
        name="reanalysis_speed",
        caption="Speed: first touches, terms kept, and how long deals took",
        columns=(Column(title="Measure", numeric=False), *_times(view, "3 months before")),
        rows=tuple(rows),
        empty="Nothing has been counted yet.",
    )


def _times(view: View, earlier: str) -> tuple[Column, ...]:
    words = view.words
    return tuple(Column(title=one) for one in (words.title, words.last.capitalize(), earlier))


Counts = tuple[Decimal | None, Decimal | None, Decimal | None]
"""Of this month, of the month before, and of an average month of the three before."""


def _returned(view: View) -> Table:
    """Leads that came back, whichever outcome the reason was given with."""
    counted = [_reasons_between(view, bounds) for bounds in _bounds(view)]
    named = [
        *view.agreement.sla.reasons.get("returned", ()),
        *view.agreement.sla.reasons.get("disqualified", ()),
        *sorted(name for one in counted for name in one),
    ]

    def counts(name: str | None) -> Counts:
        now, before, earlier = (
            Decimal(one.total() if name is None else one[name]) for one in counted
        )
        return now, before, quotient(Fraction(earlier), _MONTHS)

    caption = "Leads that sales sent back or disqualified, by the reason given"
    return _by_reason(view, ("returned", caption), list(dict.fromkeys(named)), counts)


def _bounds(view: View) -> tuple[tuple[int, int], ...]:
    """Bound this month, the month before (nothing if none is known), and the three before."""
    start, end = view.bounds_us
    edges = view.cube.periods.edges_us
    before = (edges[-3] if view.before else start, start)
    earlier = view.earlier.periods.last_us if view.earlier is not None else (start, start)
    return (start, end), before, earlier


def _reasons_between(view: View, bounds: tuple[int, int]) -> Counter[str]:
    start, end = bounds
    found: Counter[str] = Counter()
    for (_, reason), many in returned_by_reason(view.frames["entries"], start, end - 1).items():
        found[reason] += many
    return found


def _lost(view: View) -> Table:
    def counts(name: str | None) -> Counts:
        return _counts(view, "lost", *(("all", "") if name is None else ("reason", name)))

    named = [*view.agreement.sla.reasons.get("lost", ()), *_known_reasons(view)]
    caption = "Deals lost, by the reason given"
    return _by_reason(view, ("lost", caption), list(dict.fromkeys(named)), counts)


def _known_reasons(view: View) -> tuple[str, ...]:
    return view.members("lost", "reason", base=False)


def _by_reason(
    view: View, title: tuple[str, str], names: list[str], counts: Callable[[str | None], Counts]
) -> Table:
    name, caption = title
    found = {one: counts(one) for one in names}
    rows = [(member(one), *_cells(three)) for one, three in found.items() if any(three)]
    total = (Cell(shown="All", raw="total"), *_cells(counts(None)))
    return Table(
        name=f"reanalysis_{name}",
        caption=caption,
        columns=(
            Column(title="Reason", numeric=False),
            *_times(view, _AVERAGE),
            Column(title="Change"),
        ),
        rows=(*rows, total) if rows else (),
        empty=f"None {view.words.this}, nor in the months before.",
        has_total=True,
    )


def _counts(view: View, metric: str, dimension: str, name: str) -> Counts:
    now = view.number(metric, dimension, name)
    before = view.number(metric, dimension, name, period=view.before) if view.before else None
    return (
        None if now is None else now.value,
        None if before is None else before.value,
        _average(view, metric, dimension, name),
    )


def _cells(counts: Counts) -> tuple[Cell, ...]:
    now, before, average = counts
    return (count(now), count(before), in_unit(average, Unit.MEAN), _change(now, average))


def _change(now: Decimal | None, before: Decimal | None) -> Cell:
    """How much more or less than before, in per cent; nothing where there was none."""
    if now is None or not before:
        return blank()
    change = quotient(Fraction(now) - Fraction(before), Fraction(before))
    sign = "+" if change > 0 else ""
    return Cell(shown=f"{sign}{percent(change)}", raw=f"{change:f}")


def _channels(view: View) -> Table:
    names = dict.fromkeys(
        (
            *view.members("mqls", "channel", base=False),
            *view.members("spend", "channel", base=False),
        )
    )
    rows = [
        (member(name), *_channel(view, "channel", name))
        for name in sorted(names, key=lambda name: name == "")
    ]
    total = (Cell(shown="All", raw="total"), *_channel(view, "all", ""))
    return Table(
        name="reanalysis_channels",
        caption=f"Channels and what they cost; money in {view.agreement.currency}",
        columns=(
            Column(title="Channel", numeric=False),
            Column(title="MQLs"),
            Column(title=view.words.last.capitalize()),
            Column(title=_AVERAGE),
            Column(title="Acceptance"),
            Column(title="Spend"),
            Column(title=f"Spend, {_AVERAGE}"),
            Column(title="Cost per MQL"),
            Column(title="Cost, 3 months before"),
            Column(title="Change of cost"),
        ),
        rows=(*rows, total) if rows else (),
        empty="No MQL and no spend names a channel.",
        has_total=True,
        limit=25,
    )


def _channel(view: View, dimension: str, name: str) -> tuple[Cell, ...]:
    cost = view.number("cost_per_mql", dimension, name)
    earlier = _earlier(view, "cost_per_mql", dimension, name)
    now, before = (one.value if one is not None else None for one in (cost, earlier))
    return (
        *_cells(_counts(view, "mqls", dimension, name))[:3],
        view.cell("acceptance", dimension, name),
        view.cell("spend", dimension, name),
        money(_average(view, "spend", dimension, name)),
        money(now),
        money(before),
        _change(now, before),
    )
