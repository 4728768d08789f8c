"""How relations of the log are narrowed: by leads, by kinds, by time.

Each step of a relation is planned when it is written, so conditions are joined to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def lead_keys(lead_ids: Sequence[str]) -> pa.Table:
    """Return leads as a table of one column, lead_id."""
    return pa.table({"lead_id": pa.array(lead_ids, pa.string())})


def bounds(column: str, *, least: int | None = None, most: int | None = None) -> list[str]:
    """Return the conditions, in SQL, of a column's bounds, both inclusive; None is no bound."""
    signs = ((least, ">="), (most, "<="))
    return [f"{column} {sign} {int(bound)}" for bound, sign in signs if bound is not None]


def narrowed(
    relation: Any,
    connection: Any,
    *,
    lead_ids: Sequence[str] | None,
    kinds: Sequence[str] | None,
) -> Any:
    """Keep the rows of these leads and kinds; None means all, an empty list none."""
    for column, wanted in (("lead_id", lead_ids), ("kind", kinds)):
        if wanted is not None:
            keys = pa.table({column: pa.array(wanted, pa.string())})
            relation = relation.join(connection.from_arrow(keys), column, how="semi")
    return relation
