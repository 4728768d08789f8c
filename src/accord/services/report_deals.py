"""The deals of a pipeline as they stood at an instant: step, age, last sign of life, worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from accord.agreement import Agreement, SlaTerm
from accord.planning import STEPS, Chance
from accord.report import OpenDeal, Stay

_ENOUGH = 5  # deals won that stayed in a step, from which on nine in ten of them say something
_NEVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFacts:
    """The fact frames that deals are read off.

    ``stepped`` is the deals frame with ``proposal_us`` and ``contracting_us``, the first instant at
    which each came to that step while it was open.
    """

    agreement: Agreement
    stepped: pd.DataFrame
    amounts: pd.DataFrame
    touches: pd.DataFrame
    clocks: pd.DataFrame


def with_steps(deals: pd.DataFrame, entries: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    """Return the deals with when each came to its later steps.

    By the moves of its lead while it was open, and by what its own versions state.
    """
    frame = deals.copy()
    for step in STEPS[1:]:
        moves = entries[entries["mark"] == step][["lead_id", "at_us"]]
        joined = frame[["deal_id", "lead_id", "opened_us", "closed_us"]].merge(moves, on="lead_id")
        end = joined["closed_us"].fillna(_NEVER)
        during = (joined["at_us"] >= joined["opened_us"]) & (joined["at_us"] <= end)
        by_lead = joined[during.fillna(value=False)].groupby("deal_id")["at_us"].min()
        own = stated[stated["step"] == step].set_index("deal_id")["entered_us"]
        found = pd.concat([by_lead, own]).groupby(level=0).min()
        frame[f"{step}_us"] = frame["deal_id"].map(found).astype("Int64")
    return frame


def open_at(facts: DealFacts, at_us: int, *, now: bool = True) -> pd.DataFrame:
    """Return the deals that were open at an instant, with ``step``, ``entered_us`` and ``cents``.

    ``now`` takes those that no source says the opening of as well: they are open, if open at all.
    """
    deals = facts.stepped
    opened = (deals["opened_us"] <= at_us).fillna(value=False)
    if now:
        opened |= deals["opened_us"].isna() & (deals["state"] == "open")
    ended = (deals["closed_us"] <= at_us).fillna(value=False)
    undated = (deals["state"] != "open") & deals["closed_us"].isna()
    frame = deals[opened & ~ended & ~undated].copy()
    frame["step"], frame["entered_us"] = "opportunity", frame["opened_us"]
    for step in STEPS[1:]:
        reached = (frame[f"{step}_us"] <= at_us).fillna(value=False)
        frame["step"] = frame["step"].mask(reached, step)
        frame["entered_us"] = frame["entered_us"].mask(reached, frame[f"{step}_us"])
    frame["cents"] = frame["deal_id"].map(_amounts(facts.amounts, at_us)).astype("Int64")
    unplaced = frame["opened_us"].isna()
    frame["cents"] = frame["cents"].mask(unplaced, frame["amount_cents"])
    return frame.reset_index(drop=True)


def _amounts(amounts: pd.DataFrame, at_us: int) -> pd.Series[Any]:
    """Return what each deal was worth at an instant, as known then."""
    since = (amounts["from_us"] <= at_us).fillna(value=False)
    until = (amounts["until_us"] > at_us).fillna(value=True)
    return (
        amounts[since & until]
        .drop_duplicates("deal_id", keep="last")
        .set_index("deal_id")["amount_cents"]
    )


def own_chances(facts: DealFacts, at_us: int) -> dict[str, Chance]:
    """Return, of the deals closed by an instant that had come to each step, how many were won.

    Nothing where none has closed.
    """
    deals = facts.stepped
    closed = deals[(deals["closed_us"] <= at_us).fillna(value=False)]
    found = {}
    for place, step in enumerate(STEPS):
        reached = closed
        if place:
            came = [closed[f"{later}_us"].notna() for later in STEPS[place:]]
            reached = closed[np.logical_or.reduce([one.to_numpy(bool) for one in came])]
        won, total = int((reached["state"] == "won").sum()), len(reached)
        if total:
            found[step] = Chance(share=Fraction(won, total), won=won, of=total)
    return found


def usual_stays(facts: DealFacts, at_us: int) -> dict[str, Stay]:
    """Return how long nine in ten of the deals won by an instant stayed in each step."""
    deals = facts.stepped
    closed = (deals["closed_us"] <= at_us).fillna(value=False)
    won = deals[(deals["state"] == "won") & closed]
    begins = {"opportunity": won["opened_us"], **{one: won[f"{one}_us"] for one in STEPS[1:]}}
    found = {}
    for place, step in enumerate(STEPS):
        end = won["closed_us"]
        for later in reversed(STEPS[place + 1 :]):
            end = won[f"{later}_us"].fillna(end)
        stays = (end - begins[step]).dropna().to_numpy(np.int64)
        enough = len(stays) >= _ENOUGH
        p90 = int(np.percentile(stays, 90)) if enough else None
        found[step] = Stay(p90_us=p90, count=len(stays))
    return found


def deals_of(facts: DealFacts, at_us: int, stays: Mapping[str, Stay]) -> tuple[OpenDeal, ...]:
    """Return the open deals at an instant, the most valuable first."""
    frame = open_at(facts, at_us)
    touches = facts.touches[(facts.touches["at_us"] <= at_us).fillna(value=False)]
    touched = frame["lead_id"].map(touches.groupby("lead_id")["at_us"].max()).astype("Int64")
    signs = pd.concat([frame["entered_us"], touched], axis=1).max(axis=1).astype("Int64")
    due = _due(facts, frame, at_us)
    rows = zip(frame.to_dict("records"), signs, due, strict=True)
    found = [_deal(row, sign, until, stays, at_us) for row, sign, until in rows]
    return tuple(sorted(found, key=lambda one: (-(one.cents or 0), one.deal_id)))


def _deal(
    row: dict[Any, Any], sign: Any, due: Any, stays: Mapping[str, Stay], at_us: int
) -> OpenDeal:
    sign_us, usual = _whole(sign), stays[row["step"]].p90_us
    return OpenDeal(
        deal_id=row["deal_id"],
        rep=_text(row["rep"]) or None,
        segment=_text(row["segment"]),
        product=_text(row["product"]),
        step=row["step"],
        opened_us=_whole(row["opened_us"]),
        entered_us=_whole(row["entered_us"]),
        sign_us=sign_us,
        cents=_whole(row["cents"]),
        due_us=_whole(due),
        stands=None if usual is None or sign_us is None else at_us - sign_us > usual,
    )


def _due(facts: DealFacts, frame: pd.DataFrame, at_us: int) -> Iterable[int | None]:
    """Return when each deal's term to close runs out: its lead's clock says, else its opening.

    A deal without a lead has no clock; by the wall its term runs from its opening.
    """
    terms = {
        name: term
        for name, term in facts.agreement.sla.sales.items()
        if isinstance(term, SlaTerm) and term.until == "closed"
    }
    clocks = facts.clocks
    running = clocks["ended_us"].isna() | (clocks["ended_us"] > at_us)
    mine = clocks[clocks["term"].isin(list(terms)) & running.fillna(value=False)]
    by_lead = mine.groupby("lead_id")["due_us"].min().to_dict()
    walls = [term for term in terms.values() if term.clock == "wall"]
    for row in frame.to_dict("records"):
        lead = _text(row["lead_id"])
        opened = _whole(row["opened_us"])
        if lead:
            yield _whole(by_lead.get(lead))
        elif opened is None or not walls:
            yield None
        else:
            yield opened + min(_within_us(term, _text(row["segment"])) for term in walls)


def _within_us(term: SlaTerm, segment: str) -> int:
    within = term.by_segment.get(segment, term.within)
    return within.seconds * 1_000_000


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
