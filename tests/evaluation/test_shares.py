"""Precision, recall, wasted share and lift of a rule of hand-over, and their intervals."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from accord.evaluation import Evaluation, evaluate, lift, share
from tests.scoring.engines import in_pandas

PAST = pa.schema(
    [
        ("lead_id", pa.string()),
        *((name, pa.bool_()) for name in ("won", "sent", "hot")),
        *((name, pa.int64()) for name in ("intent", "engagement", "fit")),
    ]
)
UNIT = Decimal("0.0001")

counts = st.integers(1, 100_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
leads_past = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans(), *[st.integers(0, 3)] * 3), max_size=60
)


def past(*rows: tuple[Any, ...]) -> pa.Table:
    """Leads by number: won, sent, hot, intent, engagement, fit."""
    records = [
        dict(zip(PAST.names, (f"crm:{number:03}", *row), strict=True))
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(records, PAST)


def told(*rows: tuple[Any, ...]) -> Evaluation:
    return evaluate(past(*rows), version="1")


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_the_interval_is_that_of_the_published_table(count, of, low, high) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3: the score interval."""
    found = share(count, of)
    assert (found.low, found.high) == (Decimal(low), Decimal(high))


def test_a_share_of_nothing_is_no_share() -> None:
    found = share(0, 0)
    assert (found.value, found.low, found.high) == (None, None, None)


@given(counts)
def test_the_interval_is_scipy_s_within_0_to_1_and_holds_the_value(drawn) -> None:
    count, of = drawn
    found = share(count, of)
    other = binomtest(count, of).proportion_ci(method="wilson")
    assert abs(found.low - Decimal(float(other.low))) < Decimal("0.000051")
    assert abs(found.high - Decimal(float(other.high))) < Decimal("0.000051")
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert not found.low.is_signed()


@given(counts, st.integers(2, 50))
def test_the_same_share_of_more_leads_has_a_narrower_interval(drawn, times) -> None:
    count, of = drawn
    one, more = share(count, of), share(count * times, of * times)
    assert more.value == one.value
    assert one.low - UNIT <= more.low
    assert more.high <= one.high + UNIT
    if of <= 50:  # wide enough for four places to tell
        assert more.high - more.low < one.high - one.low


def test_an_agreement_is_counted_over_winners_and_the_others() -> None:
    """Ten leads, 4 winners, 5 sent of which 3 won: 3/4 caught, 3/5 right, 2/6 wasted.

    The base rate is 4/10, so the lift of the sent is 0.6 / 0.4 = 1.5; each decile is one lead, of
    lift 2.5 where it won. Wilson for 3 of 5 is 0.23072 to 0.88238, over 0.4: 0.5768 and 2.2059.
    """
    rows = [(True, True, True, 0, 0, 0)] * 3 + [(False, True, False, 400, 0, 0)] * 2
    rows += [(True, False, False, 0, 300, 0)] + [(False, False, False, 0, 0, 100)] * 4
    found = told(*rows)
    assert (found.winners, found.non_buyers) == (4, 6)
    assert (found.recall.count, found.recall.of, found.recall.value) == (3, 4, Decimal("0.7500"))
    assert (found.precision.count, found.precision.of) == (3, 5)
    assert found.precision.value == Decimal("0.6000")
    assert (found.precision.low, found.precision.high) == (Decimal("0.2307"), Decimal("0.8824"))
    assert (found.wasted.count, found.wasted.of) == (2, 6)
    assert found.wasted.value == Decimal("0.3333")
    assert found.lift.value == Decimal("1.5000")
    assert (found.lift.low, found.lift.high) == (Decimal("0.5768"), Decimal("2.2059"))
    assert [one.winners for one in found.deciles] == [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert found.deciles[0].lift == Decimal("2.5000")


def test_without_winners_there_is_a_precision_of_0_and_no_lift_or_recall() -> None:
    found = told((False, True, False, 0, 0, 0))
    assert found.precision.value == 0
    assert (found.recall.value, found.lift.value) == (None, None)
    assert {one.lift for one in found.deciles} == {None}


def test_the_ranking_is_hot_then_intent_then_engagement_then_fit_and_never_the_id() -> None:
    """Each row beats the next by the first name that differs; the last two differ by id alone.

    So they share their winner, whichever of the two comes first.
    """
    rows = [
        (True, False, True, 0, 0, 0),
        (False, False, False, 20, 0, 0),
        (True, False, False, 10, 20, 0),
        (False, False, False, 10, 10, 20),
        (True, False, False, 10, 10, 10),
        (False, False, False, 10, 10, 10),
    ]
    ids = ["5", "4", "3", "2", "0", "1"]
    table = past(*rows).set_column(0, "lead_id", pa.array(ids)).take([3, 1, 5, 0, 4, 2])
    found = evaluate(table, version="1")
    half = Decimal("0.5")
    assert [one.winners for one in found.deciles if one.leads] == [1, 0, 1, 0, half, half]


def test_where_all_are_tied_every_lift_is_1_whoever_has_the_lowest_ids() -> None:
    """50 of 100, the first by id, are winners: 5 in each tenth, of which Wilson says 0.24 to 0.76.

    By id the first five tenths would have had a lift of 2.
    """
    found = told(*[(True, False, False, 0, 0, 0)] * 50, *[(False, False, False, 0, 0, 0)] * 50)
    assert {(one.leads, one.winners, one.lift) for one in found.deciles} == {(10, 5, 1)}
    limits = share(5, 10)
    assert limits.low == Decimal("0.2366")
    for one in found.deciles:
        assert abs(one.low - 2 * limits.low) <= UNIT
        assert abs(one.high - 2 * limits.high) <= UNIT


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (7, ["0", "0.2", "0.8", "0.8", "0.2"]),
        (8, ["0", "0", "0.8", "0.8", "0.4"]),
        (9, ["0", "0", "0.6", "0.8", "0.6"]),
    ],
)
def test_a_tie_that_begins_below_at_or_above_an_edge_is_shared_by_places(ahead, expected) -> None:
    """40 leads in tenths of 4: some ahead who did not buy, 10 tied of whom 2 did, the rest did not.

    Each place of the tie is worth 0.2: with 9 ahead it has 3 of the third tenth's, that is 0.6.
    """
    rows = [(False, False, True, 0, 0, 0)] * ahead
    rows += [(number < 2, False, False, 10, 0, 0) for number in range(10)]
    rows += [(False, False, False, 0, 0, 0)] * (40 - len(rows))
    found = [one.winners for one in told(*rows).deciles]
    assert found == [*map(Decimal, expected), 0, 0, 0, 0, 0]


