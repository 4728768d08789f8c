"""Reviews: times that exist every week or month, and in every season."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accord.agreement.checks.wording import fault
from accord.agreement.tree import Tree
from accord.findings import Finding

_AT = re.compile(
    r"((?P<weekday>mon|tue|wed|thu|fri|sat|sun) |(?P<day>[1-9]|1[0-9]|2[0-8]) )?"
    r"(?P<hour>[01][0-9]|2[0-3]):[0-5][0-9]"
)
_EVERY = re.compile(r"([1-9]|1[0-2]) months")
_SKIPPED_HOURS = ("01", "02")  # a change of clocks may skip or repeat them


def find_review_faults(tree: Tree) -> Iterator[Finding]:
    """``at`` is [mon..sun or 1..28] HH:MM, not from 01:00 to 03:00; ``every`` is N months."""
    for path, review in tree.maps("reviews.*"):
        at, every = review.get("at"), review.get("every")
        if isinstance(at, str):
            yield from _check_at(f"{path}.at", at)
        if isinstance(every, str):
            yield from _check_every(f"{path}.every", every, at)


def _check_at(path: str, at: str) -> Iterator[Finding]:
    match = _AT.fullmatch(at)
    if match is None:
        remedy = "Write HH:MM, after a weekday mon..sun or a day 1..28 if it is not daily."
        yield fault("review_time", path, f"{at!r} is no time of a review", remedy)
    elif match["hour"] in _SKIPPED_HOURS:
        sentence = f"{at!r} is skipped or repeated when clocks change"
        yield fault("review_time", path, sentence, "Write a time before 01:00 or from 03:00 on.")


def _check_every(path: str, every: str, at: object) -> Iterator[Finding]:
    if not _EVERY.fullmatch(every):
        sentence = f"{every!r} is no rhythm of a review"
        yield fault("review_rhythm", path, sentence, "Write N months, N from 1 to 12.")
        return
    match = _AT.fullmatch(at) if isinstance(at, str) else None
    if match is not None and match["day"] is None:
        sentence = f"{every!r} counts months, but {at!r} names no day of a month"
        yield fault("review_rhythm", path, sentence, "Write a day 1..28 before the time in at:.")
