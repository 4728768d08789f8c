"""Charts that set two parts side by side: bars, columns, shares and lifts with their intervals.

Drawn as those of :mod:`accord.report.charts`. ``colors`` names the parts, in their order; shapes
tell them apart as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from accord.report.charts import HEIGHT, WIDTH, Rows, draw, painted, periods
from accord.report.model import Chart
from accord.report.palette import INK, MUTED

_SHAPES = ("circle", "diamond")
_NARROW = WIDTH - 90  # beside words at the left
_BAND = 44
_QUARTERS = [0, 0.25, 0.5, 0.75, 1]
_ROOM = 1.22  # for the number at a bar's end


def paired_bars(
    name: str, rows: Rows, *, title: str, says: str, colors: Mapping[str, str]
) -> Chart:
    """Horizontal bars in pairs: rows of ``label, part, value, shown``."""
    frame = pd.DataFrame(rows)
    top = max(float(row["value"]) for row in rows)
    scale = alt.Scale(domain=[0, top * _ROOM or 1])
    base = alt.Chart(frame, width=_NARROW, height=_height(rows)).encode(
        y=_names(rows),
        yOffset=alt.YOffset("part:N", sort=list(colors)),
        x=alt.X("value:Q", title=None, axis=None, scale=scale),
    )
    words = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(text="shown:N")
    return draw(name, base.mark_bar().encode(color=painted("part", colors)) + words, title, says)


def paired_columns(
    name: str, rows: Rows, *, title: str, says: str, colors: Mapping[str, str]
) -> Chart:
    """Upright bars in pairs: rows of ``label, part, value``; a ``mark`` is a line across."""
    frame = pd.DataFrame(rows)
    base = alt.Chart(frame, width=WIDTH, height=HEIGHT).encode(x=periods(rows))
    chart: Any = base.mark_bar().encode(
        xOffset=alt.XOffset("part:N", sort=list(colors)),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=5, format="~s", tickMinStep=1)),
        color=painted("part", colors),
    )
    if any(row.get("mark") is not None for row in rows):
        line = base.mark_tick(color=INK, thickness=2, width={"band": 1}, orient="horizontal")
        chart += line.transform_filter("isValid(datum.mark)").encode(y=alt.Y("max(mark):Q"))
    return draw(name, chart, title, says)


def ranges(name: str, rows: Rows, *, title: str, says: str, colors: Mapping[str, str]) -> Chart:
    """Shares from 0 to 1 with intervals: rows of ``label, part, value, low, high``."""
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%", values=_QUARTERS, labelFlush=False)
    base = alt.Chart(pd.DataFrame(rows), width=_NARROW, height=_height(rows)).encode(
        y=_names(rows),
        yOffset=alt.YOffset("part:N", sort=list(colors)),
        color=painted("part", colors),
    )
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=None, scale=scale, axis=axis), x2="high:Q"
    )
    return draw(name, span + _points(base, colors).encode(x="value:Q"), title, says)


def lifts(name: str, rows: Rows, *, title: str, says: str, colors: Mapping[str, str]) -> Chart:
    """Values with intervals over places, and a line at 1: ``label, part, value, low, high``."""
    base = alt.Chart(pd.DataFrame(rows), width=WIDTH, height=HEIGHT).encode(
        x=periods(rows),
        xOffset=alt.XOffset("part:N", sort=list(colors)),
        color=painted("part", colors),
    )
    axis = alt.Axis(tickCount=5, format="~g")
    span = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title=None, axis=axis), y2="high:Q"
    )
    even = alt.Chart(pd.DataFrame([{"even": 1}])).mark_rule(color=MUTED, strokeDash=[3, 3])
    points = _points(base, colors).encode(y="value:Q")
    return draw(name, even.encode(y=alt.Y("even:Q")) + span + points, title, says)


def _points(base: Any, colors: Mapping[str, str]) -> Any:
    scale = alt.Scale(domain=list(colors), range=list(_SHAPES))
    shapes = alt.Shape("part:N", scale=scale, legend=None)
    return base.mark_point(filled=True, size=70, opacity=1).encode(shape=shapes)


def _names(rows: Rows) -> alt.Y:
    order = list(dict.fromkeys(row["label"] for row in rows))
    axis = alt.Axis(ticks=False, domain=False)
    return alt.Y("label:N", sort=order, title=None, axis=axis)


def _height(rows: Rows) -> int:
    return _BAND * len({row["label"] for row in rows})
