"""Won deals as they are told: what led to each, when it was first touched, and the sums.

Made of the frame of :func:`accord.metrics.attribution.trace_won` and of first touches. Ids only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pandas as pd

from accord.metrics.attribution import Untraced
from accord.metrics.commission import teams_at
from accord.metrics.numbers import quotient
from accord.records import HandoffStage, Origin, from_us, to_text

_US_PER_DAY = 86_400_000_000

Touches = Mapping[str, tuple[int, str]]
"""The first touch of each lead: when, in microseconds, and of what kind."""


class NoTouch(StrEnum):
    """Why a deal has no first touch of a side."""

    NO_LEAD = "no_lead"  # the deal names none
    ERASED = "erased"  # what the person did is gone
    NONE_KNOWN = "none_known"  # nobody has told of any
    ONLY_LATER = "only_after_closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTouch:
    """The first touch of one side; ``days`` (of 24 hours) from it to the closing, if known."""

    at: datetime
    kind: str
    days: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origination:
    """A hand-off that led to a deal."""

    handoff_id: str
    stage: HandoffStage
    at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedDeal:
    """One won deal. ``why`` says why it is not traced; None where it is, and ``mql`` is there."""

    deal_id: str
    closed_at: datetime | None
    amount: Decimal | None
    cost: Decimal | None
    lead_id: str | None
    mql: Origination | None
    sql: Origination | None
    channel: str | None
    campaign: str | None
    marketing_team: str | None
    segment: str | None
    rep: str | None
    marketing_touch: FirstTouch | NoTouch
    sales_touch: FirstTouch | NoTouch
    why: Untraced | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "deal_id": self.deal_id,
            "closed_at": None if self.closed_at is None else to_text(self.closed_at),
            "amount": self.amount,
            "cost": self.cost,
            "lead_id": self.lead_id,
            "handoff_at_mql": _handed(self.mql),
            "handoff_at_sql": _handed(self.sql),
            "channel": self.channel,
            "campaign": self.campaign,
            "marketing_team": self.marketing_team,
            "segment": self.segment,
            "rep": self.rep,
            "first_marketing_touch": _touched(self.marketing_touch),
            "first_sales_touch": _touched(self.sales_touch),
            "why": None if self.why is None else self.why.value,
        }


def _handed(one: Origination | None) -> dict[str, str] | None:
    if one is None:
        return None
    at = to_text(one.at)
    return {"handoff_id": one.handoff_id, "at": at, "origin": one.origin.value}


def _touched(one: FirstTouch | NoTouch) -> dict[str, Any]:
    if isinstance(one, NoTouch):
        return {"at": None, "kind": None, "days_to_closing": None, "missing": one.value}
    at, days = to_text(one.at), one.days
    return {"at": at, "kind": one.kind, "days_to_closing": days, "missing": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Won deals, in the order of their closing; those without a date last."""

    deals: tuple[AttributedDeal, ...]
    currency: str

    @property
    def revenue(self) -> Decimal:
        """What was won: the metric ``revenue`` of the same time."""
        return _sum(self.deals)

    @property
    def traced(self) -> Decimal:
        """What of it leads back to a hand-off at mql."""
        return _sum(deal for deal in self.deals if deal.why is None)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: money as exact text, instants in UTC."""
        return {
            "currency": self.currency,
            "revenue": self.revenue,
            "traced": self.traced,
            "untraced": [
                {"why": why.value, "deals": count, "amount": amount}
                for why, (count, amount) in self.untraced.items()
            ],
            "deals": [deal.as_dict() for deal in self.deals],
        }

    @property
    def untraced(self) -> dict[Untraced, tuple[int, Decimal]]:
        """How many deals lead nowhere, and what they brought, by reason; with the traced: all."""
        found = {}
        for reason in Untraced:
            deals = [deal for deal in self.deals if deal.why is reason]
            if deals:
                found[reason] = (len(deals), _sum(deals))
        return found


def _sum(deals: Any) -> Decimal:
    return sum((deal.amount for deal in deals if deal.amount is not None), Decimal("0.00"))


def attribute(
    traced: pd.DataFrame,
    rates: pd.DataFrame,
    *,
    marketing: Touches,
    sales: Touches,
    erased: frozenset[str],
    currency: str,
) -> Attribution:
    """Tell traced deals: ``traced`` as by trace_won, ``rates`` as by rates_table.

    A touch at the instant of the closing is before it. The marketing team is whose the channel was
    by the agreement in force at the closing.
    """
    teams = teams_at(traced["at_us"], traced["channel"], rates)
    rows = traced.assign(marketing_team=teams).sort_values(["at_us", "deal_id"], kind="stable")
    return Attribution(
        deals=tuple(_deals(rows, marketing=marketing, sales=sales, erased=erased)),
        currency=currency,
    )


def _deals(
    rows: pd.DataFrame, *, marketing: Touches, sales: Touches, erased: frozenset[str]
) -> Iterator[AttributedDeal]:
    for row in rows.to_dict("records"):
        lead_id, closed_us = _text(row["lead_id"]), _whole(row["at_us"])
        gone = NoTouch.ERASED if lead_id in erased else NoTouch.NONE_KNOWN
        why = _text(row["why"])
        yield AttributedDeal(
            deal_id=str(row["deal_id"]),
            closed_at=None if closed_us is None else from_us(closed_us),
            amount=_money(row["amount_cents"]),
            cost=_money(row["cost_cents"]),
            lead_id=lead_id,
            mql=_origination(row, HandoffStage.MQL, "handoff_id"),
            sql=_origination(row, HandoffStage.SQL, "sql_handoff_id"),
            marketing_touch=_first(marketing, lead_id, closed_us, otherwise=gone),
            sales_touch=_first(sales, lead_id, closed_us, otherwise=NoTouch.NONE_KNOWN),
            why=None if why is None else Untraced(why),
            **{name: _text(row[name]) for name in _TEXTS},
        )


_TEXTS = ("channel", "campaign", "marketing_team", "segment", "rep")


def _origination(row: Mapping[Any, Any], stage: HandoffStage, key: str) -> Origination | None:
    if pd.isna(row[key]):
        return None
    return Origination(
        handoff_id=str(row[key]),
        stage=stage,
        at=from_us(int(row[f"{stage}_us"])),
        origin=Origin(row[f"{stage}_origin"]),
    )


def _first(
    touches: Touches, lead_id: str | None, closed_us: int | None, *, otherwise: NoTouch
) -> FirstTouch | NoTouch:
    if lead_id is None:
        return NoTouch.NO_LEAD
    if lead_id not in touches:
        return otherwise
    at, kind = touches[lead_id]
    if closed_us is not None and at > closed_us:
        return NoTouch.ONLY_LATER
    days = None if closed_us is None else quotient(closed_us - at, _US_PER_DAY)
    return FirstTouch(at=from_us(at), kind=kind, days=days)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _money(cents: Any) -> Decimal | None:
    return None if pd.isna(cents) else Decimal(int(cents)).scaleb(-2)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
