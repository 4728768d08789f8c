"""Looking a column of one frame up for the rows of another."""

from __future__ import annotations

from typing import Any

import pandas as pd


def looked_up(keys: pd.Series[Any], frame: pd.DataFrame, key: str, value: str) -> pd.Series[Any]:
    """Look a column up by key; missing where the key is unknown. Keys of the frame are unique."""
    found: pd.Series[Any] = frame.set_index(key)[value].reindex(keys.to_numpy())
    return found.set_axis(keys.index)
