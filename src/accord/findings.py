"""What was found wrong or worth saying, as a value.

A bad row, an unroutable lead, a fault of the agreement, a broken law of the audit: each is a
:class:`Finding`. Exceptions are for misuse and failing machinery (see :mod:`accord.errors`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found.

    ``rule`` is a stable id (``agreement.unknown_team``, ``L4``), ``subject`` the path, key or
    file it is about, ``sentence`` what was found and expected, ``remedy`` what to do next.
    """

    rule: str
    subject: str
    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        """Render as one line: where, what, and what to do."""
        tail = f" {self.remedy}" if self.remedy else ""
        return f"{self.subject}: {self.sentence}{tail}"
