"""What the commands about clocks print for a person: tables and sentences, nothing decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
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


_BREACHES = (
    *("clock", "term", "lead", "owner", "team", "due", "late", "late_business", "outcome"),
    "what_happened",
)


def say_breaches(rows: Sequence[Row]) -> None:
    """Print breaches, one a line: whose, late by how much, and what happened."""
    if not rows:
        say("none")
        return
    say_table([_breach(row) for row in rows], _BREACHES)
    still = sum(row["outcome"] == "open" for row in rows)
    say(f"{_many(len(rows), 'breach', 'breaches')}, {still} of them still open")


def say_rebuilt(found: Row, *, applied: bool) -> None:
    """Print what a rebuild of all clocks found, and the first ones that differ."""
    leads = _many(found["leads"], "lead", "leads")
    if not found["differ"]:
        say(f"the clocks of {leads} are stored as they follow from what happened, to the bit")
    else:
        kinds = ", ".join(
            f"{found[name]} {name}" for name in ("missing", "changed", "unsupported") if found[name]
        )
        say(f"{leads}: {_many(found['differ'], 'clock differs', 'clocks differ')} ({kinds})")
        say_table([_differing(row) for row in found["shown"]], _DIFFERING)
        say("written as they follow" if applied else "accord sla rebuild --apply writes them")
    if found["waiting"]:
        waiting = _many(found["waiting"], "lead waits", "leads wait")
        say(f"{waiting} for a run to place what is new, and were left out")


_DIFFERING = ("clock", "term", "lead", "started", "is")


def _differing(row: Row) -> Row:
    columns = f": {', '.join(row['columns'])}" if row["columns"] else ""
    return {
        "clock": row["clock_id"][:12],
        "term": row["term"],
        "lead": row["lead_id"],
        "started": row["started_at"],
        "is": row["is"] + columns,
    }


def _breach(row: Row) -> Row:
    return {
        **row,
        "clock": row["clock"][:12],
        "lead": row["lead"] or _about(row),
        "owner": row["owner"] or ("nobody" if row["side"] == "sales" else "marketing"),
        "late": length(row["late_wall_seconds"]),
        "late_business": length(row["late_business_seconds"]),
        "what_happened": "; ".join(_happened(row)),
    }


def _about(row: Row) -> str:
    """A weekly term of marketing is about a segment, or about all of them."""
    return f"segment {row['segment']}" if row["segment"] else "all segments"


def _happened(row: Row) -> Iterator[str]:
    touches = row["touches"]
    if row["system_delay"] is not None:
        yield f"waited {length(row['system_delay']['wall_seconds'])} to be assigned"
    if touches["by_owner"]:
        yield f"{_many(touches['by_owner'], 'touch', 'touches')} by the owner"
    if touches["by_others"]:
        who = ", ".join(touches["others"])
        yield f"{_many(touches['by_others'], 'touch', 'touches')} by others ({who})"
    if touches["automatic"]:
        yield f"{_many(touches['automatic'], 'automatic reply', 'automatic replies')}"
    touched = touches["by_owner"] + touches["by_others"] + touches["automatic"]
    if not touched and row["side"] == "sales":
        yield "nobody touched it"
    for step in row["steps"]:
        yield step_words(step)
    yield "still open" if row["outcome"] == "open" else _ENDED[row["outcome"]]


_ENDED = {
    "met": "met late",
    "transferred": "handed on to another owner",
    "cancelled": "ended unmet",
}


def step_words(step: Row) -> str:
    """Say what became of a step: whom it told, or why it was skipped."""
    told = ", ".join(f"{one['role']} {one['id']}" for one in step["told"])
    if step["status"] == "sent":
        late = f" ({step['why']})" if step["why"] else ""
        return f"step {step['at']} told {told or 'nobody'}{late}"
    why = f" ({step['why']})" if step["why"] else ""
    return f"step {step['at']} {step['status']}{why}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def length(seconds: int) -> str:
    """Write a length of time in its two largest units.

    >>> length(0), length(59), length(5 * 60), length(26 * 3600 + 60), length(3661)
    ('0 s', '59 s', '5 min', '1 d 2 h', '1 h 1 min')
    """
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or "0 s"


def say_due(found: Row) -> None:
    """Print when a term runs out: in UTC on the first line, then locally, then its steps."""
    say(found["due"].isoformat())
    say(f"{found['due_local'].isoformat()} in {found['timezone']}, on {_on(found)}")
    for away in found["absences"]:
        say(f"without the absence from {at_text(away['from'])} to {at_text(away['until'])}")
    for step in found["steps"]:
        roles = ", ".join(step["notify"])
        local = step["due_local"].isoformat()
        say(f"step {step['at']}: {step['due'].isoformat()} ({local}) {roles}")


def _on(found: Row) -> str:
    if found["clock"] == "wall":
        return "wall-clock time"
    whose = f", hours of {found['rep']}" if found["rep"] else ""
    return f"calendar {found['calendar']}{whose}"


def at_text(at: datetime) -> str:
    """Write an instant in UTC for a person, to the second."""
    return at.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
