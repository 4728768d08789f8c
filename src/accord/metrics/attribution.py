"""Where won money came from: each won deal back to the hand-off that led to it.

A deal is led to by the latest cycle of its lead that began at or before the deal was opened (or
closed, where no opening is known) and has a hand-off at mql. What was merged counts for the lead
that stands. What cannot be traced says why, in a closed vocabulary. Frames in, frames out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pandas as pd

from accord.metrics.lookups import looked_up, survivors

Raw = Mapping[str, pd.DataFrame]
Frame = pd.DataFrame

READS = ("lead", "merge", "move", "handoff", "overtaken", "deal")
"""The tables a trace is made of, by their short names."""

_TOLD = ("segment", "channel", "campaign")
_SQL = {"handoff_id": "sql_handoff_id", "queued_us": "sql_us", "origin": "sql_origin"}
_MQL = {"handoff_id": "handoff_id", "queued_us": "mql_us", "origin": "mql_origin"}


class Untraced(StrEnum):
    """Why a won deal leads back to no hand-off at mql."""

    NO_LEAD = "no_lead"  # the deal names none
    UNKNOWN_LEAD = "unknown_lead"  # it names one that no source has told of
    ERASED = "erased"  # the person was erased: what came later of them was not taken
    NO_DATE = "no_date"  # neither opening nor closing is known
    NO_HANDOFF = "no_handoff_before"  # sales found it, before marketing handed anything over


def trace_won(raw: Raw, cycles: Frame | None = None) -> Frame:
    """Trace every won deal; one row a deal, in the order of the deals.

    ``cycles`` are those of :func:`cycles_handed_over`, where they are at hand.

    Takes :data:`READS`, and ``erasure`` (lead_id) where it is wanted. Columns: deal_id, lead_id
    (the one that stands), rep, opened_us, at_us (the closing), amount_cents, cost_cents;
    handoff_id, mql_us, mql_origin and the same of the hand-off at sql of that cycle
    (sql_handoff_id, sql_us, sql_origin); segment, channel and campaign as they were at the
    hand-off, else the lead's; why, one of :class:`Untraced`, or missing where it is traced.
    """
    won = _won(raw)
    known = cycles_handed_over(raw) if cycles is None else cycles
    led = _led_to(won, known).reindex(won.index)
    traced = won.assign(**{name: led[name] for name in (*_MQL.values(), *_SQL.values())})
    traced = traced.assign(**_attributes(led, won["lead_id"], raw))
    return traced.assign(why=_why(traced, raw))


def cycles_handed_over(raw: Raw) -> Frame:
    """Return one row a cycle that was handed over at mql, overtaken ones too.

    Columns: lead_id (the one that stands), began_us (the entry into mql, else the hand-off), cycle,
    handoff_id, mql_us, mql_origin, the same of the hand-off at sql, segment, channel and campaign
    as they were at the hand-off, else the lead's, and accepted_us, the first entry into sal of
    that cycle.
    """
    handed = pd.concat([raw["handoff"], raw["overtaken"]], ignore_index=True)
    keyed = handed.assign(key=_cycle_key(handed))
    mql, sql = (keyed[keyed["stage"] == stage].drop_duplicates("key") for stage in ("mql", "sql"))
    late = {name: looked_up(mql["key"], sql, "key", column) for column, name in _SQL.items()}
    began = _first_entry(raw["move"], "mql", mql["key"])
    leads = survivors(mql["lead_id"], raw["merge"])
    return mql.rename(columns=_MQL).assign(
        **late,
        **_attributes(mql, leads, raw),
        lead_id=leads,
        began_us=began.fillna(mql["queued_us"]),
        accepted_us=_first_entry(raw["move"], "sal", mql["key"]),
    )


def _cycle_key(frame: Frame) -> pd.Series[Any]:
    return frame["lead_id"] + "\x1f" + frame["cycle"].astype("str")


def _first_entry(moves: Frame, stage: str, keys: pd.Series[Any]) -> pd.Series[Any]:
    entered = moves[(moves["to_stage"] == stage) & (moves["from_stage"].fillna("") != stage)]
    first = entered.assign(key=_cycle_key(entered)).groupby("key")["at_us"].min().reset_index()
    return looked_up(keys, first, "key", "at_us")


def _won(raw: Raw) -> Frame:
    deals = raw["deal"]
    won = deals[deals["stage"] == "customer"].reset_index(drop=True)
    columns = ["deal_id", "rep", "opened_us", "amount_cents", "cost_cents"]
    return won[columns].assign(
        lead_id=survivors(won["lead_id"], raw["merge"]),
        at_us=won["closed_us"].fillna(won["stage_us"]),
    )


def _led_to(won: Frame, cycles: Frame) -> Frame:
    """Return the cycle that led to each deal, by the deal's place; only of those that have one."""
    opened = won["opened_us"].fillna(won["at_us"])
    asked = pd.DataFrame({"lead_id": won["lead_id"], "us": opened, "place": won.index})
    asked = asked[asked["lead_id"].notna() & asked["us"].notna()]
    order = ["began_us", "cycle", "handoff_id"]
    found = pd.merge_asof(
        asked.assign(us=asked["us"].astype("int64")).sort_values("us"),
        cycles.assign(us=cycles["began_us"].astype("int64")).sort_values(order),
        on="us",
        by="lead_id",
    )
    return found[found["handoff_id"].notna()].set_index("place")


def _attributes(stated: Frame, lead_ids: pd.Series[Any], raw: Raw) -> dict[str, pd.Series[Any]]:
    """Return segment, channel and campaign as stated, else the lead's.

    Channel and campaign go together: a campaign that the lead was given later is none that its
    earlier channel had.
    """
    now = {name: looked_up(lead_ids, raw["lead"], "lead_id", name) for name in _TOLD}
    says = stated["channel"].notna() | stated["campaign"].notna()
    found = {name: stated[name].where(says, now[name]) for name in ("channel", "campaign")}
    return {**found, "segment": stated["segment"].fillna(now["segment"])}


def _why(traced: Frame, raw: Raw) -> pd.Series[Any]:
    """The first reason that holds, in the order of :class:`Untraced`; missing where it is traced.

    Only of what is untraced is it asked: nearly all is traced, and to ask is to know every lead.
    """
    untraced = traced[traced["handoff_id"].isna()]
    leads = untraced["lead_id"]
    erased = leads.isin(list(raw["erasure"]["lead_id"])) if "erasure" in raw else leads.isin([])
    no_date = untraced["opened_us"].isna() & untraced["at_us"].isna()
    why = pd.Series(Untraced.NO_HANDOFF.value, index=untraced.index, dtype="str")
    for reason, holds in (
        (Untraced.NO_DATE, no_date),
        (Untraced.ERASED, erased),
        (Untraced.UNKNOWN_LEAD, _unknown(leads, raw)),
        (Untraced.NO_LEAD, leads.isna()),
    ):
        why = why.mask(holds, reason.value)
    return why.reindex(traced.index)


def _unknown(leads: pd.Series[Any], raw: Raw) -> pd.Series[Any]:
    known = raw["lead"]["lead_id"]
    return ~leads.isin(known[known.isin(list(leads.dropna()))])
