"""Who was erased does not come back: rows of an erased person are known again without their data.

By lead id, and by a keyed digest of the e-mail (the key is the ledger's own and random, so that
nobody can try e-mails against a copy of the digests alone).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from accord.ledger.erase_rows import has_erased, read_digests, read_erased, read_key

REASON = "person was erased"
"""Why a row of an erased person is set aside."""

RULE = "erased"
"""The rule that such a row breaks."""

PSEUDONYM = "erased:"
"""How the id of an erased person begins that told who it was, and is a digest now."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]

_QUICK = 16  # hex digits of the quick hash, which a million e-mails pass in a sixth of a second


def erased_among(connection: Connection, frame: pd.DataFrame) -> Mask:
    """Say of each row of a batch whether it is about a person who was erased.

    ``frame`` has any of ``lead_id``, ``email`` and ``mailbox`` (as records have them, nulls
    allowed); other columns are not looked at. One look at an index while nobody was erased.
    """
    mask = np.zeros(len(frame), dtype=np.bool_)
    if not len(frame) or not has_erased(connection):
        return mask
    if "lead_id" in frame.columns:
        mask |= _by_id(connection, frame["lead_id"])
    digests = read_digests(connection)
    key = read_key(connection)
    if digests and key is not None:
        for name in ("email", "mailbox"):
            if name in frame.columns:
                mask |= _by_mailbox(frame[name], digests, key=key)
    return mask


def _by_id(connection: Connection, column: pd.Series) -> Mask:
    ids: list[str] = column.dropna().unique().tolist()
    gone = read_erased(connection, ids)
    if has_erased(connection, prefix=PSEUDONYM) and (key := read_key(connection)) is not None:
        named = {pseudonym_of(one, key=key): one for one in ids}
        gone |= {named[name] for name in read_erased(connection, list(named))}
    return _is_in(column, gone)


def _by_mailbox(column: pd.Series, digests: Iterable[str], *, key: bytes) -> Mask:
    known = set(digests)
    mailboxes = np.array(
        [plain_mailbox(str(one)) for one in column.dropna().unique().tolist()], dtype=object
    )
    if not len(mailboxes):
        return np.zeros(len(column), dtype=np.bool_)
    quick = np.array([int(digest[:_QUICK], 16) for digest in known], dtype=np.uint64)
    likely = mailboxes[np.isin(_quick(mailboxes, key=key), quick)]
    gone = {one for one in likely.tolist() if digest_of(one, key=key) in known}
    return _is_in(column.map(plain_mailbox, na_action="ignore"), gone) if gone else _none(column)


def _none(column: pd.Series) -> Mask:
    return np.zeros(len(column), dtype=np.bool_)


def _is_in(column: pd.Series, wanted: set[str]) -> Mask:
    found: Mask = column.isin(sorted(wanted)).to_numpy(dtype=np.bool_)
    return found


def plain_mailbox(email: str) -> str:
    """Return an e-mail without case and surrounding blanks.

    >>> plain_mailbox(" Ann@Example.com ")
    'ann@example.com'
    """
    return email.strip().casefold()


def digest_of(mailbox: str, *, key: bytes) -> str:
    """Return the digest by which a mailbox is known again: 64 hex digits, keyed.

    The first 16 are a quick keyed hash by which a million others are passed over, the rest decides.
    """
    quick = int(_quick(np.array([mailbox], dtype=object), key=key)[0])
    return f"{quick:016x}{blake2b(mailbox.encode(), key=key, digest_size=24).hexdigest()}"


def _quick(values: np.ndarray[Any, Any], *, key: bytes) -> np.ndarray[Any, np.dtype[np.uint64]]:
    hashed: np.ndarray[Any, np.dtype[np.uint64]] = pd.util.hash_array(
        values, hash_key=key.hex()[:16], categorize=False
    )
    return hashed


def pseudonym_of(value: str, *, key: bytes) -> str:
    """Return the id that replaces one that told who a person was.

    >>> pseudonym_of("crm:ann@b.co", key=bytes(32))[:7]
    'erased:'
    """
    return PSEUDONYM + blake2b(value.encode(), key=key, digest_size=20).hexdigest()
