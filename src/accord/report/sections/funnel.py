"""Funnel: how many leads entered each stage, and how many of a cohort went on."""

from __future__ import annotations

from accord.metrics import METRICS, percent
from accord.report.cells import count, proportion, share
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING
from accord.report.view import View

_STAGES = (
    ("New leads", "new_leads"),
    ("Engaged", "engaged"),
    ("Target", "targets"),
    ("MQL", "mqls"),
    ("Accepted", "accepted"),
    ("SQL", "sqls"),
    ("Opportunity", "opportunities"),
    ("Won", "won"),
)
_AGREED = (
    "mql_to_sql",
    "sql_to_opportunity",
    "opportunity_to_proposal",
    "proposal_to_contracting",
    "contracting_to_deal",
)
_CONVERSIONS = ("new_to_engaged", "engaged_to_target", "target_to_mql", *_AGREED, "lead_to_sale")


def funnel(view: View) -> Section:
    """Make the section."""
    return Section(
        name="funnel",
        title="Funnel",
        lead=_lead(view),
        charts=(*_counts_chart(view), *_rates_chart(view)),
        tables=(_counts(view), _rates(view)),
    )


def _lead(view: View) -> str:
    sale = view.over_base("lead_to_sale")
    if sale is None or not sale.denominator:
        return f"No lead has entered the database in {view.words.these}."
    won, leads = int(sale.numerator or 0), int(sale.denominator)
    bought = f"{won:,} have bought: {percent(sale.value, 1)}" if won else "none has bought yet"
    return f"Of {leads:,} leads that came in over {view.words.up_to}, {bought}."


def _counts(view: View) -> Table:
    segments = [segment.name for segment in view.agreement.segments]
    rows = []
    for title, metric in _STAGES:
        by_segment = [view.cell(metric, "segment", segment) for segment in segments]
        beside = [_before(view, metric), *by_segment, view.base_cell(metric)]
        cells = by_segment if view.asked.is_span else beside
        rows.append((Cell(shown=title, raw=metric), view.cell(metric), *cells))
    return Table(
        name="funnel",
        caption="Entries into each stage",
        columns=(
            Column(title="Stage", numeric=False),
            Column(title=view.words.title),
            *_with_beside(view, [f"{one.capitalize()}, {view.words.noun}" for one in segments]),
        ),
        rows=tuple(rows),
        empty="Nothing has been counted yet.",
    )


def _before(view: View, metric: str) -> Cell:
    return view.cell(metric, period=view.before) if view.before else count(None)


def _with_beside(view: View, titles: list[str]) -> tuple[Column, ...]:
    """A span has neither a time before it nor a longer one to be seen against."""
    words = view.words
    named = titles if view.asked.is_span else [words.last.capitalize(), *titles, words.base]
    return tuple(Column(title=title) for title in named)


def _rates(view: View) -> Table:
    segments = [segment.name for segment in view.agreement.segments]
    rows = []
    for name in _CONVERSIONS:
        number = view.over_base(name)
        agreed = getattr(view.agreement.targets.conversion, name, None)
        rows.append(
            (
                Cell(shown=METRICS[name].title, raw=name),
                count(number.denominator if number else None),
                count(number.numerator if number else None),
                proportion(number, places=1),
                share(agreed, places=1),
                *(view.base_cell(name, "segment", segment) for segment in segments),
            )
        )
    return Table(
        name="conversions",
        caption=f"Conversion of those who entered a stage in {view.words.up_to}",
        columns=(
            Column(title="Step", numeric=False),
            Column(title="Entered"),
            Column(title="Went on"),
            Column(title="Conversion"),
            Column(title="Agreed"),
            *(Column(title=segment.capitalize()) for segment in segments),
        ),
        rows=tuple(rows),
        empty="Nothing has been counted yet.",
    )


def _counts_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for title, metric in _STAGES:
        number = view.over_base(metric)
        if number is not None and number.value is not None:
            shown = f"{int(number.value):,}"
            rows.append({"label": title, "value": float(number.value), "shown": shown})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Entries into each stage, {view.words.base}"
    return (bars("chart-funnel", rows, title=title, says=says, color=MARKETING),)


def _rates_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for name in _AGREED:
        number = view.over_base(name)
        agreed = getattr(view.agreement.targets.conversion, name)
        if number is not None and number.value is not None:
            label = METRICS[name].title
            row = {"label": label, "value": float(number.value), "shown": percent(number.value)}
            rows.append({**row, "mark": float(agreed)})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Conversion, {view.words.base}, and what was agreed (tick)"
    return (bars("chart-conversions", rows, title=title, says=says, marks=True),)
