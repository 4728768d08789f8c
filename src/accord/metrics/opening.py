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
    terms = _terms(clocks, reps, agreement)
    business = pd.Series(pd.NA, index=clocks.index, dtype="Int64")
    ended = clocks["ended_us"].notna()
    for text, rows in clocks[ended].groupby(terms[ended]):
        calendar = Calendar.parse(json.loads(str(text)))
        elapsed = calendar.elapsed_many(_instants(rows["started_us"]), _instants(rows["ended_us"]))
        business.loc[rows.index] = elapsed.astype(np.int64)
    return clocks.assign(business_us=business)


def _terms(clocks: pd.DataFrame, reps: pd.DataFrame, agreement: Agreement) -> pd.Series[Any]:
    """Return each clock's calendar as JSON text; missing where there is none."""
    own = clocks["calendar_terms"].where(clocks["calendar_terms"] != "null")
    by_rep = clocks["rep"].map(dict(zip(reps["rep"], reps["calendar"], strict=True)))
    by_team = clocks["team"].map({name: team.calendar for name, team in agreement.teams.items()})
    named = by_rep.astype("str").fillna(by_team.astype("str"))
    texts = {name: _text(entry) for name, entry in agreement.calendars.items()}
    return own.fillna(named.map(texts).astype("str"))


def _text(entry: Mapping[str, Any]) -> str:
    return json.dumps(Calendar.parse(entry).terms)


def _instants(column: pd.Series[Any]) -> Any:
    return column.to_numpy(np.int64).astype("datetime64[us]")
