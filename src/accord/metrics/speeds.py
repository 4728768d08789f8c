"""Speed to lead in its two parts: what our own machinery took, and what the rep took.

*System delay* runs from the arrival of a lead to its assignment, *rep delay* from there to the
first touch (or decision); together they are the response that the lead saw (A050, A053, A067).

When a lead *arrived* is what the ledger can tell of when its demand arose:

* A lead that came to mql as its first move after it was new arrived when its source says that it
  was created: the web form was sent then. Of hand-overs that we decided only if that was at most
  :data:`FRESH` before; an older record was imported or bought and lay still, and nothing in the
  ledger says when it woke.
* Every other hand-over that we decided arrived with its entry into mql: the run that saw its scores
  cross, or the date on which a deferred lead woke. From then on it waits in the queue, for
  capacity (levelling), an opening, an approval. What passed before, from the lead's last click to
  that run, is not in it: at most one interval of the pipeline.
* An observed hand-over of a lead that had other stages before arrived with the entry into mql that
  its source states, if that is before the hand-over. Stated at the same instant, it says nothing of
  a wait: the system delay is missing then, not zero.

An arrival after the assignment (a source with two clocks) counts as one at it. A hand-over that
changes hands was assigned to its first owner; the one who touches it in the end may be another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import pandas as pd

from accord.agreement import Agreement
from accord.metrics.buckets import bucket_all
from accord.metrics.lookups import looked_up
from accord.metrics.opening import calendar_text, calendars_of, open_time

Raw = Mapping[str, pd.DataFrame]
Frame = pd.DataFrame
Column: TypeAlias = "pd.Series[Any]"

FRESH = timedelta(days=1)
"""How old a lead may be at its entry into mql to have arrived when it was created."""

READS = ("lead", "move", "handoff", "first_owner", "clock", "rep")
"""The ledger's tables (short names) that speeds are made of."""

_FRESH_US = FRESH // timedelta(microseconds=1)
_ANSWERS = ("touch", "touched")
_PARTS = (
    ("system", "arrived_us", "assigned_us"),
    ("rep", "assigned_us", "touched_us"),
    ("total", "arrived_us", "touched_us"),
)


def with_speeds(raw: Raw, agreement: Agreement, *, calendar: str | None = None) -> Frame:
    """Return the assigned hand-overs at mql with what each part of their answer took.

    One row a hand-over; columns as :data:`accord.metrics.facts.FRAMES` says of ``speeds``. Open
    time is by the calendar of the hand-over's clock, else its rep's, else its team's; ``calendar``,
    a name of the agreement, counts all by that one instead.
    """
    handoffs = raw["handoff"]
    frame = handoffs[handoffs["stage"] == "mql"].reset_index(drop=True)
    first = looked_up(frame["handoff_id"], raw["first_owner"], "handoff_id", "since_us")
    frame = frame.assign(assigned_us=first.fillna(frame["assigned_us"]))
    frame = frame[frame["assigned_us"].notna()].reset_index(drop=True)
    answered = _first_by_handoff(_answers(raw["clock"]))
    frame = frame.assign(
        arrived_us=_arrivals(frame, raw),
        touched_us=looked_up(frame["handoff_id"], answered, "handoff_id", "ended_us"),
    )
    return _with_parts(frame, _calendars(frame, raw, agreement, calendar))


def _with_parts(frame: Frame, calendars: Column) -> Frame:
    parts: dict[str, Column] = {}
    for name, start, end in _PARTS:
        parts[f"{name}_us"] = frame[end] - frame[start]
        parts[f"{name}_open_us"] = open_time(frame[start], frame[end], calendars)
    buckets = {
        f"{name}_bucket": bucket_all(parts[f"{name}_us"])
        for name in ("system", "system_open", "rep", "rep_open")
    }
    return frame.assign(**parts, **buckets)


def _arrivals(frame: Frame, raw: Raw) -> Column:
    """Return when each hand-over's lead arrived; missing where nothing tells."""
    moves = raw["move"]
    entries = moves[(moves["to_stage"] == "mql") & (moves["from_stage"] != "mql")]
    entered = _at_key(_keys(frame), _keys(entries), entries["at_us"]).fillna(frame["queued_us"])
    onward = moves[moves["to_stage"] != "new_name"]
    began = _at_key(frame["lead_id"], onward["lead_id"], onward["at_us"])
    created = looked_up(frame["lead_id"], raw["lead"], "lead_id", "created_us")
    decided = frame["origin"] == "decided"
    straight = (frame["cycle"] == 1) & (began.fillna(entered) >= entered) & created.notna()
    fresh = straight & (~decided | (entered - created <= _FRESH_US))
    told = entered.where(decided | (entered < frame["assigned_us"]))
    arrived = told.mask(fresh.fillna(value=False), created)
    late = (arrived > frame["assigned_us"]).fillna(value=False)
    return arrived.mask(late, frame["assigned_us"])


def _keys(frame: Frame) -> Column:
    keys: Column = frame["lead_id"] + "\x1f" + frame["cycle"].astype("str")
    return keys


def _answers(clocks: Frame) -> Frame:
    """Return the clocks from assignment to a touch that were met, whatever their term is called."""
    asked = (clocks["from_event"] == "assigned") & clocks["until_event"].isin(_ANSWERS)
    return clocks[asked & (clocks["ended_by"] == "met")]


def _first_by_handoff(clocks: Frame) -> Frame:
    return clocks.groupby("handoff_id")["ended_us"].min().reset_index()


def _calendars(frame: Frame, raw: Raw, agreement: Agreement, calendar: str | None) -> Column:
    if calendar is not None:
        text = calendar_text(agreement.calendars[calendar])
        return pd.Series(text, index=frame.index, dtype="str")
    clocks = raw["clock"].sort_values(["started_us", "clock_id"])
    own = clocks[(clocks["from_event"] == "assigned") & clocks["handoff_id"].notna()]
    kept = own.drop_duplicates("handoff_id", keep="last")
    terms = looked_up(frame["handoff_id"], kept, "handoff_id", "calendar_terms")
    return calendars_of(frame.assign(calendar_terms=terms), raw["rep"], agreement)


def _at_key(wanted: Column, keys: Column, values: Column) -> Column:
    """Return the least value of each wanted key; missing where the key has none."""
    least = values.groupby(keys).min()
    found: Column = least.reindex(wanted.to_numpy()).set_axis(wanted.index)
    return found.astype("Int64")
