"""Open time of clocks: how long a clock ran within the hours of its calendar."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from accord.agreement import Agreement
from accord.calendars import Calendar


def with_business(clocks: pd.DataFrame, reps: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Add ``business_us``: open microseconds from start to end, by the clock's own calendar.

    A clock without one counts by its owner's, else its team's, in the agreement; without any of
    them, and while it runs, it is missing.
    """
    terms = calendars_of(clocks, reps, agreement)
    business = open_time(clocks["started_us"], clocks["ended_us"], terms)
    return clocks.assign(business_us=business)


def open_time(
    starts: pd.Series[Any], ends: pd.Series[Any], calendars: pd.Series[Any]
) -> pd.Series[Any]:
    """Return the open microseconds between instants, each by its calendar (JSON text).

    Missing where an instant or the calendar is.
    """
    found = pd.Series(pd.NA, index=starts.index, dtype="Int64")
    known = starts.notna() & ends.notna()
    for text, rows in starts[known].groupby(calendars[known]):
        calendar = Calendar.parse(json.loads(str(text)))
        elapsed = calendar.elapsed_many(_instants(rows), _instants(ends.loc[rows.index]))
        found.loc[rows.index] = elapsed.astype(np.int64)
    return found


def calendars_of(clocks: pd.DataFrame, reps: pd.DataFrame, agreement: Agreement) -> pd.Series[Any]:
    """Return each row's calendar as JSON text; missing where there is none.

    Its own (``calendar_terms``), else that of its ``rep``, else that of its ``team``.
    """
    own = clocks["calendar_terms"].where(clocks["calendar_terms"] != "null")
    by_rep = clocks["rep"].map(dict(zip(reps["rep"], reps["calendar"], strict=True)))
    by_team = clocks["team"].map({name: team.calendar for name, team in agreement.teams.items()})
    named = by_rep.astype("str").fillna(by_team.astype("str"))
    texts = {name: calendar_text(entry) for name, entry in agreement.calendars.items()}
    return own.fillna(named.map(texts).astype("str"))


def calendar_text(entry: Mapping[str, Any]) -> str:
    """Write a calendar's entry as JSON text: equal entries give the same."""
    return json.dumps(Calendar.parse(entry).terms)


def _instants(column: pd.Series[Any]) -> Any:
    return column.to_numpy(np.int64).astype("datetime64[us]")
