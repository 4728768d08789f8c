from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.metrics.quantiles import sort_groups

_US = st.integers(min_value=0, max_value=10**13)


def _quantile(values: list[int], share: str):
    cells = np.zeros(len(values), np.int64)
    return sort_groups(cells, np.array(values, np.int64), shape=(1, 1)).quantile(
        0, 0, Decimal(share)
    )


def test_the_median_of_two_lies_half_way_between_them():
    assert _quantile([10, 25], "0.5") == Decimal("17.5")


def test_the_ninth_decile_of_eleven_values_is_the_tenth():
    assert _quantile(list(range(0, 110, 10)), "0.9") == 90


def test_without_values_there_is_no_quantile():
    assert _quantile([], "0.5") is None


@given(st.lists(_US, min_size=1, max_size=60), st.sampled_from(["0", "0.1", "0.5", "0.9", "1"]))
def test_a_quantile_is_the_linear_interpolation_that_others_compute(values, share):
    expected = np.quantile(np.array(values, np.float64), float(share), method="linear")
    assert float(_quantile(values, share)) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@given(st.lists(_US, min_size=1, max_size=30), st.randoms())
def test_a_quantile_does_not_depend_on_the_order_of_values(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert _quantile(values, "0.9") == _quantile(shuffled, "0.9")


@given(st.lists(st.tuples(st.integers(0, 3), _US), max_size=60))
def test_groups_are_sorted_apart(pairs):
    cells = np.array([cell for cell, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.int64)
    groups = sort_groups(cells, values, shape=(2, 2))
    for cell in range(4):
        own = [value for at, value in pairs if at == cell]
        found = groups.quantile(cell // 2, cell % 2, Decimal("0.5"))
        assert found == (_quantile(own, "0.5") if own else None)
