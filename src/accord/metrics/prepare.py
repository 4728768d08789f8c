"""From the ledger's plain tables to the fact frames that metrics count. Inputs are not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from accord.agreement import Agreement
from accord.metrics.commission import READS as EARNING_READS
from accord.metrics.commission import earnings
from accord.metrics.facts import FRAMES
from accord.metrics.lookups import looked_up, looked_up_each, survivors
from accord.metrics.marks import with_marks
from accord.metrics.opening import with_business
from accord.metrics.periods import midnight
from accord.metrics.speeds import READS, with_speeds
from accord.records import to_us

Raw = Mapping[str, pd.DataFrame]
Frame = pd.DataFrame

_ATTRIBUTES = ("segment", "channel", "campaign", "industry", "country")
_STATES = MappingProxyType({"customer": "won", "lost": "lost"})
_ENDINGS = MappingProxyType(
    {"returned": "nurture", "deferred": "deferred", "disqualified": "disqualified"}
)
_LATE_ROLE = ("sql", "opportunity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one fact frame is made: the tables it reads, and what makes it of them."""

    reads: tuple[str, ...]
    make: Callable[[Raw, Agreement], Frame]


def tables_for(frames: Iterable[str]) -> tuple[str, ...]:
    """Return the ledger's tables (their short names) that these fact frames are made of."""
    return tuple(dict.fromkeys(table for name in frames for table in RECIPES[name].reads))


def prepare(
    raw: Raw, agreement: Agreement, *, frames: Iterable[str] = tuple(FRAMES)
) -> dict[str, Frame]:
    """Make the fact frames of those names, as :data:`accord.metrics.facts.FRAMES` says."""
    wanted = tuple(frames)
    given = dict(raw)
    if "deal" in given and _OF_DEALS.intersection(wanted):
        given[_MADE] = _make_deals(raw)
    return {
        name: _with_marketing_team(RECIPES[name].make(given, agreement), name, agreement)
        for name in wanted
    }


def _with_marketing_team(frame: Frame, name: str, agreement: Agreement) -> Frame:
    """A fact's marketing team is the one to which the agreement gives its channel."""
    if "marketing_team" not in FRAMES[name] or "marketing_team" in frame:
        return frame
    teams = agreement.teams.items()
    owners = {channel: team for team, terms in teams for channel in terms.channels}
    return frame.assign(marketing_team=frame["channel"].map(owners).astype("str"))


def _with_lead(frame: Frame, raw: Raw, names: tuple[str, ...] = _ATTRIBUTES) -> Frame:
    return frame.assign(**looked_up_each(frame["lead_id"], raw["lead"], "lead_id", names))


def _with_team(frame: Frame, raw: Raw) -> Frame:
    """A fact's team is the one stated, else its rep's."""
    teams = looked_up(frame["rep"], raw["rep"], "rep", "team")
    if "team" not in frame:
        return frame.assign(team=teams)
    return frame.assign(team=frame["team"].fillna(teams))


def _standing(frame: Frame, raw: Raw) -> Frame:
    merged = frame["lead_id"].isin(list(raw["merge"]["lead_id"]))
    return frame[~merged].reset_index(drop=True)


def _leads(raw: Raw, _agreement: Agreement) -> Frame:
    leads = _standing(raw["lead"], raw)
    deals = raw["deal"]
    won = deals[(deals["stage"] == "customer") & deals["lead_id"].notna()]
    at = won["closed_us"].fillna(won["stage_us"]).fillna(won["opened_us"])
    own = looked_up(won["lead_id"], raw["lead"], "lead_id", "created_us")
    moves = raw["move"]
    customers = moves[moves["to_stage"] == "customer"]
    facts = pd.DataFrame(
        {
            "lead_id": pd.concat([won["lead_id"], customers["lead_id"]], ignore_index=True),
            "at_us": pd.concat([at.fillna(own), customers["at_us"]], ignore_index=True),
        }
    )
    facts["lead_id"] = survivors(facts["lead_id"], raw["merge"])
    first = facts.groupby("lead_id")["at_us"].min().reset_index()
    return leads.assign(won_us=looked_up(leads["lead_id"], first, "lead_id", "at_us"))


def _entries(raw: Raw, _agreement: Agreement) -> Frame:
    moves = _standing(raw["move"], raw)
    entries = with_marks(moves)
    owned = entries.assign(**_held_by(entries, raw["handoff"]))
    return _with_team(_with_lead(owned, raw), raw)


def _held_by(entries: Frame, handoffs: Frame) -> dict[str, pd.Series[Any]]:
    """Return whose the lead was in that cycle, rep and team: an executive's from sql on, if any."""
    keys = entries["lead_id"] + "\x1f" + entries["cycle"].astype("str")
    late = entries["from_stage"].isin(_LATE_ROLE) | entries["mark"].isin(["opportunity", "lost"])
    owners: dict[str, dict[str, pd.Series[Any]]] = {}
    for stage in ("mql", "sql"):
        own = handoffs[handoffs["stage"] == stage]
        named = own.assign(key=own["lead_id"] + "\x1f" + own["cycle"].astype("str"))
        owners[stage] = looked_up_each(keys, named.drop_duplicates("key"), "key", ("rep", "team"))
    return {who: of.where(late).fillna(owners["mql"][who]) for who, of in owners["sql"].items()}


