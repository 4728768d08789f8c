"""Many texts to instants at once.

A text is read by the mapping's formats in their order, then as ISO 8601 with or without offset. A
stamp that names no offset is local time of the given zone: a time that daylight saving skips is
the instant of the change, one that it repeats is the first of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.sources.checks import EPOCHS, EXCEL_DAYS
from accord.sources.iso_stamps import parts_alike, read_alike

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_NAIVE = rf"^{_DAY}(?:{_CLOCK})?$"
_AWARE = rf"^{_DAY}{_CLOCK} ?(?:Z|z|UTC|[+-]\d{{2}}(?::?\d{{2}})?)$"
_SHORT_HOUR = rf"^({_DAY}[T ])(\d:)"
_LONG_FRACTION = r"([.,]\d{6})\d+"
_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_UNIT: Any = "datetime64[us, UTC]"  # Any: the stubs know only literals
_LOCAL: Any = "datetime64[us]"
_NUMBER = r"^\d{1,7}(?:\.\d+)?$"
_DAY_US = 86_400_000_000
_LEAP_BUG = 60  # the 29 February 1900, which Excel counts and nobody lived
_LAST_DAY = 2_958_465  # 31 December 9999, by the calendar from 1900
_DIGITS = r"^-?\d{1,17}$"


def parse_instants(text: pa.Array, *, formats: Sequence[str], zone: str) -> pd.Series:
    """Read a column of text as UTC instants to the microsecond (finer is cut off).

    Null or unreadable text is NaT: the caller tells the two apart.
    """
    if pa.types.is_timestamp(text.type):
        return _from_arrow(text, zone)
    if not formats:
        return _by_iso(text, zone)
    found: pd.Series = pd.Series(pd.NaT, index=range(len(text)), dtype=_UNIT)
    series = _as_series(text)
    for form in formats:
        rest = found.isna() & series.notna()
        if rest.any():
            found[rest] = _by_format(series[rest], form, zone)
    rest = found.isna() & series.notna()
    if rest.any():
        found[rest] = _by_iso(text.filter(pa.array(rest.to_numpy())), zone).array
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
    if form in EXCEL_DAYS:
        return _localize(_by_excel_days(series, form), zone)
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


def _by_excel_days(series: pd.Series, form: str) -> pd.Series:
    """Read Excel's count of days, to the millisecond, which is as fine as its numbers are.

    From 1900 the count has a day too many after its 59th; from 1904 it is right.
    """
    days = series.where(series.str.match(_NUMBER)).astype("float64")
    if form == "excel":
        days = days.where((days >= 1) & (np.floor(days) != _LEAP_BUG) & (days < _LAST_DAY + 1))
        begin, counted = datetime(1899, 12, 31), days - (days > _LEAP_BUG)  # noqa: DTZ001 - local time
    else:
        begin, counted = datetime(1904, 1, 1), days.where(days < _LAST_DAY - 1461)  # noqa: DTZ001 - local time
    counts = (counted * (_DAY_US // 1000)).round().astype("Int64") * 1000
    since = (begin - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - local time
    return pd.Series(pd.to_datetime(counts + since, unit="us", errors="coerce").astype(_LOCAL))


def _by_iso(text: pa.Array, zone: str) -> pd.Series:
    """Read stamps that look alike at once, and the rest one shape at a time."""
    found = np.full(len(text), np.datetime64("NaT", "us"))
    rest = np.asarray(pc.is_valid(text).to_numpy(zero_copy_only=False)).copy()
    for part in parts_alike(text) if len(text) else ():
        stamps = read_alike(text if part is None else text.filter(pa.array(part)))
        if stamps is None:
            continue
        if part is None:
            return _from_arrow(stamps, zone)
        found[part] = _bare(_from_arrow(stamps, zone))
        rest &= ~part
    if rest.any():
        found[rest] = _bare(_by_shape(text.filter(pa.array(rest)), zone))
    return pd.Series(pd.Series(found).dt.tz_localize("UTC"))


def _bare(instants: pd.Series) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Return instants as numpy holds them, in UTC without saying so."""
    bare: np.ndarray[Any, np.dtype[np.datetime64]] = instants.dt.tz_localize(None).to_numpy()
    return bare


def _by_shape(text: pa.Array, zone: str) -> pd.Series:
    """Read stamps of any shape: the definition of what is ISO 8601 here."""
    naive, aware = pc.match_substring_regex(text, _NAIVE), pc.match_substring_regex(text, _AWARE)
    padded = pc.replace_substring_regex(text, _SHORT_HOUR, r"\10\2")
    short = pc.replace_substring_regex(padded, _LONG_FRACTION, r"\1")
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
