"""The ledger: tables, types, migrations, queries, leases. It keeps what is decided.

Query modules beside the store (``*_rows``) belong to one stage each and are imported by that
stage's service.
"""

from accord.ledger.store import (
    Ledger,
    Row,
    add_rows,
    chunks,
    insert_rows,
    read_frame,
    read_rows,
    upsert_rows,
)

__all__ = [
    "Ledger",
    "Row",
    "add_rows",
    "chunks",
    "insert_rows",
    "read_frame",
    "read_rows",
    "upsert_rows",
]
