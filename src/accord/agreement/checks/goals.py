"""Targets: nothing is derived from the revenue shares, so a contradiction is worth saying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from accord.agreement.checks.wording import fault
from accord.agreement.tree import Tree
from accord.agreement.values import parse_number, parse_share
from accord.findings import Finding

_SHOWN = Fraction(1, 1_000)  # shares that agree to a tenth of a percent are not worth a word


@dataclass(frozen=True, slots=True)
class _Goal:
    name: str
    revenue: Decimal
    share: Decimal


def warn_shares_against_targets(tree: Tree) -> Iterator[Finding]:
    """The printed revenue shares and the targets say the same."""
    goals = _goals(tree)
    total = sum((goal.revenue for goal in goals), Decimal(0))
    if not total or all(_agrees(goal, total) for goal in goals):
        return
    names, revenues = _listed(goal.name for goal in goals), _listed(goal.revenue for goal in goals)
    actual = _listed(_percent(Fraction(goal.revenue) / Fraction(total)) for goal in goals)
    printed = _listed(_percent(Fraction(goal.share)) for goal in goals)
    implied = _listed(_implied_total(goal) for goal in goals)
    sentence = (
        f"the targets of {names}, {revenues}, are {actual} % of their sum {total:f}; the printed"
        f" shares {printed} % contradict them, and imply totals of {implied}"
    )
    remedy = "Nothing is derived from the shares; correct them, or the targets."
    yield fault("shares_against_targets", "targets.segments", sentence, remedy)


def warn_shares_not_whole(tree: Tree) -> Iterator[Finding]:
    """The printed revenue shares add up to one."""
    goals = _goals(tree)
    total = sum((goal.share for goal in goals), Decimal(0))
    if goals and total != 1:
        sentence = f"the revenue shares add up to {_percent(Fraction(total))} %, not to 100 %"
        yield fault("shares_not_whole", "targets.segments", sentence, "Correct them.")


def _goals(tree: Tree) -> list[_Goal]:
    """List the segments' goals; none unless every segment has a share."""
    goals = []
    for path, target in tree.maps("targets.segments.*"):
        revenue, share = target.get("revenue"), target.get("revenue_share")
        if revenue is None or share is None:
            return []
        goals.append(_Goal(path.rpartition(".")[2], parse_number(revenue), parse_share(share)))
    return goals


def _agrees(goal: _Goal, total: Decimal) -> bool:
    return abs(Fraction(goal.revenue) / Fraction(total) - Fraction(goal.share)) < _SHOWN


def _implied_total(goal: _Goal) -> str:
    if not goal.share:
        return "none"
    return _decimal_text(Fraction(goal.revenue) / Fraction(goal.share), places=0)


def _percent(share: Fraction) -> str:
    return _decimal_text(share * 100, places=1)


def _decimal_text(figure: Fraction, *, places: int) -> str:
    """Write a figure with so many decimals, half up, without zeros at the end."""
    scaled = (figure * 10**places + Fraction(1, 2)).__floor__()
    text = f"{Decimal(scaled).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(items: Any) -> str:
    return " / ".join(f"{item:f}" if isinstance(item, Decimal) else str(item) for item in items)
