"""How relations of the log are narrowed: by leads, by kinds, by time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def lead_keys(lead_ids: Sequence[str]) -> pa.Table:
    """Return leads as a table of one column, lead_id."""
    return pa.table({"lead_id": pa.array(lead_ids, pa.string())})


def of_leads(relation: Any, keys: Any) -> Any:
    """Keep the rows of these leads; ``keys`` is a relation with the column lead_id."""
    return relation.join(keys, "lead_id", how="semi")


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


def within(relation: Any, column: str, *, least: int | None, most: int | None) -> Any:
    """Keep the rows whose column lies within the bounds, both inclusive; None is no bound."""
    for bound, sign in ((least, ">="), (most, "<=")):
        if bound is not None:
            relation = relation.filter(f"{column} {sign} {int(bound)}")
    return relation
