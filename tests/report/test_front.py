"""The headline says in a line who kept their word."""

from __future__ import annotations

from fractions import Fraction

import pytest

from accord.metrics import Promise, Status
from accord.records import Side as Party
from accord.report.model import PromiseLine, Side
from accord.report.sections.front import _headline

K, M, R, N = Status.KEPT, Status.MISSED, Status.RUNNING, Status.NOTHING


def _line(status: Status) -> PromiseLine:
    promise = Promise(
        side=Party.SALES, kind="clock", name="qualify", owed=Fraction(1), limit=Fraction(1),
        delivered=Fraction(1), status=status, terms="",
    )  # fmt: skip
    return PromiseLine(
        title="", terms="", delivered="", owed="", status=status, status_words="", filled=None,
        promise=promise,
    )  # fmt: skip


def _sides(marketing: list[Status], sales: list[Status]) -> tuple[Side, ...]:
    named = (("Marketing", marketing), ("Sales", sales))
    return tuple(
        Side(name=title.lower(), title=title, verdict="", lines=tuple(map(_line, statuses)))
        for title, statuses in named
    )


@pytest.mark.parametrize(
    ("marketing", "sales", "partial", "headline"),
    [
        ([], [], False, "Nothing was due yet from either side"),
        ([R, R], [N], True, "Nothing was due yet from either side"),
        ([K], [K, K], False, "Both sides have kept their word"),
        ([K, R], [K, N], True, "Both sides have kept their word so far"),
        ([N], [K], False, "Sales has kept its word"),
        ([N], [M], False, "Sales missed its one promise"),
        ([K, M], [K, K], False, "Marketing missed 1 of 2 promises, sales missed none"),
        ([K], [M, M, N], True, "Marketing missed none, sales missed 2 of 2 promises so far"),
    ],
)
def test_the_headline_counts_what_was_due(marketing, sales, partial, headline):
    assert _headline(_sides(marketing, sales), partial=partial) == headline
