"""Promises in words: their titles and amounts, the same on every page."""

from __future__ import annotations

from fractions import Fraction

from accord.metrics import Promise, percent, plain, quotient, shown, titled

_TITLES = {"qualify": "Qualification"}


def title_of(promise: Promise) -> str:
    """Name a promise."""
    if promise.kind == "volume":
        return f"MQLs, {promise.name}"
    return _TITLES.get(promise.name, titled(promise.name))


def amounts_of(promise: Promise) -> tuple[str, str]:
    """Say what was delivered, and of what."""
    if promise.delivered is None:
        return "\u2013", "none due"
    match promise.kind:
        case "volume":
            return f"{int(promise.delivered)}", f"of {_tenths(promise.owed)} planned"
        case "acceptance":
            limit = percent(quotient(promise.limit, 1))
            return percent(quotient(promise.delivered, 1)), f"of {limit} agreed"
        case _:
            return percent(promise.share), f"{int(promise.delivered)} of {int(promise.owed)}"


def _tenths(number: Fraction) -> str:
    return f"{plain(shown(quotient(number, 1), 1)):,f}"
