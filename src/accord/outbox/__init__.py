"""The queue of what must reach the world: what an entry is, and when it is tried again.

The queue's rows stand in the ledger; sending is an adapter's. Here is what both must agree on:
keys, hashes, and the pauses between attempts.
"""

from accord.outbox.entry import Entry, Kind, Status, handoff_key, message_key
from accord.outbox.retry import MAX_ATTEMPTS, retry_pause
from accord.records import payload_hash

__all__ = [
    "MAX_ATTEMPTS",
    "Entry",
    "Kind",
    "Status",
    "handoff_key",
    "message_key",
    "payload_hash",
    "retry_pause",
]
