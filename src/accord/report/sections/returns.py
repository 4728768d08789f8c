"""Leads that sales sent back, deferred or disqualified, and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from accord.metrics import percent
from accord.report.asked import short_label
from accord.report.cells import count, member, part
from accord.report.charts import bars, columns
from accord.report.model import Chart, Column, Section, Table
from accord.report.palette import SALES
from accord.report.view import View

_NO_REASON = ""


def returns(view: View) -> Section:
    """Make the section."""
    here = returned_by_reason(view.frames["entries"], view.bounds_us[0], view.at_us)
    base = returned_by_reason(view.frames["entries"], view.base.periods.edges_us[0], view.at_us)
    return Section(
        name="returns",
        title="Leads that came back",
        lead=_lead(view),
        charts=(*_chart(view, base), *_rate_chart(view)),
        tables=(_reasons(view, here, base), _by_channel(view)),
    )


def returned_by_reason(
    entries: pd.DataFrame, since_us: int, until_us: int
) -> Counter[tuple[str, str]]:
    """Count entries into nurture (from sales) and disqualified by outcome and reason."""
    back = (entries["mark"] == "nurture") & (entries["programme"] == "returned")
    out = entries["mark"] == "disqualified"
    when = entries["at_us"].between(since_us, until_us)
    rows = entries[(back.fillna(value=False) | out.fillna(value=False)) & when.fillna(value=False)]
    outcomes = rows["mark"].map({"nurture": "returned", "disqualified": "disqualified"})
    reasons = rows["reason"].fillna(_NO_REASON)
    return Counter(zip(outcomes.astype(str), reasons.astype(str), strict=True))


def _lead(view: View) -> str:
    rate = view.number("return_rate")
    if rate is None or not rate.denominator:
        return f"No hand-over ended {view.words.this}."
    back, ended = int(rate.numerator or 0), int(rate.denominator)
    return (
        f"{back} of {ended} hand-overs that ended {view.words.this} came back or were disqualified:"
        f" {percent(rate.value)}."
    )


def _reasons(view: View, here: Counter[Any], base: Counter[Any]) -> Table:
    agreed = view.agreement.sla.reasons
    named = [
        (outcome, reason)
        for outcome in ("returned", "disqualified")
        for reason in agreed.get(outcome, ())
    ]
    keys = dict.fromkeys([*named, *sorted(base.keys())])
    total = sum(base.values())
    rows = tuple(
        (
            member(outcome),
            member(reason),
            count(here[outcome, reason]),
            *(() if view.asked.is_span else (count(base[outcome, reason]),)),
            part(base[outcome, reason], total),
        )
        for outcome, reason in keys
    )
    return Table(
        name="returned_by_reason",
        caption="Returned and disqualified leads by the reason given",
        columns=(
            Column(title="Outcome", numeric=False),
            Column(title="Reason", numeric=False),
            Column(title=view.words.title),
            *(() if view.asked.is_span else (Column(title=view.words.base),)),
            Column(title="Share"),
        ),
        rows=rows if total else (),
        empty=f"No lead has come back in {view.words.these}.",
    )


def _by_channel(view: View) -> Table:
    rows = [
        (
            member(channel),
            view.base_cell("handed_over", "channel", channel),
            view.base_cell("returned", "channel", channel),
            view.base_cell("disqualified", "channel", channel),
            view.base_cell("return_rate", "channel", channel),
        )
        for channel in view.members("return_rate", "channel")
    ]
    return Table(
        name="returned_by_channel",
        caption=f"Where the leads that came back had come from, {view.words.base}",
        columns=(
            Column(title="Channel", numeric=False),
            Column(title="Handed over"),
            Column(title="Returned"),
            Column(title="Disqualified"),
            Column(title="Of those ended"),
        ),
        rows=tuple(rows),
        empty=f"No hand-over has ended in {view.words.these}.",
    )


def _rate_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for label in view.labels:
        number = view.number("return_rate", period=label)
        if number is not None and number.value is not None:
            rows.append({"label": short_label(label), "value": float(number.value)})
    if not rows:
        return ()
    says = f"Return rate by {view.each}: " + "; ".join(
        f"{row['label']} {row['value']:.0%}" for row in rows
    )
    title = f"Share of ended hand-overs that came back, by {view.each}"
    return (columns("chart-return-rate", rows, title=title, says=says, color=SALES, form="%"),)


def _chart(view: View, base: Counter[Any]) -> tuple[Chart, ...]:
    reasons: Counter[str] = Counter()
    for (_outcome, reason), found in base.items():
        reasons[reason.replace("_", " ") or "no reason given"] += found
    rows = [
        {"label": reason, "value": found, "shown": str(found)}
        for reason, found in reasons.most_common(8)
    ]
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Why leads came back, {view.words.base}"
    return (bars("chart-returns", rows, title=title, says=says, color=SALES),)
