"""How one list differs from another: what came, what went, what changed, what order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from accord.agreement.differences.model import Kind
from accord.agreement.differences.told import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """One change of a list; ``words`` say it, without the name of the list."""

    kind: Kind
    words: str
    before: str | None = None
    after: str | None = None


def compare_lists(old: Listing, new: Listing) -> Iterator[ListChange]:
    """Yield every change between two lists, at least one unless they are equal."""
    if Counter(old.words) != Counter(new.words):
        is_numbered = old.is_numbered or new.is_numbered
        changes = _by_place if is_numbered else _by_word
        yield from changes(old.words, new.words)
    yield from compare_orders(old, new)


def compare_orders(old: Listing, new: Listing) -> Iterator[ListChange]:
    """Yield the change of order among what both lists have, if there is one."""
    before, after = _kept(old.words, new.words), _kept(new.words, old.words)
    if before != after:
        yield ListChange(
            kind="reordered",
            words=f"the order changes: {_listed(before)} -> {_listed(after)}",
            before=_listed(before),
            after=_listed(after),
        )


def _by_word(old: Sequence[str], new: Sequence[str]) -> Iterator[ListChange]:
    for word in (Counter(old) - Counter(new)).elements():
        yield ListChange(kind="removed", words=f"no longer {word}", before=word)
    for word in (Counter(new) - Counter(old)).elements():
        yield ListChange(kind="added", words=f"new: {word}", after=word)


def _by_place(old: Sequence[str], new: Sequence[str]) -> Iterator[ListChange]:
    """Pair off what was replaced by as much; what only moved is the order's to tell."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    for _, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left = [(at + 1, old[at]) for at in range(low, high) if _take(gone, old[at])]
        right = [(at + 1, new[at]) for at in range(start, end) if _take(come, new[at])]
        paired = min(len(left), len(right))
        for (number, before), (_, after) in zip(left[:paired], right[:paired], strict=True):
            words = f"no. {number}: {before} -> {after}"
            yield ListChange(kind="changed", words=words, before=before, after=after)
        for number, before in left[paired:]:
            words = f"no longer no. {number}: {before}"
            yield ListChange(kind="removed", words=words, before=before)
        for number, after in right[paired:]:
            yield ListChange(kind="added", words=f"new no. {number}: {after}", after=after)


def _take(counts: Counter[str], word: str) -> bool:
    if not counts[word]:
        return False
    counts[word] -= 1
    return True


def _kept(words: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Return the words that both lists have, as often as both have them, in their order."""
    left = Counter(words) & Counter(others)
    return tuple(word for word in words if _take(left, word))


def _listed(words: Sequence[str]) -> str:
    return "; ".join(words)
