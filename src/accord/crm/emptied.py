"""Items of which nothing is left to send: what they told was emptied since they were written.

Retention and erasure empty what is over; a person may let such an entry go out again all the same.
"""

from __future__ import annotations

from accord.crm.port import Item, Outcome, Result

_HANDOFF = "handoff"


def emptied(item: Item) -> Outcome | None:
    """Return the refusal of an item without a payload, or of a hand-off that names no lead.

    None if there is something to send.
    """
    if not item.payload:
        found = f"{item.key} is empty: its time of keeping is over, or it was erased; drop it"
    elif item.kind == _HANDOFF and not item.payload.get("lead_id"):
        found = f"{item.key} names no lead; drop it"
    else:
        return None
    return Outcome(key=item.key, result=Result.REFUSED, error=found)
