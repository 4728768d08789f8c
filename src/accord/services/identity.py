"""Who is who among the leads of a batch: what is added to their rows, and what follows from them.

:func:`complete_leads` looks at each record by itself, :func:`settle_people` at those that it shares
a person or a company with. Both work inside the caller's transaction, for five leads or a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.identity import (
    Pair,
    company_domains_of,
    company_keys_of,
    mailboxes_of,
    segments_of,
)
from accord.ledger.company_rows import ALL_FROM, add_versions, read_made_at
from accord.ledger.record_rows import read_created
from accord.services.identity_attributes import (
    domains_concerned,
    infer,
    place_in_segments,
    restate,
)
from accord.services.identity_people import settle_merges


def complete_leads(
    connection: Connection, leads: pd.DataFrame, *, agreement: Agreement, as_of: datetime
) -> pd.DataFrame:
    """Return a batch's records (in file order) with what the ledger keeps besides their fields.

    ``created_at`` of a record without a date is that of an earlier record of the same key, in the
    batch or in the ledger, else ``as_of``; ``mailbox``, ``domain``, ``company_key`` and ``segment``
    are added.
    """
    emails = pa.array(leads["email"], pa.string(), from_pandas=True)
    companies = pa.array(leads["company"], pa.string(), from_pandas=True)
    mailboxes = mailboxes_of(emails)
    added: dict[str, Any] = {
        "created_at": created_of(connection, leads, as_of=as_of),
        "mailbox": _series(mailboxes, leads),
        "domain": _series(company_domains_of(mailboxes), leads),
        "company_key": _series(company_keys_of(companies), leads),
        "segment": segments_of(leads, agreement),
    }
    return leads.assign(**added)


def _series(values: pa.Array, leads: pd.DataFrame) -> pd.Series[str]:
    return pd.Series(values.to_pandas().array, index=leads.index, dtype="str")


def created_of(
    connection: Connection, leads: pd.DataFrame, *, as_of: datetime
) -> pd.Series[pd.Timestamp]:
    """Return when each of a batch's leads was created, as :func:`complete_leads` says it."""
    stated = leads["created_at"].astype("datetime64[us, UTC]")
    if not stated.isna().any():
        return stated
    filled = stated.groupby(leads["lead_id"], sort=False).ffill()
    keys = leads.loc[filled.isna(), "lead_id"]
    known = pd.Series(read_created(connection, keys.unique().tolist()), dtype=stated.dtype)
    kept = pd.Series(known.reindex(leads["lead_id"]).array, index=leads.index)
    return filled.fillna(kept).fillna(pd.Timestamp(as_of))


def settle_people(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    agreement: Agreement,
    as_of: datetime,
) -> set[str]:
    """Settle who is who after a batch's records were written; returns the other leads concerned.

    Their rows are just as their sources gave them, with nothing inferred. Records of one person are
    merged into the oldest, which has what all of them say; what leads lack is inferred from their
    company's others; segments follow. What that makes of a lead is kept as a version of its own
    (batch ``identity``), after those that sources gave at that instant.
    """
    concerned = settle(connection, lead_ids, fresh=True, agreement=agreement, as_of=as_of)
    return concerned - set(lead_ids)


def settle(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    agreement: Agreement,
    as_of: datetime,
    fresh: bool = False,
    by_hand: Iterable[Pair] = (),
) -> set[str]:
    """Settle the persons and companies of these leads; returns the leads that have changed.

    ``fresh`` says that their rows are just as their sources gave them.
    """
    settled = settle_merges(connection, lead_ids, by_hand=by_hand, as_of=as_of)
    written = set(lead_ids) if fresh else set()
    restated = restate(connection, settled, fresh=written)
    many = len(lead_ids) > ALL_FROM
    domains = None if many else domains_concerned(connection, lead_ids, settled)
    changed = restated | infer(connection, domains, agreement)
    place_in_segments(connection, restated, agreement)
    made = read_made_at(connection, lead_ids, as_of) if fresh else set()
    add_versions(connection, changed | made, known_at=as_of)
    return changed | settled.moved
