"""What the commands about clocks print for a person: tables and sentences, nothing decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accord.cli.app import say, say_table

Row = Mapping[str, Any]

_PARTS = {
    "system": "system delay (arrival to assignment)",
    "rep": "rep delay (assignment to first touch)",
    "total": "response (arrival to first touch)",
}
_SPEED = ("n", "wall_median", "wall_p90", "business_median", "business_p90")
_WAITS = ("system_wall", "system_business", "rep_wall", "rep_business")


def say_speed(found: Row) -> None:
    """Print speed to lead: medians and 90th percentiles of each part, then the buckets."""
    first, last = found["from"] or "the first", found["to"] or "the last"
    hours = "each clock's own calendar"
    if found["calendar"]:
        hours = f"calendar {found['calendar']} ({found['timezone']})"
    say(f"Speed to lead, {first} to {last}; business time on {hours}")
    by = found["by"]
    rows = [
        {by or "member": each["member"], **_speed_row(part, each[part])}
        for each in found["members"]
        for part in _PARTS
    ]
    say_table(rows, ((by,) if by else ()) + ("part", *_SPEED))
    say()
    say("Waits by bucket, by the wall and in business time")
    whole = found["members"][0]
    say_table([_bucket_row(whole, name) for name in _buckets(whole)], ("bucket", *_WAITS))


def _speed_row(part: str, kinds: Row) -> Row:
    wall, business = kinds["wall"], kinds["business"]
    return {
        "part": _PARTS[part],
        "n": wall["n"],
        "wall_median": wall["median"],
        "wall_p90": wall["p90"],
        "business_median": business["median"],
        "business_p90": business["p90"],
    }


def _buckets(member: Row) -> tuple[str, ...]:
    return tuple(member["rep"]["wall"]["buckets"])


def _bucket_row(member: Row, bucket: str) -> Row:
    waits = {
        f"{part}_{kind}": member[part][kind]["buckets"][bucket]
        for part in ("system", "rep")
        for kind in ("wall", "business")
    }
    return {"bucket": bucket, **waits}
