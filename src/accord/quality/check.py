"""The verdict on a batch: for every failing row every reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from accord.quality.checked import Surroundings, checked_frame
from accord.quality.engine import Positions, failing
from accord.quality.rules import RULES, Rule, Severity
from accord.records import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one row fails: its position in the batch, the rule, what follows, and a sentence."""

    position: int
    rule: str
    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every reason of every row, by position, then in the order of the rules."""

    reasons: tuple[Reason, ...]

    def positions(self, severity: Severity) -> Positions:
        """Return the rows that fail a rule of this severity, each once, in order."""
        found = {reason.position for reason in self.reasons if reason.severity is severity}
        return np.array(sorted(found), dtype=np.int64)


def check_batch(
    entity: Entity, frame: pd.DataFrame, faults: pd.DataFrame, *, around: Surroundings
) -> Verdict:
    """Judge a batch of canonical records by its entity's rules.

    ``frame`` has one column a field of the entity and an index from 0; ``faults`` lists text that
    was no value of its field (position, field, expected). Deterministic: the same batch against
    the same surroundings gives the same reasons.
    """
    checked = checked_frame(entity, frame, faults, around)
    found = [
        (int(position), place, rule)
        for place, (rule, positions) in enumerate(
            failing(checked, RULES[entity], as_of=around.as_of)
        )
        for position in positions
    ]
    found.sort(key=lambda one: one[:2])
    return Verdict(reasons=tuple(_reason(checked, at, rule) for at, _, rule in found))


def _reason(checked: pd.DataFrame, position: int, rule: Rule) -> Reason:
    sentence = rule.sentence
    if "{}" in sentence:
        sentence = sentence.replace("{}", str(checked[rule.column].iloc[position]))
    return Reason(position=position, rule=rule.rule, severity=rule.severity, sentence=sentence)
