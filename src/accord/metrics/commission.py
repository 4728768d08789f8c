"""What marketing is paid: for what sales accepted, and of what it won.

One shared interest. An accepted MQL is a hand-off at mql whose lead entered sal, once a cycle, at
that instant; won revenue is the amount of a won deal that leads back to a hand-off at mql, at its
closing. The rates are those of the agreement in force then: a later version rewrites nothing. Each
line is rounded half up to the cent, once; a total is the sum of its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from accord.agreement import Agreement
from accord.metrics.attribution import READS as TRACE_READS
from accord.metrics.attribution import cycles_handed_over, trace_won
from accord.metrics.numbers import shown
from accord.metrics.periods import Period
from accord.records import from_us, to_us

Raw = Mapping[str, pd.DataFrame]
Frame = pd.DataFrame

READS = (*TRACE_READS, "rates")
"""The tables that earnings are made of, by their short names."""

_LONG_AGO_US = np.iinfo(np.int64).min


class Earned(StrEnum):
    """What marketing is paid for."""

    ACCEPTED_MQL = "accepted_mql"
    WON_REVENUE = "won_revenue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What an agreement pays from an instant on; ``teams`` says whose each channel is."""

    since_us: int
    version: str
    per_accepted_mql: Decimal
    of_won_revenue: Decimal
    teams: Mapping[str, str]

    @classmethod
    def of(cls, agreement: Agreement, *, since: datetime) -> Rates:
        """Read them from an agreement."""
        terms = agreement.commission.marketing
        teams = agreement.teams.items()
        return cls(
            since_us=to_us(since),
            version=agreement.version,
            per_accepted_mql=terms.per_accepted_mql,
            of_won_revenue=terms.of_won_revenue,
            teams={channel: name for name, team in teams for channel in team.channels},
        )


def rates_table(spans: Sequence[tuple[datetime, Agreement | None]]) -> Frame:
    """Return the agreements over time as a table for :func:`earnings`: since_us and rates.

    ``spans`` says since when each is in force, in order; where none is, nothing is earned.
    """
    return pd.DataFrame(
        {
            "since_us": pd.array([to_us(since) for since, _ in spans], dtype="Int64"),
            "rates": pd.Series(
                [None if one is None else Rates.of(one, since=since) for since, one in spans],
                dtype="object",
            ),
        }
    )


def earnings(raw: Raw) -> Frame:
    """Return one row an item that marketing is paid for, if an agreement was in force.

    Columns: kind (see :class:`Earned`), at_us, handoff_id, deal_id (missing for an accepted MQL),
    lead_id, segment, channel, campaign, marketing_team (whose channel it was then), version of the
    agreement, rate, base_cents (the deal's amount) and amount_cents, what is paid. Where no
    agreement was in force, or no amount is stated, amount_cents is missing.
    """
    cycles = cycles_handed_over(raw)
    won = trace_won(raw, cycles)
    accepted = cycles[cycles["accepted_us"].notna()].assign(kind=Earned.ACCEPTED_MQL.value)
    items = pd.concat(
        [
            accepted.assign(at_us=accepted["accepted_us"])[list(_ITEM)],
            won[won["why"].isna()].assign(kind=Earned.WON_REVENUE.value)[[*_ITEM, *_OF_DEAL]],
        ],
        ignore_index=True,
    )
    items = items.rename(columns={"amount_cents": "base_cents"})
    rates = _rates_at(items["at_us"], raw["rates"])
    paid = _paid(items["kind"] == Earned.ACCEPTED_MQL.value, items["base_cents"], rates)
    return items.assign(
        deal_id=items["deal_id"].astype("str"),
        base_cents=items["base_cents"].astype("Int64"),
        marketing_team=_teams(items["channel"], rates),
        version=pd.Series([one and one.version for one in rates], dtype="str"),
        rate=pd.Series([rate for rate, _ in paid], dtype="object"),
        amount_cents=pd.array([cents for _, cents in paid], dtype="Int64"),
    )


_ITEM = ("kind", "at_us", "handoff_id", "lead_id", "segment", "channel", "campaign")
_OF_DEAL = ("deal_id", "amount_cents")


def _rates_at(instants: pd.Series[Any], table: Frame) -> list[Rates | None]:
    """Return what was paid at each instant; None before the first agreement, and at none."""
    since = table["since_us"].to_numpy(np.int64)
    known = instants.astype("Int64").to_numpy(np.int64, na_value=_LONG_AGO_US)
    rates = (None, *table["rates"])
    return [rates[place] for place in np.searchsorted(since, known, side="right")]


def teams_at(instants: pd.Series[Any], channels: pd.Series[Any], table: Frame) -> pd.Series[Any]:
    """Return the marketing team whose each channel was at an instant, by the agreement then."""
    return _teams(channels, _rates_at(instants, table))


def _teams(channels: pd.Series[Any], rates: Sequence[Rates | None]) -> pd.Series[Any]:
    found = [
        None if rate is None else rate.teams.get(channel)
        for channel, rate in zip(channels, rates, strict=True)
    ]
    return pd.Series(found, index=channels.index, dtype="str")


