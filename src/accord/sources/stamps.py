"""Many texts to instants at once.

A text is read by the mapping's formats in their order, then as ISO 8601 with or without offset. A
stamp that names no offset is local time of the given zone: a time that daylight saving skips is
the instant of the change, one that it repeats is the first of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.sources.checks import EPOCHS

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_NAIVE = rf"^{_DAY}(?:{_CLOCK})?$"
_AWARE = rf"^{_DAY}{_CLOCK} ?(?:Z|z|UTC|[+-]\d{{2}}(?::?\d{{2}})?)$"
_LONG_FRACTION = r"([.,]\d{6})\d+"
_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_UNIT: Any = "datetime64[us, UTC]"  # Any: the stubs know only literals
_LOCAL: Any = "datetime64[us]"
_DIGITS = r"^-?\d{1,17}$"


def parse_instants(text: pa.Array, *, formats: Sequence[str], zone: str) -> pd.Series:
    """Read a column of text as UTC instants to the microsecond (finer is cut off).

    Null or unreadable text is NaT: the caller tells the two apart.
    """
    if pa.types.is_timestamp(text.type):
        return _from_arrow(text, zone)
    found: pd.Series = pd.Series(pd.NaT, index=range(len(text)), dtype=_UNIT)
    series = _as_series(text)
    for form in formats:
        rest = found.isna() & series.notna()
        if rest.any():
            found[rest] = _by_format(series[rest], form, zone)
    rest = found.isna() & series.notna()
    if rest.all():
        return _by_iso(text, zone)
    if rest.any():
        found[rest] = _by_iso(pa.array(series[rest], pa.large_string()), zone).to_numpy()
    return found


def _as_series(text: pa.Array) -> pd.Series:
    return pd.Series(pd.array(text, dtype="str"))


def _from_arrow(stamps: pa.Array, zone: str) -> pd.Series:
    """Take instants as they are; finer than microseconds is cut off."""
    local = stamps.type.tz is None
    exact = pc.cast(stamps, pa.timestamp("us", None if local else "UTC"), safe=False)
    series = pd.Series(exact.to_pandas())
    return _localize(series, zone) if local else series


def _localize(series: pd.Series, zone: str) -> pd.Series:
    first = pd.Series(data=True, index=series.index).to_numpy()
    local = series.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return pd.Series(local.dt.tz_convert("UTC").astype(_UNIT))


def _by_format(series: pd.Series, form: str, zone: str) -> pd.Series:
    if form in EPOCHS:
        return _by_epoch(series, _PER_SECOND[form])
    if "%z" in form or "%Z" in form:
        stamps = pd.to_datetime(series, format=form, errors="coerce", utc=True)
        return pd.Series(stamps.astype(_UNIT))
    return _localize(pd.to_datetime(series, format=form, errors="coerce"), zone)


def _by_epoch(series: pd.Series, per_second: int) -> pd.Series:
    whole = series.where(series.str.match(_DIGITS))
    counts = whole.astype("Int64") * (1_000_000 // per_second)
    stamps = pd.to_datetime(counts, unit="us", errors="coerce", utc=True)
    return pd.Series(stamps.astype(_UNIT))


def _by_iso(text: pa.Array, zone: str) -> pd.Series:
    naive, aware = pc.match_substring_regex(text, _NAIVE), pc.match_substring_regex(text, _AWARE)
    short = pc.replace_substring_regex(text, _LONG_FRACTION, r"\1")
    plain = pc.replace_substring(short, ",", ".")
    zulu = pc.replace_substring_regex(plain, r" ?(?:UTC|z)$", "Z")
    offset = pc.replace_substring_regex(zulu, r" ([Z+-])", r"\1")
    local = _localize(_cast(_only(plain, naive), pa.timestamp("us")), zone)
    return local.fillna(_cast(_only(offset, aware), pa.timestamp("us", "UTC")))


def _only(text: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, text, pa.scalar(None, pa.large_string()))


def _cast(text: pa.Array, kind: pa.DataType) -> pd.Series:
    """Read well-shaped stamps at once; where one names no day (30 February), one by one."""
    try:
        stamps = pc.cast(text, kind)
    except pa.ArrowInvalid:
        stamps = pa.array([_cast_one(one, kind) for one in text.to_pylist()], kind)
    return pd.Series(pd.Series(stamps.to_pandas()).astype(_UNIT if kind.tz else _LOCAL))


def _cast_one(text: str | None, kind: pa.DataType) -> object:
    try:
        return pa.scalar(text, pa.string()).cast(kind).as_py()
    except pa.ArrowInvalid:
        return None
