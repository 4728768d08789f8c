"""Text of sources as people see it: what cannot be seen is named, what runs the other way is apart.

Whoever wrote a name can neither steer a terminal with it nor reorder what stands beside it.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINS = frozenset("\u200c\u200d")  # joiners: Persian words and many emoji are spelled with them
_BREAKS = frozenset("\n\t")
_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2068", "\u2069"


def is_unseen(character: str) -> bool:
    """Whether a character steers what is shown, and is itself not seen: ESC, BEL, an override."""
    return unicodedata.category(character) in _UNSEEN and character not in _JOINS


def name_unseen(text: str, *, keep_breaks: bool = False) -> str:
    r"""Name each character that cannot be seen by its number; line breaks and tabs if asked to.

    >>> name_unseen("a\x1b[31mb")
    'a⟨U+001B⟩[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _BREAKS if keep_breaks else frozenset()
    return "".join(
        f"⟨U+{ord(one):04X}⟩" if is_unseen(one) and one not in kept else one for one in text
    )


def isolate(text: str) -> str:
    r"""Set each stretch of right-to-left letters apart, so that it turns nothing beside it round.

    Marks that turn text are named first: what comes out is balanced whatever went in.

    >>> isolate("שלם, 3 leads") == "\u2068שלם\u2069, 3 leads"
    True
    """
    seen = name_unseen(text, keep_breaks=True)
    if seen.isascii():
        return seen
    parts = groupby(_directed(seen), key=lambda one: one[1])
    return "".join(_joined([each for each, _ in part], apart=apart) for apart, part in parts)


def _joined(characters: list[str], *, apart: bool) -> str:
    text = "".join(characters)
    return f"{_ISOLATE}{text}{_END}" if apart else text


def _directed(text: str) -> list[tuple[str, bool]]:
    """Say of each character whether it is of a right-to-left stretch.

    What has no direction of its own, spaces and digits too, is of a stretch it stands within.
    """
    kinds = [unicodedata.bidirectional(one) for one in text]
    apart = [kind in _TO_LEFT for kind in kinds]
    last: int | None = None
    for at, kind in enumerate(kinds):
        if kind in _TO_LEFT:
            if last is not None:
                apart[last:at] = [True] * (at - last)
            last = at
        elif kind == "L":
            last = None
    return list(zip(text, apart, strict=True))
