"""Looking a column of one frame up for the rows of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def looked_up(keys: pd.Series[Any], frame: pd.DataFrame, key: str, value: str) -> pd.Series[Any]:
    """Look a column up by key; missing where the key is unknown. Keys of the frame are unique."""
    return looked_up_each(keys, frame, key, (value,))[value]


def looked_up_each(
    keys: pd.Series[Any], frame: pd.DataFrame, key: str, values: Sequence[str]
) -> dict[str, pd.Series[Any]]:
    """Look several columns up by the same keys: where each key stands is found once."""
    places = pd.Index(frame[key]).get_indexer(pd.Index(keys))
    return {
        name: pd.Series(frame[name].array.take(places, allow_fill=True), index=keys.index)
        for name in values
    }


def survivors(keys: pd.Series[Any], merges: pd.DataFrame) -> pd.Series[Any]:
    """Return the lead that each id stands for now, after merges of merges too.

    ``merges`` has lead_id and into_lead_id, one row a merge that stands.
    """
    into = dict(zip(merges["lead_id"], merges["into_lead_id"], strict=True))
    if not into:
        return keys
    return keys.map(lambda key: _end_of(key, into)).astype("str")


def _end_of(key: str, into: Mapping[str, str]) -> str:
    seen = {key}
    while key in into and into[key] not in seen:
        key = into[key]
        seen.add(key)
    return key
