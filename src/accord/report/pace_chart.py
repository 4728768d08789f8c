"""The chart of a pace: what came by each day, the levelled plan, and where the period may end."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from accord.planning import GoalPace, PaceLine, round_half_up
from accord.report.charts import HEIGHT, WIDTH, draw
from accord.report.model import Chart
from accord.report.palette import INK, MARKETING, MARKETING_SOFT, MUTED, SALES, SALES_SOFT

_TINTS = {"mqls": (MARKETING, MARKETING_SOFT), "revenue": (SALES, SALES_SOFT)}


def pace_chart(pace: GoalPace, *, name: str, title: str) -> Chart:
    """Draw one pace: days of the period across, sums up to each day upwards.

    The plan is a dashed line, what came a solid one; at the period's end stand what is expected, as
    a point, and its band, as a bar.
    """
    line = pace.total
    ink, soft = _TINTS[pace.metric]
    plan = _points([(0, 0.0), (line.days, float(line.goal))])
    came = _points([(0, 0.0), *((day, float(sum_)) for day, sum_ in enumerate(line.cumulated, 1))])
    base = alt.Chart(plan, width=WIDTH, height=HEIGHT)
    drawn: Any = base.mark_line(color=INK, strokeDash=[5, 4]).encode(x=_days(line), y=_sums())
    drawn += alt.Chart(came).mark_line(color=ink, strokeWidth=2.4).encode(x=_days(line), y=_sums())
    if line.left:
        drawn += _end(line, ink, soft)
    return draw(name, drawn, title, says(pace))


def says(pace: GoalPace) -> str:
    """Say what the chart shows."""
    line = pace.total
    came, planned = round_half_up(line.actual), round_half_up(line.planned)
    told = (
        f"Day {line.elapsed} of {line.days}: {came:,} {pace.what} have come, {planned:,} were"
        f" planned by then, {round_half_up(line.goal):,} for the {pace.period}."
    )
    if not line.left:
        return told
    return (
        f"{told} At the present rate it ends at {round_half_up(line.expected):,}, surely between"
        f" {round_half_up(line.low):,} and {round_half_up(line.high):,}."
    )


def _end(line: PaceLine, ink: str, soft: str) -> Any:
    """Draw the way to the expected end, and the band there."""
    way = _points([(line.elapsed, float(line.actual)), (line.days, float(line.expected))])
    band = pd.DataFrame([{"day": line.days, "low": float(line.low), "high": float(line.high)}])
    span = alt.Chart(band).mark_rule(color=soft, strokeWidth=7, opacity=0.9)
    spanned = span.encode(x=_days(line), y=alt.Y("low:Q", title=None), y2="high:Q")
    dotted = alt.Chart(way).mark_line(color=ink, strokeDash=[2, 3]).encode(x=_days(line), y=_sums())
    end = alt.Chart(way.tail(1)).mark_point(filled=True, color=ink, size=60, opacity=1)
    return spanned + dotted + end.encode(x=_days(line), y=_sums())


def _points(rows: list[tuple[int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["day", "value"])


def _days(line: PaceLine) -> alt.X:
    axis = alt.Axis(tickCount=6, titleColor=MUTED, titleFontWeight="normal")
    scale = alt.Scale(domain=[0, line.days], nice=False)
    return alt.X("day:Q", title="day of the period", scale=scale, axis=axis)


def _sums() -> alt.Y:
    return alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=5, format="~s"))
