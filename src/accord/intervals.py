"""How sure a share of few is: the Wilson score interval. Exact arithmetic, nothing else."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

_Z = Decimal("1.959963984540054")
"""The standard normal deviate that leaves 2.5 % on either side."""

_PRECISION = 60


def wilson(count: int | Fraction, of: int) -> tuple[Decimal, Decimal]:
    """Return the limits between which the true share lies in 95 of 100 cases.

    They are the two p with ``|count/of - p| = z sqrt(p (1 - p) / of)``, to 50 digits; ``of`` is at
    least 1 and ``count``, which need not be whole, from 0 to it. (Wilson 1927, JASA 22, 209-212.)

    >>> low, high = wilson(15, 148)
    >>> f"{low:.4f} {high:.4f}"
    '0.0624 0.1605'
    """
    with localcontext(prec=_PRECISION):
        square = _Z * _Z
        middle = exact(Fraction(2 * count)) + square
        reach = _Z * (square + exact(Fraction(4 * count * (of - count)) / of)).sqrt()
        whole = 2 * (of + square)
        return abs((middle - reach) / whole), (middle + reach) / whole  # a limit of 0 has no sign


def exact(value: Fraction) -> Decimal:
    """Return a fraction as a decimal, as precise as the context is."""
    return Decimal(value.numerator) / Decimal(value.denominator)
