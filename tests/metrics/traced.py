"""A company's rows as plain frames, made by hand or by Hypothesis: for tests of pure tracing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
from hypothesis import strategies as st

from accord.metrics import Rates
from accord.records import to_us

START = datetime(2026, 11, 2, 5, tzinfo=UTC)  # Monday 00:00 in New York
HOUR_US = 3_600_000_000
_TEXT = "str"
_COLUMNS = {
    "lead": {"lead_id": _TEXT, "created_us": "Int64", "segment": _TEXT, "channel": _TEXT,
             "campaign": _TEXT, "industry": _TEXT, "country": _TEXT},
    "merge": {"lead_id": _TEXT, "into_lead_id": _TEXT},
    "move": {"lead_id": _TEXT, "from_stage": _TEXT, "to_stage": _TEXT, "cycle": "Int64",
             "at_us": "Int64"},
    "handoff": {"handoff_id": _TEXT, "lead_id": _TEXT, "cycle": "Int64", "stage": _TEXT,
                "origin": _TEXT, "segment": _TEXT, "channel": _TEXT, "campaign": _TEXT,
                "queued_us": "Int64"},
    "deal": {"deal_id": _TEXT, "lead_id": _TEXT, "rep": _TEXT, "industry": _TEXT,
             "country": _TEXT, "stage": _TEXT, "stage_us": "Int64", "opened_us": "Int64",
             "closed_us": "Int64", "amount_cents": "Int64", "cost_cents": "Int64",
             "account": _TEXT, "product": _TEXT, "reason": _TEXT},
    "rep": {"rep": _TEXT, "team": _TEXT},
    "erasure": {"lead_id": _TEXT},
}  # fmt: skip
_COLUMNS["overtaken"] = _COLUMNS["handoff"]

TEAMS = {"paid_search": "demand_generation", "email": "customer_marketing"}


def at(hours: float) -> int:
    """Microseconds, so many hours after the start."""
    return to_us(START) + round(hours * HOUR_US)


def frames(rates: list[Rates] | None = None, **rows: list[dict]) -> dict[str, pd.DataFrame]:
    """Every table that a trace reads, with these rows; what a row does not say is missing."""
    found = {
        name: pd.DataFrame(
            {
                column: pd.Series([row.get(column) for row in rows.get(name, ())], dtype=kind)
                for column, kind in columns.items()
            }
        )
        for name, columns in _COLUMNS.items()
    }
    known = [rate_from(-10_000)] if rates is None else rates
    found["rates"] = pd.DataFrame(
        {
            "since_us": pd.array([one.since_us for one in known], dtype="Int64"),
            "rates": pd.Series(known, dtype="object"),
        }
    )
    return found


def rate_from(hours: float, *, version: str = "1", mql: str = "20", of: str = "0.005") -> Rates:
    """What is paid from so many hours after the start."""
    return Rates(
        since_us=at(hours), version=version, per_accepted_mql=Decimal(mql),
        of_won_revenue=Decimal(of), teams=TEAMS,
    )  # fmt: skip


def lead(lead_id: str, **more: object) -> dict:
    """A lead of a small company, by paid search."""
    return {"lead_id": lead_id, "created_us": at(0), "segment": "small",
            "channel": "paid_search", "campaign": "now", **more}  # fmt: skip


def handed(lead_id: str, hours: float, *, cycle: int = 1, stage: str = "mql", **more: object):
    """A hand-off of a lead's cycle, named by them."""
    return {"handoff_id": f"{lead_id}/{cycle}/{stage}", "lead_id": lead_id, "cycle": cycle,
            "stage": stage, "origin": "decided", "segment": "small", "channel": "paid_search",
            "campaign": "then", "queued_us": at(hours), **more}  # fmt: skip


def entered(lead_id: str, stage: str, hours: float, *, cycle: int = 1) -> dict:
    """An entry into a stage."""
    return {"lead_id": lead_id, "from_stage": "target", "to_stage": stage, "cycle": cycle,
            "at_us": at(hours)}  # fmt: skip


def won(deal_id: str, lead_id: str | None, opened: float | None, closed: float | None, **more):
    """A won deal of 1,000.00."""
    return {"deal_id": deal_id, "lead_id": lead_id, "stage": "customer",
            "opened_us": None if opened is None else at(opened),
            "closed_us": None if closed is None else at(closed),
            "amount_cents": 100_000, **more}  # fmt: skip


_LEADS = ("a", "b", "c", "d")
_HOURS = st.integers(0, 24 * 21)
_CHANNELS = st.sampled_from(["paid_search", "email", "radio", None])


@st.composite
def companies(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """A few leads, some merged, some unknown, with cycles, acceptances, deals and agreements.

    One deal stands open from before all else: until a deal's opening is known, revenue is missing.
    """
    known = draw(st.sets(st.sampled_from(_LEADS)))
    merges = [
        {"lead_id": one, "into_lead_id": into}
        for one, into in zip(_LEADS[1:], _LEADS, strict=False)
        if draw(st.booleans()) and draw(st.booleans())
    ]
    handoffs, moves = [], []
    for lead_id in _LEADS:
        for cycle in range(1, draw(st.integers(0, 3)) + 1):
            begins = draw(_HOURS)
            if draw(st.booleans()):
                moves.append(entered(lead_id, "mql", begins - draw(st.integers(0, 9)), cycle=cycle))
            told = {"channel": draw(_CHANNELS), "campaign": draw(st.sampled_from(["then", None]))}
            handoffs.append(handed(lead_id, begins, cycle=cycle, **told))
            if draw(st.booleans()):
                moves.append(entered(lead_id, "sal", draw(_HOURS), cycle=cycle))
            if draw(st.booleans()):
                handoffs.append(handed(lead_id, begins + 5, cycle=cycle, stage="sql"))
    overtaken = [row for row in handoffs if row["stage"] == "mql" and draw(st.booleans())]
    deals = [
        won(
            f"d{number}",
            draw(st.sampled_from([*_LEADS, None, "nobody"])),
            draw(_HOURS | st.none()),
            draw(_HOURS | st.none()),
            stage=draw(st.sampled_from(["customer", "customer", "opportunity", "lost"])),
            stage_us=draw(_HOURS.map(at) | st.none()),
            amount_cents=draw(st.integers(-(10**7), 10**11) | st.none()),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    deals.append(won("open", None, -1, None, stage="opportunity"))
    turns = sorted(draw(st.sets(st.integers(-24, 24 * 21), max_size=3)))
    sums = [("20", "0.005"), ("17.505", "0.0333"), ("0", "1")]
    rates = [
        rate_from(hours, version=str(place), mql=mql, of=of)
        for place, (hours, (mql, of)) in enumerate(zip(turns, sums, strict=False))
    ]
    return frames(
        rates,
        lead=[lead(one, channel=draw(_CHANNELS)) for one in sorted(known)],
        merge=merges,
        move=moves,
        handoff=[row for row in handoffs if row not in overtaken],
        overtaken=overtaken,
        deal=deals,
    )
