"""Taking people out of the activity log: the files concerned are rewritten, the old ones deleted.

Rows go; what other people's rows quote is emptied. Nothing of what was erased stays in the table's
own history either: the conditions of a rewrite are written there, so old history goes with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from accord.log.storage import Storage

_AT_ONCE = 2_000
"""Values in one condition: each condition reads the files once."""


def count_rows(scan: Any, connection: Any, lead_ids: Sequence[str]) -> dict[str, int]:
    """Count the activities of these leads in a relation of the log, by batch."""
    if "batch_id" not in scan.columns:  # a log without a table
        return {}
    rows = _semi_join(scan, connection, "lead_id", lead_ids)
    return dict(rows.aggregate("batch_id, count(*)", "batch_id").fetchall())


def find_quoting(scan: Any, connection: Any, quoted: Sequence[str]) -> list[str]:
    """Return the details that hold one of these texts, in any case."""
    wanted = sorted({text.casefold() for text in quoted})
    if not wanted:
        return []
    details = scan.project("detail").filter("detail IS NOT NULL").distinct()
    texts = connection.from_arrow(pa.table({"quoted": pa.array(wanted, pa.string())}))
    meeting = details.join(texts, "contains(lower(detail), quoted)", how="inner")
    return sorted({row[0] for row in meeting.project("detail").fetchall()})


def erase_rows(storage: Storage, lead_ids: Sequence[str], details: Sequence[str]) -> None:
    """Delete the rows of these leads, empty these details, and forget how it was before.

    Nobody may append or read meanwhile: files that no commit names are deleted as well, since an
    append that was killed left them.
    """
    table = storage.refresh()
    if table is None:
        return
    for condition in _conditions("lead_id", lead_ids):
        table.delete(condition)
    for condition in _conditions("detail", details):
        table.update(updates={"detail": "NULL"}, predicate=condition)
    storage.tidy(unnamed=True)


def _semi_join(scan: Any, connection: Any, column: str, values: Sequence[str]) -> Any:
    keys = connection.from_arrow(pa.table({column: pa.array(values, pa.string())}))
    return scan.join(keys, column, how="semi")


def _conditions(column: str, values: Sequence[str]) -> Iterator[str]:
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _AT_ONCE):
        listed = ", ".join(_quoted(value) for value in ordered[start : start + _AT_ONCE])
        yield f"{column} IN ({listed})"


def _quoted(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
