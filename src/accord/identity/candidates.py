"""Records that may be one person although their mailboxes differ: reported, never merged."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz, process

ALIKE = 88.0
"""From this likeness of names on (0 to 100), two records of one company are worth a look."""

_BLOCK = 200
_LETTERS = 2
_FEW = 12  # from here on one call for all pairs is quicker than a call a pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A lead by name and company: what candidates are found by."""

    lead_id: str
    name: str
    domain: str | None = None
    company_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Two leads that may be one person, how alike their names are, and what they share."""

    lead_id: str
    other_id: str
    likeness: float
    why: str


def find_candidates(leads: Iterable[Named], *, at_least: float = ALIKE) -> list[Candidate]:
    """Return pairs of one company whose names are alike, the most alike first, each pair once.

    One company is one e-mail domain or one company name. Names are compared without case, accents
    and order of words; within a large company only names that share the first letters of a word
    are. So the work grows with the leads, not with their square.
    """
    listed = list(leads)
    folded = [fold_name(lead.name) for lead in listed]
    found: dict[tuple[str, str], Candidate] = {}
    for why, members in _blocks(listed, folded):
        for one, other, likeness in _alike(members, folded, at_least):
            pair = _ordered(listed[one].lead_id, listed[other].lead_id)
            if pair not in found:
                found[pair] = Candidate(
                    lead_id=pair[0], other_id=pair[1], likeness=likeness, why=f"same {why}"
                )
    return sorted(found.values(), key=lambda one: (-one.likeness, one.lead_id, one.other_id))


def fold_name(name: str) -> str:
    """Return a name without case, accents and punctuation, its words in order of the alphabet.

    >>> fold_name("Lovelace, Áda")
    'ada lovelace'
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = (
        "" if "\u0300" <= char <= "\u036f" else char if char.isalnum() else " " for char in plain
    )
    return " ".join(sorted("".join(letters).split()))


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _blocks(leads: Sequence[Named], folded: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield the leads of each company, a large company cut up by the first letters of names."""
    for why in ("domain", "company_key"):
        companies: dict[str, list[int]] = {}
        for at, lead in enumerate(leads):
            key = getattr(lead, why)
            if key is not None and folded[at]:
                companies.setdefault(key, []).append(at)
        label = "domain" if why == "domain" else "company name"
        for members in companies.values():
            if len(members) <= _BLOCK:
                yield label, members
                continue
            for part in _by_letters(members, folded):
                yield label, part


def _by_letters(members: Iterable[int], folded: Sequence[str]) -> Iterator[list[int]]:
    parts: dict[str, list[int]] = {}
    for at in members:
        for letters in {word[:_LETTERS] for word in folded[at].split()}:
            parts.setdefault(letters, []).append(at)
    for part in parts.values():
        ordered = sorted(part, key=folded.__getitem__)
        for start in range(0, len(ordered), _BLOCK // 2):  # neighbours in the alphabet, overlapping
            yield ordered[start : start + _BLOCK]


def _alike(
    members: Sequence[int], folded: Sequence[str], at_least: float
) -> Iterator[tuple[int, int, float]]:
    if len(members) < _FEW:
        for one, other in combinations(members, 2):
            likeness = fuzz.ratio(folded[one], folded[other], score_cutoff=at_least)
            if likeness:
                yield one, other, round(likeness, 1)
        return
    names = [folded[at] for at in members]
    table = process.cdist(names, names, scorer=fuzz.ratio, score_cutoff=at_least)
    for first, second in zip(*table.nonzero(), strict=True):
        if first < second:
            yield members[first], members[second], round(float(table[first, second]), 1)
