"""What open deals are expected to bring, and how wide chance makes it. Exact money, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from accord.agreement import Agreement
from accord.intervals import exact

STEPS = ("opportunity", "proposal", "contracting")
"""The steps of an open deal, in order."""

_BAND = Decimal("1.2815515655446004")
"""The standard normal deviate that leaves 10 % on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How likely a deal in a step is to be won: ``won`` of ``of`` closed ones, or as agreed."""

    share: Fraction
    won: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What deals should bring, and a band: in 8 of 10 cases it is between ``low`` and ``high``.

    The band holds the chance of winning each deal, and nothing else: neither that a rate itself is
    not certain, nor when a deal closes.
    """

    value: Decimal
    low: Decimal
    high: Decimal


def expect(deals: Iterable[tuple[str, int]], chances: Mapping[str, Chance]) -> Expected:
    """Return what deals, each a step and an amount in cents, are expected to bring.

    A deal in a step without a known chance counts nothing. ``low`` is at least 0, ``high`` at most
    the sum of the amounts.
    """
    known = [(chances[step].share, cents) for step, cents in deals if step in chances]
    mean = sum((share * cents for share, cents in known), Fraction(0))
    variance = sum((share * (1 - share) * cents * cents for share, cents in known), Fraction(0))
    with localcontext(prec=50):
        middle, reach = exact(mean), _BAND * exact(variance).sqrt()
        total = Decimal(sum(cents for _, cents in known))
        low, high = max(Decimal(0), middle - reach), min(total, middle + reach)
    return Expected(value=_money(middle), low=_money(low), high=_money(high))


def agreed_chances(agreement: Agreement) -> dict[str, Chance]:
    """Return how likely a deal is to be won from each step on, by the agreed conversions."""
    rates = agreement.targets.conversion
    contracting = Fraction(rates.contracting_to_deal)
    proposal = Fraction(rates.proposal_to_contracting) * contracting
    opportunity = Fraction(rates.opportunity_to_proposal) * proposal
    shares = (opportunity, proposal, contracting)
    return {step: Chance(share=share) for step, share in zip(STEPS, shares, strict=True)}


def _money(cents: Decimal) -> Decimal:
    return (cents / 100).quantize(Decimal("0.01"))
