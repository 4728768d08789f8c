"""The digest of a payload: by it the outbox and every receiving system know the same content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_TEXTS = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Return the digest of a payload's content: the order of its keys does not count.

    >>> payload_hash({"a": 1, "b": 2}) == payload_hash({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json_text(payload).encode()).hexdigest()


def json_text(value: Any) -> str:
    """Return the one JSON text of a value: equal values give equal texts.

    Keys are sorted, nothing is padded, and no character is escaped that need not be.

    >>> json_text({"b": [1, None], "a": "ü"})
    '{"a":"ü","b":[1,null]}'
    """
    return _TEXTS.encode(value)
