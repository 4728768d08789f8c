"""Who signs or approves: a name that is kept, and shown to both teams."""

from __future__ import annotations

from accord.errors import InputError

_LONGEST_NAME = 200


def read_signer(name: str, *, expected: str = "who signs", where: str = "name") -> str:
    """Return a person's name without the spaces around it: one line, 1 to 200 characters.

    InputError if it is none; the text itself is not repeated there.
    """
    if not name.strip():
        raise InputError(where=where, found="is empty", expected=expected)
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        found = f"is no line of at most {_LONGEST_NAME} characters"
        raise InputError(where=where, found=found, expected=expected)
    return name.strip()