def test_the_parts_of_a_tie_are_rounded_so_that_they_add_up() -> None:
    """3 leads with one winner, all tied: a third each is 0.3333, 0.3334 and 0.3333; all lift 1."""
    found = told((True, True, False, 0, 0, 0), *[(False, False, False, 0, 0, 0)] * 2)
    parts = [one for one in found.deciles if one.leads]
    assert [one.winners for one in parts] == [Decimal(f"0.333{last}") for last in "343"]
    assert [one.lift for one in parts] == [1, 1, 1]
    assert [str(one.winners) for one in found.deciles if not one.leads] == ["0"] * 7


@given(leads_past, st.randoms(use_true_random=False))
def test_the_ids_of_the_leads_do_not_matter(rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert told(*shuffled) == told(*rows)


@given(leads_past)
def test_each_decile_expects_what_its_places_do_on_average_over_all_orders_of_ties(rows) -> None:
    """By places, in plain Python: each is worth the share of winners of those tied with it."""
    ranked = sorted(rows, key=lambda row: row[2:], reverse=True)
    worth = []
    for row in ranked:
        tied = [won for won, _, *rank in rows if tuple(rank) == row[2:]]
        worth.append(Fraction(sum(tied), len(tied)))
    edges = [len(rows) * number // 10 for number in range(11)]
    winners = sum(row[0] for row in rows)
    for one, (start, end) in zip(told(*rows).deciles, pairwise(edges), strict=True):
        expected = sum(worth[start:end], Fraction(0))
        assert abs(Fraction(one.winners) - expected) <= Fraction(UNIT)
        assert 0 <= one.winners <= one.leads
        if winners and one.leads:
            lifted = expected / one.leads * len(rows) / winners
            assert abs(Fraction(one.lift) - lifted) <= Fraction(UNIT) / 2
            assert one.low <= one.lift <= one.high


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_ranking_that_tells_nothing_has_a_lift_of_1_everywhere(bought) -> None:
    found = told(*((won, False, False, 0, 0, 0) for won in bought))
    assert {one.lift for one in found.deciles if one.leads} == ({1} if any(bought) else {None})


@given(leads_past)
def test_without_ties_deciles_count_whole_leads(rows) -> None:
    ranked = [(*row[:3], number, 0, 0) for number, row in enumerate(rows)]
    for one in told(*ranked).deciles:
        assert str(one.winners).isdecimal()


@given(leads_past)
def test_deciles_are_all_leads_and_all_winners_in_parts_alike_in_size(rows) -> None:
    found = told(*rows)
    sizes = [one.leads for one in found.deciles]
    assert [one.number for one in found.deciles] == list(range(1, 11))
    assert sum(sizes) == len(rows)
    assert max(sizes) - min(sizes) <= 1
    assert sum(one.winners for one in found.deciles) == found.winners


@given(leads_past)
def test_counts_are_those_of_plain_python_and_the_order_of_rows_does_not_matter(rows) -> None:
    found = told(*rows)
    caught = sum(1 for won, sent, *_ in rows if won and sent)
    sent = sum(1 for _, sent, *_ in rows if sent)
    winners = sum(1 for won, *_ in rows if won)
    assert found.recall == share(caught, winners)
    assert found.precision == share(caught, sent)
    assert found.wasted == share(sent - caught, len(rows) - winners)
    assert evaluate(past(*rows).sort_by([("lead_id", "descending")]), version="1") == found


@settings(max_examples=20)
@given(leads_past)
def test_engines_count_alike(rows) -> None:
    table = past(*rows)
    found = evaluate(table, version="1")
    assert evaluate(in_pandas(table), version="1") == found
    assert evaluate(pl.from_arrow(table), version="1") == found


@given(leads_past)
def test_a_perfect_ranking_has_the_greatest_lift_in_its_best_deciles(rows) -> None:
    """Best first by truth: no ranking of the same leads has more winners in its first deciles."""
    drawn = told(*rows)
    perfect = told(*((won, sent, won, 0, 0, 0) for won, sent, *_ in rows))
    so_far = best = 0
    for one, top in zip(drawn.deciles, perfect.deciles, strict=True):
        so_far, best = so_far + one.winners, best + top.winners
        assert so_far <= best
    first = next((one for one in perfect.deciles if one.leads), None)
    if perfect.winners and first is not None:
        most = min(first.leads, perfect.winners)
        greatest = lift(most, first.leads, winners=perfect.winners, leads=len(rows))
        assert first.lift == greatest.value


def test_an_evaluation_says_which_agreement_it_is_of() -> None:
    assert dataclasses.replace(told(), version="2") == evaluate(past(), version="2")
