"""The one rule for fields that both we and people set: owner and stage of a lead in the CRM.

Pure: an adapter says what stands there, and is told what to write and what stays. Our other
fields are ours alone and are always written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accord.crm.port import Kept

OWNER = "owner"
STAGE = "stage"
CONTESTED = (OWNER, STAGE)
"""The fields of a lead in the CRM that people change as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in a field: its value, since when, and what we last wrote there.

    ``since`` is None where the system does not keep it, ``written`` where we never wrote.
    """

    value: str | None = None
    since: datetime | None = None
    written: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What to write, field -> value, and the fields that stay as somebody set them."""

    write: Mapping[str, str | None]
    kept: tuple[Kept, ...] = ()


def as_it_stands(_field: str, value: str | None) -> str | None:
    """Say a value as it is: the system's words are ours."""
    return value


def settle(
    wanted: Mapping[str, str | None],
    standing: Mapping[str, Standing],
    *,
    read_at: datetime | None,
    say: Callable[[str, str | None], str | None] = as_it_stands,
) -> Settled:
    """Divide the fields that we want into those to write and those that a person's edit keeps.

    A field that ``standing`` does not name is empty and was never written. ``read_at`` as in
    :class:`accord.crm.Item`. ``say`` brings a field's value into our words, for what is told.
    """
    write: dict[str, str | None] = {}
    kept: list[Kept] = []
    for field, ours in wanted.items():
        there = standing.get(field, Standing())
        if is_edited(ours, there, read_at=read_at):
            told = {"ours": say(field, ours), "theirs": say(field, there.value)}
            kept.append(Kept(field=field, at=there.since, **told))
        else:
            write[field] = ours
    return Settled(write=write, kept=tuple(kept))


def is_edited(ours: str | None, there: Standing, *, read_at: datetime | None) -> bool:
    """Say whether somebody else set the field since our last read, to something else than we want.

    An edit at exactly ``read_at`` is known to us, and so no longer wins. One of unknown time does,
    since it may be younger. A field that somebody emptied after we filled it is an edit; what we
    wrote ourselves is none, however lately. Without ``read_at`` nothing is known to be an edit.

    >>> there = Standing(value="crm:9", written="crm:7")
    >>> is_edited("crm:8", there, read_at=datetime(2026, 11, 16))
    True
    """
    if read_at is None or there.value in (ours, there.written):
        return False
    return there.since is None or there.since > read_at
