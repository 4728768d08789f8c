"""How a check words what it found."""

from __future__ import annotations

from accord.findings import Finding


def fault(rule: str, path: str, sentence: str, remedy: str) -> Finding:
    """Make a finding of the agreement; the sentence comes without its full stop."""
    return Finding(rule=f"agreement.{rule}", subject=path, sentence=f"{sentence}.", remedy=remedy)
