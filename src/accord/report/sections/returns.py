"""Leads that sales sent back, deferred or disqualified, and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from accord.metrics import percent, quotient
from accord.report.cells import count, member, share
from accord.report.charts import bars, columns
from accord.report.model import Chart, Column, Section, Table
from accord.report.palette import SALES
from accord.report.view import View

_NO_REASON = ""


def returns(view: View) -> Section:
    """Make the section."""
    week = returned_by_reason(view.frames["entries"], view.weeks.periods.edges_us[-2], view.at_us)
    quarter = returned_by_reason(
        view.frames["entries"], view.quarter.periods.edges_us[0], view.at_us
    )
    return Section(
        name="returns",
        title="Leads that came back",
        lead=_lead(view),
        charts=(*_chart(quarter), *_rate_chart(view)),
        tables=(_reasons(view, week, quarter), _by_channel(view)),
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
        return "No hand-over ended this week."
    back, ended = int(rate.numerator or 0), int(rate.denominator)
    return (
        f"{back} of {ended} hand-overs that ended this week came back or were disqualified:"
        f" {percent(rate.value)}."
    )


def _reasons(view: View, week: Counter[Any], quarter: Counter[Any]) -> Table:
    agreed = view.agreement.sla.reasons
    named = [
        (outcome, reason)
        for outcome in ("returned", "disqualified")
        for reason in agreed.get(outcome, ())
    ]
    keys = dict.fromkeys([*named, *sorted(quarter.keys())])
    total = sum(quarter.values())
    rows = tuple(
        (
            member(outcome),
            member(reason),
            count(week[outcome, reason]),
            count(quarter[outcome, reason]),
            share(quotient(quarter[outcome, reason], total) if total else None),
        )
        for outcome, reason in keys
    )
    return Table(
        name="returned_by_reason",
        caption="Returned and disqualified leads by the reason given",
        columns=(
            Column(title="Outcome", numeric=False),
            Column(title="Reason", numeric=False),
            Column(title="This week"),
            Column(title="13 weeks"),
            Column(title="Share"),
        ),
        rows=rows if total else (),
        empty="No lead has come back in these 13 weeks.",
    )


def _by_channel(view: View) -> Table:
    rows = [
        (
            member(channel),
            view.quarter_cell("handed_over", "channel", channel),
            view.quarter_cell("returned", "channel", channel),
            view.quarter_cell("disqualified", "channel", channel),
            view.quarter_cell("return_rate", "channel", channel),
        )
        for channel in view.members("return_rate", "channel")
    ]
    return Table(
        name="returned_by_channel",
        caption="Where the leads that came back had come from, 13 weeks",
        columns=(
            Column(title="Channel", numeric=False),
            Column(title="Handed over"),
            Column(title="Returned"),
            Column(title="Disqualified"),
            Column(title="Of those ended"),
        ),
        rows=tuple(rows),
        empty="No hand-over has ended in these 13 weeks.",
    )


def _rate_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for label in view.labels:
        number = view.number("return_rate", period=label)
        if number is not None and number.value is not None:
            rows.append({"label": label[5:], "value": float(number.value)})
    if not rows:
        return ()
    says = "Return rate by week: " + "; ".join(f"{row['label']} {row['value']:.0%}" for row in rows)
    title = "Share of ended hand-overs that came back, by week"
    return (columns("chart-return-rate", rows, title=title, says=says, color=SALES, form="%"),)


def _chart(quarter: Counter[Any]) -> tuple[Chart, ...]:
    reasons: Counter[str] = Counter()
    for (_outcome, reason), found in quarter.items():
        reasons[reason.replace("_", " ") or "no reason given"] += found
    rows = [
        {"label": reason, "value": found, "shown": str(found)}
        for reason, found in reasons.most_common(8)
    ]
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = "Why leads came back, 13 weeks"
    return (bars("chart-returns", rows, title=title, says=says, color=SALES),)
