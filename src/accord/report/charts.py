"""Charts as inline SVG: drawn by Altair, rendered by vl-convert, no script and no network.

Every chart is about 400 pixels wide, so that it can be read on a telephone too, and has a title
and a sentence for screen readers. Ids are unique within the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from accord.report.model import Chart
from accord.report.palette import GRID, INK, MARKETING, MUTED
from accord.seen import name_unseen

WIDTH, HEIGHT = 330, 190
_FONT = "system-ui, sans-serif"
_BAR = 0.62

_PADDING = {"left": 10, "right": 4, "top": 2, "bottom": 2}  # labels of wider fonts stay inside
_CONFIG = {
    "font": _FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 12,
        "labelLimit": 130,
        "labelPadding": 6,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
    },
    "axisX": {"grid": False},
    "legend": {
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 150,
        "symbolSize": 90,
        "offset": 6,
    },
}

Rows = Sequence[Mapping[str, Any]]

_ARIA = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')
_XMLNS = re.compile(r' xmlns(?::xlink)?="[^"]*"')
_SIZE = re.compile(r'^<svg([^>]*?) width="([\d.]+)" height="([\d.]+)"')
_ID = re.compile(r'(id="|url\(#|href="#)([^")]+)')


def bars(
    name: str, rows: Rows, *, title: str, says: str, color: str = MARKETING, marks: bool = False
) -> Chart:
    """Horizontal bars, first on top: rows of ``label, value, shown``.

    A row may have a ``mark``, drawn as a tick, and a ``color`` of its own.
    """
    frame = pd.DataFrame([{"color": color, **row} for row in rows])
    order = [row["label"] for row in rows]
    base = alt.Chart(frame).encode(
        y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False)),
    )
    top = max([0.0, *(float(row["value"]) for row in rows), *_marks(rows)])
    scale = alt.Scale(domain=[0, top * 1.22 or 1])

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title=None, axis=None, scale=scale)

    paint = alt.Color("color:N", scale=None, legend=None)
    drawn = base.mark_bar(height={"band": _BAR}).encode(x=x("value"), color=paint)
    labels = base.mark_text(align="left", dx=5, color=INK, fontSize=12)
    labels = labels.encode(x=x("end"), text="shown:N")
    frame["end"] = [max(float(row["value"]), float(row.get("mark") or 0)) for row in rows]
    chart = drawn + labels
    if marks:
        ticks = base.mark_tick(color=INK, thickness=2, height={"band": 0.9}).encode(x=x("mark"))
        chart = drawn + ticks + labels
    height = 27 * len(rows)
    return draw(name, chart.properties(width=WIDTH - 90, height=height), title, says)


def columns(name: str, rows: Rows, *, title: str, says: str, color: str, form: str) -> Chart:
    """Upright bars over periods: rows of ``label, value``."""
    axis = alt.Axis(format=form, tickCount=5)
    chart = (
        alt.Chart(pd.DataFrame(rows), width=WIDTH, height=HEIGHT)
        .mark_bar(color=color, width={"band": _BAR})
        .encode(x=periods(rows), y=alt.Y("value:Q", title=None, axis=axis))
    )
    return draw(name, chart, title, says)


def stacked(name: str, rows: Rows, *, title: str, says: str, colors: Mapping[str, str]) -> Chart:
    """Upright stacked bars over periods: rows of ``label, value, part, rank`` (and ``mark``)."""
    frame = pd.DataFrame(rows)
    base = alt.Chart(frame, width=WIDTH, height=HEIGHT).encode(x=periods(rows))
    chart: Any = base.mark_bar(width={"band": _BAR}).encode(
        y=alt.Y("sum(value):Q", title=None, axis=alt.Axis(tickCount=5)),
        color=painted("part", colors),
        order=alt.Order("rank:Q"),
    )
    if "mark" in frame:
        chart += base.mark_tick(color=INK, thickness=2, width={"band": 0.9}).encode(y="max(mark):Q")
    return draw(name, chart, title, says)


def lines(
    name: str,
    rows: Rows,
    *,
    title: str,
    says: str,
    colors: Mapping[str, str],
    form: str = "",
) -> Chart:
    """Lines over periods: rows of ``label, value, part``; a missing value leaves a gap.

    Shares (``form`` is ``%``) run from 0 to 1; other values, lengths of time, on a log scale.
    """
    base = alt.Chart(pd.DataFrame(rows), width=WIDTH, height=HEIGHT).encode(
        x=periods(rows), y=_share_axis() if form == "%" else _log_axis(rows),
        color=painted("part", colors),
    )  # fmt: skip
    dashes = alt.StrokeDash("part:N", legend=None, sort=list(colors))
    drawn = base.mark_line(strokeWidth=2.2).encode(strokeDash=dashes)
    chart = drawn + base.mark_point(filled=True, size=44, opacity=1)
    return draw(name, chart, title, says)


def _share_axis() -> alt.Y:
    axis = alt.Axis(format="%", tickCount=5)
    return alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)


def _log_axis(rows: Rows) -> alt.Y:
    """Cut a log scale at 1, 3, 10, 30, ... around the values."""
    values = [float(row["value"]) for row in rows]
    steps = [factor * 10.0**power for power in range(-3, 7) for factor in (1, 3)]
    low = max((step for step in steps if step <= min(values)), default=steps[0])
    high = min((step for step in steps if step >= max(values)), default=steps[-1])
    scale = alt.Scale(type="log", domain=[low, max(high, low * 10)], nice=False)
    axis = alt.Axis(values=[step for step in steps if low <= step <= high], format="~g")
    return alt.Y("value:Q", title=None, scale=scale, axis=axis)


def _marks(rows: Rows) -> list[float]:
    return [float(row["mark"]) for row in rows if row.get("mark")]


def periods(rows: Rows) -> alt.X:
    """Return the axis of periods, in the order of the rows; of many, not each is labelled."""
    order = list(dict.fromkeys(row["label"] for row in rows))
    every = max(1, len(order) // 6)
    axis = alt.Axis(labelAngle=0, ticks=False, values=order[::-1][::every][::-1])
    return alt.X("label:N", sort=order, title=None, axis=axis)


def painted(field: str, colors: Mapping[str, str]) -> alt.Color:
    """Return the colours of the parts, with a legend where there are several."""
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    legend = alt.Legend(
        orient="top", direction="horizontal", title=None, columns=3, columnPadding=16
    )
    return alt.Color(f"{field}:N", scale=scale, legend=legend if len(colors) > 1 else None)


def draw(name: str, chart: Any, title: str, says: str) -> Chart:
    """Render a chart; what Altair would check of each is fixed by this module and its tests."""
    spec = {**chart.to_dict(validate=False), "config": _CONFIG, "padding": _PADDING}
    svg = vl_convert.vegalite_to_svg(spec)
    return Chart(name=name, title=title, says=says, svg=_inlined(svg, name))


def _inlined(svg: str, name: str) -> str:
    """Make an SVG part of a page: no namespaces, unique ids, one picture to a screen reader.

    Marks in a name that turn text round are named, as they are in the page's text.
    """
    svg = name_unseen(svg, keep_breaks=True)
    body = _ID.sub(rf"\1{name}-\2", _XMLNS.sub("", _ARIA.sub("", svg)))
    sized = _SIZE.sub(r'<svg\1 style="max-width:\2px"', body, count=1)
    labelled = f'role="img" aria-labelledby="{name}-title {name}-says" focusable="false"'
    return sized.replace("<svg", f"<svg {labelled}", 1)
