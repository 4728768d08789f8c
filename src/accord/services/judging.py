"""Judging a batch, piece by piece and then as a whole: what fails, is tolerated, or waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.quality_rows import read_past
from accord.quality import (
    FEWEST,
    Leads,
    Measured,
    Measures,
    Past,
    Piece,
    Rule,
    Severity,
    Surroundings,
    Verdict,
    check_batch,
    check_piece,
    lists_of,
    needs_past,
)
from accord.services.policies import quality_policy
from accord.services.workspace import Workspace
from accord.sources import Records, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What is to be said of a batch once all of it was seen.

    ``hold``: it waits for a person. ``tolerated`` are the rules whose ``mostly`` is met: nothing
    follows for their rows. ``results`` are rows of the ledger's table ``quality`` without the
    batch: the rules about rows that any row fails, and the rules about the batch that had enough to
    go by. Rules that every row passes leave no trace: thousands of small batches would each leave
    a dozen. ``profile`` is kept with the batch; its ``rows`` counts all.
    """

    hold: bool
    tolerated: frozenset[str]
    findings: tuple[Finding, ...]
    results: tuple[dict[str, Any], ...]
    profile: Mapping[str, float | int | str | None]


class Judge:
    """Judges one batch by the policy in force: :meth:`look` at each piece, then :meth:`conclude`.

    A batch that a person has ``accepted`` is asked nothing as a whole, and never held: only its
    rows are judged. QualityError if the policy is at fault.
    """

    def __init__(
        self,
        workspace: Workspace,
        source: Source,
        *,
        agreement: Agreement,
        as_of: datetime,
        known_leads: Leads,
        accepted: bool = False,
    ) -> None:
        self._workspace = workspace
        self._source = source
        self._as_of = as_of
        self._suite = quality_policy(workspace.settings).suite(source.name, source.entity)
        self._around = Surroundings(as_of=as_of, leads=known_leads, lists=lists_of(agreement))
        self._accepted = accepted
        self._measures = Measures(entity=source.entity, rules=self._suite.batches)
        self._sentences: dict[str, Counter[str]] = {}

    def look(self, records: Records) -> Verdict:
        """Judge one piece by the rules about rows, and count it."""
        piece = Piece(
            entity=self._source.entity,
            frame=records.frame,
            faults=records.faults,
            around=self._around,
        )
        verdict = check_piece(piece, self._suite.rows)
        self._measures.add(piece, verdict.positions(Severity.QUARANTINE))
        for one in verdict.failing:
            counted = self._sentences.setdefault(one.rule.rule, Counter())
            if one.sentences is None:
                counted[str(one.rule.sentence)] += len(one.positions)
            else:
                counted.update(one.sentences)
        return verdict

    def conclude(self) -> Conclusion:
        """Say what follows for the batch as a whole."""
        failed = [rule for rule in self._suite.rows if rule.rule in self._sentences]
        tolerated = frozenset(rule.rule for rule in failed if self._is_tolerated(rule))
        acted = [rule for rule in failed if rule.rule not in tolerated]
        measured = () if self._accepted else self._measured()
        out = [one for one in measured if not one.within]
        holds = [] if self._accepted else acted
        holding = [rule for rule in holds if rule.severity is Severity.HOLD]
        return Conclusion(
            hold=bool(holding) or any(one.rule.severity is Severity.HOLD for one in out),
            tolerated=tolerated,
            findings=(
                *(self._finding_of_rows(rule) for rule in holding),
                *(self._finding(one) for one in out),
            ),
            results=(
                *(self._result_of_rows(rule, tolerated) for rule in failed),
                *(_result(one) for one in measured),
            ),
            profile=self._measures.profile(),
        )

    def _measured(self) -> tuple[Measured, ...]:
        return check_batch(
            self._measures, past=self._past(), as_of=self._as_of, lists=self._around.lists
        )

    def _past(self) -> list[Past]:
        weeks = needs_past(self._suite.batches)
        if not weeks:
            return []
        since = self._as_of - timedelta(weeks=weeks)
        with self._workspace.ledger.read() as connection:
            rows = read_past(connection, self._source.name, since=since)
        return [
            Past(taken_at=row["taken_at"], rows=row["rows_in"], profile=row["profile"] or {})
            for row in rows
        ]

    def _failing(self, rule: Rule) -> int:
        return self._sentences[rule.rule].total()

    def _is_tolerated(self, rule: Rule) -> bool:
        """Say whether enough rows pass; a share of few rows says nothing and holds no batch."""
        if rule.mostly is None:
            return False
        rows = self._measures.rows
        if rows - self._failing(rule) >= rule.mostly * rows:
            return True
        return rule.severity is Severity.HOLD and rows < FEWEST

    def _result_of_rows(self, rule: Rule, tolerated: frozenset[str]) -> dict[str, Any]:
        ((sentence, _),) = self._sentences[rule.rule].most_common(1)
        return {
            "rule": rule.rule,
            "severity": rule.severity.value,
            "checked": self._measures.rows,
            "failing": self._failing(rule),
            "outcome": "tolerated" if rule.rule in tolerated else "acted",
            "sentence": sentence,
        }

    def _finding_of_rows(self, rule: Rule) -> Finding:
        said = f"{self._failing(rule)} of {self._measures.rows} rows fail {rule.rule}"
        return Finding(
            rule=f"quality.{rule.rule}",
            subject=self._source.name,
            sentence=f"{said}; the whole batch is held, nothing is taken.",
            remedy=_HELD,
        )

    def _finding(self, measured: Measured) -> Finding:
        held = measured.rule.severity is Severity.HOLD
        tail = "; the whole batch is held, nothing is taken" if held else ""
        return Finding(
            rule=f"quality.{measured.rule.rule}",
            subject=self._source.name,
            sentence=f"{measured.sentence}{tail}.",
            remedy=_HELD if held else "Look at the source; the batch is taken all the same.",
        )


_HELD = "Correct the file or its mapping, or let it in by accord quality accept."


def _result(measured: Measured) -> dict[str, Any]:
    return {
        "rule": measured.rule.rule,
        "severity": measured.rule.severity.value,
        "checked": 0,
        "failing": int(not measured.within),
        "outcome": "passed" if measured.within else "acted",
        "sentence": measured.sentence,
    }
