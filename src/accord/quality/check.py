"""Judging a piece of a batch by the rules about rows."""

from __future__ import annotations

from collections.abc import Sequence

from accord.quality.checked import Piece, Probe, probes
from accord.quality.engine import Positions, failing
from accord.quality.model import Rule
from accord.quality.verdict import Failing, Verdict

_PLACEHOLDER = "{}"


def check_piece(piece: Piece, rules: Sequence[Rule]) -> Verdict:
    """Judge up to some million canonical records by rules about rows.

    Deterministic, row by row: the same row against the same surroundings fails the same rules,
    whatever else is in the piece. AccordError if the rules could not be run as they should.
    """
    by_id = {rule.rule: rule for rule in rules}
    asked = list(probes(piece, rules))
    found = zip(asked, failing(asked), strict=True)
    return Verdict(
        failing=tuple(
            _failing(by_id[probe.rule], probe, positions)
            for probe, positions in found
            if len(positions)
        )
    )


def _failing(rule: Rule, probe: Probe, positions: Positions) -> Failing:
    sentence = str(rule.sentence)
    if _PLACEHOLDER not in sentence:
        return Failing(rule=rule, positions=positions)
    column = probe.column.cat
    worded = [sentence.replace(_PLACEHOLDER, str(word)) for word in column.categories]
    codes = column.codes.to_numpy()[positions]
    return Failing(
        rule=rule, positions=positions, sentences=tuple(worded[code] for code in codes.tolist())
    )
