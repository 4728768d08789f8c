"""What is no fault but surprises: said when an agreement is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from accord.agreement.checks.wording import fault
from accord.agreement.tree import Tree
from accord.findings import Finding


def warn_channels_shared(tree: Tree) -> Iterator[Finding]:
    """A channel that two teams answer for counts for the first of them only."""
    seen: dict[str, str] = {}
    for path, channel in tree.texts("teams.*.channels.*"):
        team = path.split(".")[1]
        first = seen.setdefault(channel.casefold(), team)
        if first != team:
            sentence = f"channel {channel!r} belongs to team {first} too"
            yield fault("channel_shared", path, sentence, "Give each channel one team.")
