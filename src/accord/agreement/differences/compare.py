"""Two agreements side by side: every difference once, by section, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accord.agreement.differences.lists import compare_lists, compare_orders
from accord.agreement.differences.model import Difference, Kind
from accord.agreement.differences.places import (
    SECTIONS,
    entry_of,
    say_aspect,
    say_place,
    section_of,
)
from accord.agreement.differences.rewritten import find_rewritten
from accord.agreement.differences.spelling import spell_alike
from accord.agreement.differences.told import ORDER, Listing, Path, Told, tell
from accord.agreement.model import Agreement
from accord.agreement.written import say_all

_NOT_STATED = "not stated"


def find_differences(old: Agreement, new: Agreement) -> tuple[Difference, ...]:
    """Return what the new agreement says differently from the old, in the document's order.

    None where both say the same: comments, formatting and the order of keys do not count. Where
    only the writing of a value differs, of which signatures are too, that is said as such.
    """
    before, after = map(tell, spell_alike(old, new))
    found = [*_entries(before, after), *_places(before, after)]
    if old.fingerprint != new.fingerprint:
        found += find_rewritten(old, new, before=before, after=after)
    order = list(dict.fromkeys(SECTIONS.values()))
    return tuple(sorted(found, key=lambda one: order.index(one.section)))


def _entries(before: Mapping[Path, Told], after: Mapping[Path, Told]) -> Iterator[Difference]:
    """Yield the entries that came or went whole, each in one sentence."""
    old, new = _entries_of(before), _entries_of(after)
    for entry in old:
        if entry not in new:
            yield _entry(entry, before, kind="removed")
    for entry in new:
        if entry not in old:
            yield _entry(entry, after, kind="added")


def _entries_of(told: Mapping[Path, Told]) -> dict[Path, None]:
    return {entry: None for path in told if (entry := entry_of(path)) is not None}


def _entry(entry: Path, told: Mapping[Path, Told], *, kind: Kind) -> Difference:
    own = {path[len(entry) :]: said for path, said in told.items() if entry_of(path) == entry}
    known = "team" if entry[0] == "signed_by" else "name"  # the sentence begins with it
    words = ", ".join(_detail(rest, said) for rest, said in own.items() if rest != (known,))
    is_new = kind == "added"
    sentence = f"{say_place(entry)} is {'new' if is_new else 'no more'}: {words}"
    return _difference(
        entry,
        kind,
        sentence,
        before=None if is_new else words,
        after=words if is_new else None,
    )


def _detail(rest: Path, said: Told) -> str:
    return f"{say_aspect(rest)} {_words(said)}".strip()


def _places(before: Mapping[Path, Told], after: Mapping[Path, Told]) -> Iterator[Difference]:
    """Yield the places that both have, or that an entry of both has, and that differ."""
    old, new = _entries_of(before), _entries_of(after)
    for path in dict.fromkeys((*before, *after)):
        entry = entry_of(path)
        if entry is None or (entry in old and entry in new):
            yield from _place(path, before.get(path), after.get(path))


def _place(path: Path, old: Told | None, new: Told | None) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Listing) or isinstance(new, Listing):
        yield from _listing(path, _listing_of(old), _listing_of(new))
        return
    before, after = _words(old), _words(new)
    sentence = f"{say_place(path)}: {before} -> {after}"
    yield _difference(path, "changed", sentence, before=before, after=after)


def _listing_of(told: Told | None) -> Listing:
    return told if isinstance(told, Listing) else Listing(() if told is None else (told,))


def _listing(path: Path, old: Listing, new: Listing) -> Iterator[Difference]:
    is_order = path[-1] == ORDER  # who came and who went is told of the entries themselves
    for one in compare_orders(old, new) if is_order else compare_lists(old, new):
        sentence = f"{say_place(path)}: {one.words}"
        yield _difference(path, one.kind, sentence, before=one.before, after=one.after)


def _words(told: Told | None) -> str:
    if told is None:
        return _NOT_STATED
    return say_all(told.words) if isinstance(told, Listing) else told


def _difference(
    path: Path, kind: Kind, sentence: str, *, before: str | None, after: str | None
) -> Difference:
    return Difference(
        section=section_of(path),
        path=".".join(step for step in path if step != ORDER),
        kind=kind,
        sentence=f"{sentence[:1].upper()}{sentence[1:]}.",
        before=before,
        after=after,
    )