def _deals(raw: Raw, _agreement: Agreement) -> Frame:
    return raw[_MADE]


_MADE = "prepared deal"
"""Stands for the frame of deals among the tables: four frames are made of it."""

_OF_DEALS = frozenset(("deals", "customers", "amounts", "closings"))


def _make_deals(raw: Raw) -> Frame:
    deals = raw["deal"]
    state = deals["stage"].map(dict(_STATES)).astype("str").fillna("open")
    ended = deals["closed_us"].fillna(deals["stage_us"])
    led = _with_lead(deals[["lead_id"]], raw)
    created = looked_up(deals["lead_id"], raw["lead"], "lead_id", "created_us")
    closed = ended.where(state != "open")
    frame = deals.assign(
        state=state,
        closed_us=closed,
        priced=deals["amount_cents"].notna(),
        costed=deals["amount_cents"].notna() & deals["cost_cents"].notna(),
        margin_cents=deals["amount_cents"] - deals["cost_cents"],
        from_lead=deals["lead_id"].notna(),
        lead_us=closed - created,
        cycle_us=closed - deals["opened_us"],
        segment=led["segment"],
        channel=led["channel"],
        campaign=led["campaign"],
        industry=led["industry"].fillna(deals["industry"]),
        country=led["country"].fillna(deals["country"]),
    )
    return _with_team(frame, raw)


def _customers(raw: Raw, agreement: Agreement) -> Frame:
    """Deals of one account are one customer's; where none is named, those of one lead are.

    A first won deal without a closing is a customer from when it was known to be won.
    """
    deals = _deals(raw, agreement)
    won = deals[deals["state"] == "won"].reset_index(drop=True)
    customer = won["account"].fillna(survivors(won["lead_id"], raw["merge"])).fillna(won["deal_id"])
    placed = won.assign(customer=customer, won_us=won["closed_us"])
    ordered = placed.sort_values(["won_us", "deal_id"], kind="stable")
    return ordered.drop_duplicates("customer").reset_index(drop=True)


def _amounts(raw: Raw, agreement: Agreement) -> Frame:
    """What a deal was worth while it was open, so that a past week's pipeline stays as it was.

    The first amount known counts from the deal's opening, a changed one from when it was known.
    """
    deals = _deals(raw, agreement)
    stated = raw["deal_version"][["deal_id", "known_us", "amount_cents"]]
    unsaid = deals[~deals["deal_id"].isin(list(stated["deal_id"]))]
    plain = unsaid.assign(known_us=unsaid["opened_us"])[list(stated.columns)]
    spans = pd.concat([stated, plain], ignore_index=True).merge(
        deals.drop(columns="amount_cents"), on="deal_id", how="inner"
    )
    groups = spans.groupby("deal_id")["known_us"]
    first = groups.cumcount() == 0
    late = spans["known_us"].where(spans["known_us"] > spans["opened_us"], spans["opened_us"])
    following = groups.shift(-1)
    sooner = (following < spans["closed_us"]).fillna(value=False) | spans["closed_us"].isna()
    return spans.assign(
        from_us=late.mask(first, spans["opened_us"]),
        until_us=following.where(sooner & following.notna(), spans["closed_us"]),
    )


def _handoffs(raw: Raw, _agreement: Agreement) -> Frame:
    handoffs = raw["handoff"]
    moves = raw["move"]
    accepted = moves[(moves["to_stage"] == "sal") & (moves["from_stage"] != "sal")]
    named = accepted.assign(key=accepted["lead_id"] + "\x1f" + accepted["cycle"].astype("str"))
    first = named.groupby("key")["at_us"].min().reset_index()
    keys = handoffs["lead_id"] + "\x1f" + handoffs["cycle"].astype("str")
    left = handoffs["assigned_us"].fillna(handoffs["ended_us"])
    frame = handoffs.assign(
        accepted_us=looked_up(keys, first, "key", "at_us"),
        left_us=left,
        reason=_reasons(handoffs, moves),
    )
    return _with_team(_with_lead(frame, raw, ("industry", "country")), raw)


def _reasons(handoffs: Frame, moves: Frame) -> pd.Series[Any]:
    """Return why sales gave each hand-over back or up: the reason of the move that ended it."""
    stage = handoffs["outcome"].map(dict(_ENDINGS)).astype("str")
    keys = _moment(handoffs["lead_id"], stage, handoffs["ended_us"])
    told = moves[moves["reason"].notna()]
    named = told.assign(key=_moment(told["lead_id"], told["to_stage"], told["at_us"]))
    return looked_up(keys, named.drop_duplicates("key"), "key", "reason")


