"""The verdict on a piece of a batch, by columns: which rows fail which rule, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from accord.quality.model import Rule, Severity

Positions = np.ndarray[Any, np.dtype[np.int64]]
_NONE: Positions = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """The rows that fail one rule: their positions in the piece, sorted.

    ``sentences`` says why, a row each in the same order; None where the rule's own says it for all.
    """

    rule: Rule
    positions: Positions
    sentences: tuple[str, ...] | None = None

    def sentence(self, at: int) -> str:
        """Say why the row at this place of ``positions`` fails."""
        return str(self.rule.sentence) if self.sentences is None else self.sentences[at]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every rule that rows of a piece fail, in the order of the policy."""

    failing: tuple[Failing, ...] = ()

    def positions(self, severity: Severity) -> Positions:
        """Return the rows that fail a rule of this severity, each once, in order."""
        found = [one.positions for one in self.failing if one.rule.severity is severity]
        return np.unique(np.concatenate(found)) if found else _NONE

    def reasons(self, position: int) -> list[dict[str, str]]:
        """Return every reason of one row, in the order of the policy: rule and sentence."""
        found = []
        for one in self.failing:
            at = int(np.searchsorted(one.positions, position))
            if at < len(one.positions) and one.positions[at] == position:
                found.append({"rule": one.rule.rule, "sentence": one.sentence(at)})
        return found

    def without(self, rules: Collection[str]) -> Verdict:
        """Return the verdict as if these rules were not asked."""
        if not rules:
            return self
        return Verdict(failing=tuple(one for one in self.failing if one.rule.rule not in rules))
