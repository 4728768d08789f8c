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
    return hashlib.sha256(payload_text(payload).encode()).hexdigest()


def payload_text(payload: Mapping[str, Any]) -> str:
    """Return the one text of a payload that its digest is of: equal payloads give equal texts."""
    return _TEXTS.encode(payload)