def _moment(lead_ids: pd.Series[Any], stages: pd.Series[Any], at: pd.Series[Any]) -> pd.Series[Any]:
    keys: pd.Series[Any] = lead_ids + "\x1f" + stages + "\x1f" + at.astype("str")
    return keys


def _clocks(raw: Raw, agreement: Agreement) -> Frame:
    """A clock is settled when it is met in time, else the microsecond after its due time.

    One transferred or cancelled before it ran out is never settled; a breach is certain only once
    its due time has passed, so a period sees it only then.
    """
    clocks = raw["clock"]
    in_time = clocks["ended_us"] <= clocks["due_us"]
    met = in_time.fillna(False) & (clocks["ended_by"] == "met")  # noqa: FBT003  a value, not a switch
    dropped = in_time.fillna(False) & ~met  # noqa: FBT003
    verdict = pd.Series("breached", index=clocks.index, dtype="str").mask(met, "met")
    settled = (clocks["due_us"] + 1).mask(met, clocks["ended_us"])
    frame = clocks.assign(
        verdict=verdict.mask(dropped, None),
        settled_us=settled.mask(dropped, pd.NA),
        wall_us=clocks["ended_us"] - clocks["started_us"],
    )
    attributes = ("channel", "campaign", "industry", "country")
    return with_business(_with_team(_with_lead(frame, raw, attributes), raw), raw["rep"], agreement)


def _speeds(raw: Raw, agreement: Agreement) -> Frame:
    return _with_team(_with_lead(with_speeds(raw, agreement), raw, ("industry", "country")), raw)


def _touches(raw: Raw, _agreement: Agreement) -> Frame:
    return _with_team(_with_lead(raw["touch"], raw), raw)


def _followups(raw: Raw, _agreement: Agreement) -> Frame:
    return _with_team(_with_lead(raw["followup"], raw), raw)


def _attempted(raw: Raw, _agreement: Agreement) -> Frame:
    handoffs = _with_team(_with_lead(raw["handoff"], raw, ("industry", "country")), raw)
    made = looked_up(handoffs["handoff_id"], raw["attempted"], "handoff_id", "attempts")
    return handoffs.assign(attempts=made)[made.notna()].reset_index(drop=True)


def _closings(raw: Raw, agreement: Agreement) -> Frame:
    """Contact is any rep's; a lead that was reached only after the closing was not reached."""
    deals = _deals(raw, agreement)
    closed = deals[deals["closed_us"].notna() & deals["lead_id"].notna()]
    touches = raw["touch"]
    reached = touches[touches["outcome"] == "connected"]
    found = reached.assign(lead_id=survivors(reached["lead_id"], raw["merge"]))
    first = found.groupby("lead_id")["at_us"].min().reset_index()
    leads = survivors(closed["lead_id"], raw["merge"])
    contact = closed["closed_us"] - looked_up(leads, first, "lead_id", "at_us")
    return closed.assign(contact_us=contact.where(contact >= 0))


def _spend(raw: Raw, agreement: Agreement) -> Frame:
    days = raw["spend"]["spent_on"]
    starts = {day: to_us(midnight(day, agreement.timezone)) for day in days.unique()}
    return raw["spend"].assign(at_us=days.map(starts).astype("Int64"))


def _as_it_is(table: str) -> Recipe:
    return Recipe(reads=(table,), make=lambda raw, _agreement: raw[table])


def _earnings(raw: Raw, _agreement: Agreement) -> Frame:
    return earnings(raw)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "leads": Recipe(reads=("lead", "merge", "deal", "move"), make=_leads),
        "entries": Recipe(reads=("lead", "merge", "move", "handoff", "rep"), make=_entries),
        "deals": Recipe(reads=("lead", "deal", "rep"), make=_deals),
        "customers": Recipe(reads=("lead", "deal", "merge", "rep"), make=_customers),
        "amounts": Recipe(reads=("lead", "deal", "deal_version", "rep"), make=_amounts),
        "handoffs": Recipe(reads=("lead", "move", "handoff", "rep"), make=_handoffs),
        "clocks": Recipe(reads=("lead", "clock", "rep"), make=_clocks),
        "speeds": Recipe(reads=READS, make=_speeds),
        "touches": Recipe(reads=("lead", "touch", "rep"), make=_touches),
        "followups": Recipe(reads=("lead", "followup", "rep"), make=_followups),
        "attempted": Recipe(reads=("lead", "handoff", "attempted", "rep"), make=_attempted),
        "closings": Recipe(reads=("lead", "deal", "touch", "merge", "rep"), make=_closings),
        "spend": Recipe(reads=("spend",), make=_spend),
        "goals": _as_it_is("goal"),
        "targets": _as_it_is("target"),
        "rep_days": _as_it_is("rep_day"),
        "batches": _as_it_is("batch"),
        "failings": _as_it_is("failing"),
        "earnings": Recipe(reads=EARNING_READS, make=_earnings),
    }
)
"""How each fact frame is made."""
