"""A comparison made by hand: its numbers are plain to see, its names are hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from accord.evaluation import (
    Comparison,
    Decile,
    Evaluation,
    Group,
    Mover,
    Movers,
    Share,
    Spread,
    Week,
)

_SCORES = [f"{name}_{side}" for side in ("now", "then") for name in ("fit", "engagement", "intent")]
_MOVER = pa.schema(
    [
        *((name, pa.string()) for name in ("lead_id", "segment", "channel")),
        *((name, pa.int64()) for name in _SCORES),
    ]
)

HOSTILE = "<script>alert('x')</script> & \"more\" | *x*"


def share(count: int, of: int, *, low: str, high: str) -> Share:
    """A share with its interval."""
    value = (Decimal(count) / Decimal(of)).quantize(Decimal("0.0001"))
    return Share(count=count, of=of, value=value, low=Decimal(low), high=Decimal(high))


def evaluation(
    version: str, *, caught: Share, sent: Share, wasted: Share, lift: Share, winners: tuple
) -> Evaluation:
    """936 past leads, 36 of them winners, in tenths of 94 and 93."""
    deciles = tuple(
        Decile(
            number=number,
            leads=94 if number <= 6 else 93,
            winners=found,
            lift=(Decimal(found) / Decimal("3.6")).quantize(Decimal("0.01")),
            low=(Decimal(found) / Decimal("5.6")).quantize(Decimal("0.01")),
            high=(Decimal(found + 2) / Decimal("3.1")).quantize(Decimal("0.01")),
        )
        for number, found in enumerate(winners, 1)
    )
    return Evaluation(
        version=version,
        winners=36,
        non_buyers=900,
        recall=caught,
        precision=sent,
        wasted=wasted,
        lift=lift,
        deciles=deciles,
    )


NOW = evaluation(
    "2026.4",
    caught=share(28, 36, low="0.6192", high="0.8828"),
    sent=share(28, 231, low="0.0854", high="0.1696"),
    wasted=share(203, 900, low="0.1995", high="0.2540"),
    lift=Share(count=28, of=231, value=Decimal("3.15"), low=Decimal("2.22"), high=Decimal("4.41")),
    winners=(14, 8, 5, 3, 2, 1, 1, 1, 1, 0),
)
THEN = evaluation(
    "2026.5",
    caught=share(31, 36, low="0.7134", high="0.9392"),
    sent=share(31, 151, low="0.1488", high="0.2767"),
    wasted=share(120, 900, low="0.1127", high="0.1571"),
    lift=Share(count=31, of=151, value=Decimal("5.34"), low=Decimal("3.87"), high=Decimal("7.19")),
    winners=(22, 7, 3, 2, 1, 1, 0, 0, 0, 0),
)


def mover(number: int, *, up: bool, segment: str | None = "large", channel: str | None = "webinar"):
    """A lead that is 12.5 points of engagement away from what it would be."""
    low = {"fit": 450, "engagement": 215 + number, "intent": 0}
    high = {"fit": 480, "engagement": 340 + number, "intent": 125}
    now, then = (low, high) if up else (high, low)
    lead_id = f"crm:L{number:06}"
    return Mover(lead_id=lead_id, segment=segment, channel=channel, now=now, then=then)


def movers(*leads: Mover) -> Movers:
    """Leads in the order given, as columns."""
    rows = [
        {
            "lead_id": one.lead_id,
            "segment": one.segment,
            "channel": one.channel,
            **{f"{name}_now": tenths for name, tenths in one.now.items()},
            **{f"{name}_then": tenths for name, tenths in one.then.items()},
        }
        for one in leads
    ]
    return Movers(rows=pa.Table.from_pylist(rows, _MOVER))


def group(name: str, *counts: int) -> Group:
    """Leads, those over the threshold now and then, how many come over it and fall below it."""
    leads, now, then, gained, lost = counts
    return Group(name=name, leads=leads, mql_now=now, mql_then=then, gained=gained, lost=lost)


def weeks(capacity: int | None = 45, proposed: int | None = None) -> tuple[Week, ...]:
    """Twelve weeks; in three of them 2026.4 hands over more than 45, in one 2026.5.

    ``proposed``: the capacity under 2026.5, if it is another.
    """
    now = (31, 38, 46, 41, 29, 36, 50, 44, 47, 33, 40, 35)
    then = (35, 40, 44, 43, 33, 30, 48, 40, 45, 36, 41, 39)
    first = date(2026, 8, 31)
    return tuple(
        Week(
            week=f"2026-W{36 + place}",
            starts_on=first + timedelta(weeks=place),
            now=a,
            then=b,
            capacity_now=capacity,
            capacity_then=capacity if proposed is None else proposed,
        )
        for place, (a, b) in enumerate(zip(now, then, strict=True))
    )


def comparison(**changes: Any) -> Comparison:
    """41 leads would come over the threshold and 12 fall below it, of 3,000 of which 60 bought."""
    values: dict[str, Any] = {
        "as_of": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "version_now": "2026.4",
        "version_then": "2026.5",
        "segments_asked": (),
        "leads_asked": None,
        "leads": 3060,
        "settled": 60,
        "changed": 812,
        "mql_now": 214,
        "mql_then": 243,
        "gained": movers(*(mover(number, up=True) for number in range(1, 42))),
        "lost": movers(
            *(mover(number, up=False, segment="small") for number in range(50, 61)),
            mover(61, up=False, segment=None, channel=HOSTILE),
        ),
        "by_segment": (
            group("small", 2000, 90, 85, 7, 12),
            group("middle", 800, 74, 82, 8, 0),
            group("large", 200, 50, 76, 26, 0),
        ),
        "by_channel": (
            group("webinar", 900, 120, 160, 41, 1),
            group("paid_search", 1500, 80, 70, 0, 10),
            group(HOSTILE, 500, 14, 13, 0, 1),
            group("", 100, 0, 0, 0, 0),
        ),
        "weeks": weeks(),
        "spreads": tuple(
            Spread(
                score=name,
                now=(900, 600, 400, 300, 250, 200, 150, 100, 60, 40),
                then=(800, 560, 440, 330, 280, 220, 160, 110, 60, 40),
            )
            for name in ("fit", "engagement", "intent")
        ),
        "past": {"now": NOW, "then": THEN},
    }
    return Comparison(**{**values, **changes})


def nothing() -> Comparison:
    """No lead, no past, no week: an empty ledger under the agreement in force."""
    return comparison(
        version_then="2026.4",
        leads=0,
        settled=0,
        changed=0,
        mql_now=0,
        mql_then=0,
        gained=movers(),
        lost=movers(),
        by_segment=(),
        by_channel=(),
        weeks=(),
        spreads=tuple(
            Spread(score=name, now=(0,) * 10, then=(0,) * 10)
            for name in ("fit", "engagement", "intent")
        ),
        past={},
    )
