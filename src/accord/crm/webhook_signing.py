"""The signature of a request: who has the secret can tell that it is ours, whole, and from when."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

SIGNATURE = "Accord-Signature"
"""The header that carries it."""


def sign(body: bytes, *, secrets: Sequence[str], at: datetime) -> str:
    """Return the header's value: whole seconds since 1970, and a digest a secret.

    Each is HMAC-SHA256 over the seconds, a full stop and the body as it is sent. Two secrets while
    receivers change over: they accept whichever they know.

    >>> from datetime import UTC
    >>> sign(b"{}", secrets=["s"], at=datetime(2026, 11, 16, 14, tzinfo=UTC))[:22]
    't=1794837600,v1=8d5eec'
    """
    seconds = int(at.timestamp())
    signed = f"{seconds}.".encode() + body
    digests = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={seconds}", *(f"v1={one}" for one in digests)])