def _paid(
    accepted: pd.Series[Any], bases: pd.Series[Any], rates: Sequence[Rates | None]
) -> list[tuple[Decimal | None, int | None]]:
    """Return the rate of each item, and what is paid for it in cents."""
    whole = [None if pd.isna(base) else int(base) for base in bases]
    return [
        _pay(one, is_accepted=bool(is_accepted), base=base)
        for is_accepted, base, one in zip(accepted, whole, rates, strict=True)
    ]


def _pay(
    rates: Rates | None, *, is_accepted: bool, base: int | None
) -> tuple[Decimal | None, int | None]:
    if rates is None:
        return None, None
    if is_accepted:
        return rates.per_accepted_mql, _cents(rates.per_accepted_mql)
    share = rates.of_won_revenue
    return share, None if base is None else _share(base, share)


@cache
def _cents(amount: Decimal) -> int:
    """An amount in cents, rounded half up: an agreement has one for thousands of items."""
    return int(shown(amount, 2).scaleb(2))


def _share(cents: int, share: Decimal) -> int:
    """Return a share of an amount in cents, rounded half up once; a negative one away from zero.

    >>> _share(25, Decimal("0.5")), _share(25, Decimal("0.4999")), _share(-25, Decimal("0.5"))
    (13, 12, -13)
    """
    over, under = share.as_integer_ratio()
    size = (2 * abs(cents) * over + under) // (2 * under)
    return size if cents >= 0 else -size


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a statement; ids only. ``base`` is one MQL, or the deal's amount if stated."""

    kind: Earned
    at: datetime
    handoff_id: str
    deal_id: str | None
    lead_id: str
    segment: str | None
    channel: str | None
    campaign: str | None
    marketing_team: str | None
    version: str
    rate: Decimal
    base: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtotal:
    """The lines of one member: how many MQLs, how many deals, what they brought, what is paid."""

    member: str
    accepted: int
    won: int
    revenue: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What marketing is paid for a period, line by line in the order in which it was earned.

    ``unagreed`` counts what was accepted or won while no agreement was in force: it pays nothing.
    """

    period: Period
    partial: bool
    currency: str
    lines: tuple[Line, ...]
    unagreed: int

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the agreement whose rates are paid, in order."""
        return tuple(sorted({line.version for line in self.lines}))

    @property
    def total(self) -> Decimal:
        """The sum of the lines."""
        return self.whole.amount

    @property
    def whole(self) -> Subtotal:
        """All lines as one."""
        return _subtotal("", self.lines)

    def by(self, dimension: str) -> tuple[Subtotal, ...]:
        """Add the lines up by kind, marketing_team, channel, campaign or segment.

        Most first, those without a member last. The amounts add up to the total.
        """
        groups: dict[str, list[Line]] = {}
        for line in self.lines:
            groups.setdefault(getattr(line, dimension) or "", []).append(line)
        found = [_subtotal(member, lines) for member, lines in groups.items()]
        return tuple(sorted(found, key=lambda one: (one.member == "", -one.amount, one.member)))


def _subtotal(member: str, lines: Sequence[Line]) -> Subtotal:
    deals = [line for line in lines if line.kind is Earned.WON_REVENUE]
    return Subtotal(
        member=member,
        accepted=len(lines) - len(deals),
        won=len(deals),
        revenue=sum((line.base for line in deals if line.base is not None), Decimal("0.00")),
        amount=sum((line.amount for line in lines), Decimal("0.00")),
    )


def state_commission(earned: Frame, period: Period, *, as_of: datetime, currency: str) -> Statement:
    """Write the statement of a period from the frame of :func:`earnings`, as it stands at as_of.

    An item at the very start of the period is of it, one at its end is of the next.
    """
    last = min(to_us(period.end) - 1, to_us(as_of))
    within = earned["at_us"].between(to_us(period.start), last).fillna(value=False)
    items = earned[within.astype(bool)]
    agreed = items[items["rate"].notna()]
    return Statement(
        period=period,
        partial=period.is_partial(as_of),
        currency=currency,
        lines=tuple(sorted(_lines(agreed), key=_order)),
        unagreed=len(items) - len(agreed),
    )


def _lines(items: Frame) -> Iterator[Line]:
    for row in items.to_dict("records"):
        kind = Earned(row["kind"])
        base = Decimal(1) if kind is Earned.ACCEPTED_MQL else _money(row["base_cents"])
        yield Line(
            kind=kind,
            at=from_us(int(row["at_us"])),
            base=base,
            rate=row["rate"],
            amount=_money(row["amount_cents"]) or Decimal("0.00"),
            handoff_id=str(row["handoff_id"]),
            lead_id=str(row["lead_id"]),
            version=str(row["version"]),
            deal_id=_text(row["deal_id"]),
            segment=_text(row["segment"]),
            channel=_text(row["channel"]),
            campaign=_text(row["campaign"]),
            marketing_team=_text(row["marketing_team"]),
        )


def _order(line: Line) -> tuple[datetime, str, str, str]:
    return line.at, line.kind.value, line.handoff_id, line.deal_id or ""


def _money(cents: Any) -> Decimal | None:
    return None if pd.isna(cents) else Decimal(int(cents)).scaleb(-2)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
