"""Two agreements side by side, for people and for programs: what differs, and whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from accord.agreement import Agreement
from accord.agreement.differences import Difference, find_differences
from accord.agreement.written import say_all, say_count, say_name
from accord.findings import Finding
from accord.services.agreement_effect import Effect, Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementDiff:
    """What differs between two agreements; ``effect`` is None where nobody asked or is there.

    ``warnings`` are about the new one: what looks like a slip though it may be signed.
    """

    old: Agreement
    new: Agreement
    differences: tuple[Difference, ...]
    effect: Effect | None = None
    warnings: tuple[Finding, ...] = ()

    @property
    def values(self) -> Mapping[str, Any]:
        """All of it as plain values."""
        return {
            "old": _identity(self.old),
            "new": _identity(self.new),
            "differences": [asdict(one) for one in self.differences],
            "warnings": [asdict(one) for one in self.warnings],
            "effect": None if self.effect is None else _effect_values(self.effect),
        }


def compare_agreements(
    old: Agreement,
    new: Agreement,
    *,
    effect: Effect | None = None,
    warnings: tuple[Finding, ...] = (),
) -> AgreementDiff:
    """Put two agreements side by side."""
    differences = find_differences(old, new)
    return AgreementDiff(
        old=old, new=new, differences=differences, effect=effect, warnings=warnings
    )


def diff_lines(diff: AgreementDiff) -> Iterator[str]:
    """Yield the comparison as lines: a headline, differences by section, warnings, effect."""
    yield _headline(diff)
    for section, found in groupby(diff.differences, key=lambda one: one.section):
        yield ""
        yield section
        yield from (f"- {one.sentence}" for one in found)
    if diff.warnings:
        yield ""
        yield "Look again"
        yield from (f"- {warning}" for warning in diff.warnings)
    if diff.effect is not None:
        yield ""
        yield "Effect on what is there now"
        yield from (f"- {sentence}" for sentence in effect_sentences(diff.effect))


def effect_sentences(effect: Effect) -> Iterator[str]:
    """Say what would be otherwise for leads, queue and clocks, each in a sentence with counts."""
    if effect.leads:
        yield from _threshold_sentences(effect)
        yield _moved_sentence(effect.segments, "lead would be in another segment", of=effect.leads)
    else:
        yield "No lead is known here yet."
    if effect.waiting:
        what = "waiting lead would go to another team"
        yield _moved_sentence(effect.teams, what, of=effect.waiting)
    if effect.clocks:
        yield _clock_sentence(effect)


def _headline(diff: AgreementDiff) -> str:
    versions = f"version {diff.old.version} ({diff.old.fingerprint[:12]})"
    other = f"version {diff.new.version} ({diff.new.fingerprint[:12]})"
    if not diff.differences:
        return f"{versions} and {other} say the same."
    return f"{versions} -> {other}: {say_count(len(diff.differences), 'difference')}"


def _threshold_sentences(effect: Effect) -> Iterator[str]:
    looked_at = effect.leads - effect.settled
    mql_gained, mql_lost = len(effect.mql_gained), len(effect.mql_lost)
    yield (
        f"Of {say_count(looked_at, 'lead')} that neither bought nor were disqualified,"
        f" {mql_gained:,} would come over the MQL threshold and {mql_lost:,} fall below it."
    )
    hot_gained, hot_lost = len(effect.hot_gained), len(effect.hot_lost)
    yield f"{hot_gained:,} would become hot and {hot_lost:,} cease to be hot."


def _moved_sentence(moves: Sequence[Moved], what: str, *, of: int) -> str:
    count = sum(len(one.lead_ids) for one in moves)
    noun, _, rest = what.partition(" would")
    said = f"{say_count(count, noun)} of {of:,} would{rest}"
    details = (
        f"{len(one.lead_ids):,} from {say_name(one.before)} to {say_name(one.after)}"
        for one in moves
    )
    return f"{said}: {say_all(details)}." if moves else f"{said}."


def _clock_sentence(effect: Effect) -> str:
    running = sum(one.running for one in effect.clocks)
    other = [one for one in effect.clocks if one.other]
    said = f"{say_count(running, 'running clock')} would keep the terms they were started with"
    if not other:
        return f"{said}; a new one of any of them would have the same."
    details = (f"{one.other:,} of {one.running:,} for {say_name(one.term)}" for one in other)
    return f"{said}; started anew, these would have others: {say_all(details)}."


def _identity(agreement: Agreement) -> Mapping[str, Any]:
    return {
        "version": agreement.version,
        "fingerprint": agreement.fingerprint,
        "effective_from": agreement.effective_from,
    }


def _effect_values(effect: Effect) -> Mapping[str, Any]:
    return {**asdict(effect), "sentences": list(effect_sentences(effect))}
