"""Durations that are as long and written otherwise: both agreements are told in one spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from accord.agreement.model import Agreement
from accord.agreement.values import Duration


def spell_alike(old: Agreement, new: Agreement) -> tuple[Agreement, Agreement]:
    """Return both with durations of one length written in one way, the first that stands there.

    A spelling in days gives way to any other: it says nothing of open time.
    """
    found = sorted((*_durations(old), *_durations(new)), key=lambda one: one.unit == "d")
    spellings: dict[int, Duration] = {}
    for one in found:
        spellings.setdefault(one.seconds, one)
    return _spelled(old, spellings), _spelled(new, spellings)


def _durations(value: Any) -> Iterator[Duration]:
    if isinstance(value, Duration):
        yield value
    elif isinstance(value, BaseModel):
        yield from _durations([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, Mapping):
        yield from _durations(list(value.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _durations(one)


def _spelled(value: Any, spellings: Mapping[int, Duration]) -> Any:
    if isinstance(value, Duration):
        return spellings[value.seconds]
    if isinstance(value, BaseModel):
        names = type(value).model_fields
        return value.model_copy(
            update={name: _spelled(getattr(value, name), spellings) for name in names}
        )
    if isinstance(value, Mapping):
        return {key: _spelled(one, spellings) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_spelled(one, spellings) for one in value)
    return value
