"""What a receiver's answer says of each item; nothing of it is believed further than it is needed.

A part of an answer that has another shape than docs/crm.md says counts as not told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from accord.crm.edits import CONTESTED, OWNER
from accord.crm.port import Item, Kept, Landed, Outcome, Result, is_id
from accord.crm.sending import UnsureError, settled

if TYPE_CHECKING:
    import httpx

_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")
_LONGEST_SECONDS = 86_400  # more than a day is a mistake, such as an instant instead of a pause
_RESULTS: Mapping[Any, Result] = {
    "taken": Result.TAKEN,
    "refused": Result.REFUSED,
    "conflict": Result.CONFLICT,
}

Told = Mapping[str, Any]


def results_of(answer: httpx.Response) -> dict[str, Told] | None:
    """Return what is told of each key; None if the answer tells of none.

    UnsureError if it says that it is JSON and is none: it broke off.
    """
    told = _content(answer).get("results")
    if not isinstance(told, list):
        return None
    return {str(one["key"]): one for one in told if isinstance(one, dict) and "key" in one}


def landed_of(answer: httpx.Response, keys: Sequence[str]) -> dict[str, Landed]:
    """Return what is told to be there of the keys asked for, each a text or a map with ``key``."""
    told = _content(answer).get("landed")
    if not isinstance(told, list):
        return {}
    each = [{"key": one} if isinstance(one, str) else one for one in told]
    return {
        one["key"]: _landed(one) for one in each if isinstance(one, dict) and one.get("key") in keys
    }


def outcome_of(item: Item, told: Told) -> Outcome:
    """Return an item's outcome as the receiver tells it; what it does not tell is unknown."""
    result = _RESULTS.get(told.get("result"), Result.UNKNOWN)
    landed = _landed(told) if result is Result.TAKEN else None
    conflict = settled(item, None if landed is None else landed.payload_hash)
    if conflict is not None:
        return conflict
    return Outcome(
        key=item.key,
        result=result,
        error=None if result is Result.TAKEN else _error(item, told, result),
        retry_after=_seconds(told.get("retry_after")),
        landed=landed,
        kept=_kept(item, told) if result is Result.TAKEN else (),
    )


def repeated(item: Item, first: Item, outcome: Outcome) -> Outcome:
    """Return the outcome of an item whose key the same batch has brought before."""
    return settled(item, first.payload_hash) or outcome


def _content(answer: httpx.Response) -> Told:
    try:
        content = answer.json() if answer.content else {}
    except ValueError:
        if "json" in answer.headers.get("Content-Type", ""):
            raise UnsureError("the answer is no JSON, as it says it is") from None
        return {}
    return content if isinstance(content, dict) else {}


def _error(item: Item, told: Told, result: Result) -> str:
    """Say what the receiver says, in its own code where that is one, and nobody's name."""
    said = f"the receiver says {result.value}" if told else "the answer does not tell of it"
    code = told.get("error")
    if isinstance(code, str) and _CODE.fullmatch(code) and code not in _words(item):
        return f"{said} ({code})"
    return said


def _words(item: Item) -> str:
    return json.dumps(dict(item.payload), ensure_ascii=False).casefold()


def _landed(told: Told) -> Landed:
    digest, remote = told.get("payload_hash"), told.get("remote")
    ids = remote if isinstance(remote, dict) else {}
    return Landed(
        payload_hash=digest if isinstance(digest, str) and digest else None,
        written_at=_instant(told.get("written_at")),
        remote={kind: str(one) for kind, one in ids.items() if is_id(kind) and is_id(str(one))},
    )


def _kept(item: Item, told: Told) -> tuple[Kept, ...]:
    """Return the fields that the receiver left as people had set them."""
    kept = told.get("kept")
    each = [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []
    return tuple(
        Kept(
            field=one["field"],
            ours=item.payload.get("rep_id" if one["field"] == OWNER else "stage"),
            theirs=None if one.get("theirs") is None else str(one["theirs"]),
            at=_instant(one.get("at")),
        )
        for one in each
        if one.get("field") in CONTESTED
    )


def _instant(told: Any) -> datetime | None:
    """Read ISO text with a zone; anything else is no instant."""
    try:
        instant = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return None
    return None if instant.tzinfo is None else instant.astimezone(UTC)


def _seconds(told: Any) -> float | None:
    """Read a number of seconds, a day at most; neither infinity nor what is no number."""
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return float(min(told, _LONGEST_SECONDS)) if is_number and 0 <= told < inf else None
