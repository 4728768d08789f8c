from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest

from accord.agreement import load
from accord.errors import InputError
from accord.ledger import Ledger
from accord.metrics import (
    FRAMES,
    METRICS,
    Unit,
    dimensions_of,
    find_dimension,
    find_metric,
    prepare,
    worded,
)
from accord.metrics.document import metrics_document
from accord.metrics.facts import BEGINS
from accord.services.raw_tables import Question, read_tables
from tests.conftest import ROOT
from tests.metrics.company import AS_OF


def test_names_are_unique_and_every_metric_says_what_it_is():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert metric.title
        assert metric.formula
        assert metric.requirements


def test_a_ratio_is_a_share_a_mean_or_money_and_a_quantile_a_length_of_time():
    for metric in METRICS.values():
        if metric.quantile is not None:
            assert metric.unit in (Unit.MINUTES, Unit.DAYS)
        if metric.denominator is not None:
            assert metric.unit in (Unit.SHARE, Unit.MEAN, Unit.MONEY)


def test_a_definition_names_only_columns_and_dimensions_that_its_frame_has(tmp_path):
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    agreement = load(ROOT / "agreement.yaml")
    path = ROOT / "agreement.yaml"
    raw = read_tables(ledger, Question(agreement=agreement, path=path, as_of=AS_OF))
    frames = prepare(raw, agreement)
    ledger.close()
    for name, dimensions in FRAMES.items():
        assert {*dimensions, BEGINS[name]} <= set(frames[name].columns)
    for metric in METRICS.values():
        for part in (metric.numerator, metric.denominator):
            if part is None:
                continue
            named = {part.at, part.value, part.then, part.until, *part.where} - {None}
            assert named <= set(frames[part.frame].columns), metric.name


def test_the_page_of_metrics_is_what_the_definitions_say():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    remedy = "run: accord metrics list --markdown > docs/metrics.md"
    assert page == metrics_document(METRICS), remedy
    assert all(f"`{name}`" in page for name in METRICS)


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(InputError, match=r"did you mean 'win_rate'"):
        find_metric("winrate")


def test_an_alias_finds_its_metric():
    assert find_metric("speed_to_lead_wall").name == "speed_to_lead"


def test_an_unknown_dimension_names_the_nearest_and_all_others():
    with pytest.raises(InputError, match=r"did you mean 'channel'.*segment"):
        find_dimension(METRICS["mqls"], "chanel")


def test_a_dimension_that_a_metric_does_not_have_is_refused():
    with pytest.raises(InputError, match="cannot be asked by 'term'"):
        find_dimension(METRICS["mqls"], "term")


def test_a_ratio_over_two_frames_has_the_dimensions_of_both():
    expected = ("all", "channel", "campaign", "marketing_team")
    assert dimensions_of(METRICS["cost_per_lead"]) == expected


def test_the_registry_can_be_printed_as_json():
    assert json.dumps([asdict(metric) for metric in METRICS.values()], default=str)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("0.10525", Unit.SHARE, "10.525 %"),
        ("0.6315005216", Unit.SHARE, "63.15 %"),
        ("10005534", Unit.MONEY, "USD 10,005,534"),
        ("12.5", Unit.MONEY, "USD 12.50"),
        ("42.35", Unit.MINUTES, "42.4 min"),
        ("2246", Unit.COUNT, "2,246"),
        ("2.3456", Unit.MEAN, "2.35"),
        ("0", Unit.COUNT, "0"),
        (None, Unit.COUNT, "\u2013"),
    ],
)
def test_a_number_is_rounded_half_up_once_where_it_is_shown(value, unit, words):
    from decimal import Decimal

    number = None if value is None else Decimal(value)
    assert worded(number, unit, currency="USD") == words
