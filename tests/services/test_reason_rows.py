"""Reasons as the ledger keeps them: what is rendered by column is what each line says by itself."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.records import from_us, to_text
from accord.scoring import LIMIT, REASON_COLUMNS, SCORES, THRESHOLDS, to_points
from accord.services.reason_rows import list_reasons
from accord.services.scored import with_lines
from accord.services.thresholds import (
    STAGES,
    codes_listed,
    codes_of,
    furthest,
    held_anew,
    listed,
    rank_of,
    stage_of,
)

NAMES = st.sampled_from(["demo_requested", 'works in "IT"', "Söle \\ 経理", "a\nb", "{}", LIMIT])
TYPES = {"lead_id": pa.string(), "score": pa.string(), "name": pa.string(), "weight": pa.float64()}
SCHEMA = pa.schema([(name, TYPES.get(name, pa.int64())) for name in REASON_COLUMNS])


@st.composite
def lines(draw) -> list[dict]:
    """Lines of a few leads, each lead, score and name once, in any order."""
    keys = st.tuples(st.sampled_from(["crm:1", "crm:10", "crm:2"]), st.sampled_from(SCORES), NAMES)
    found = []
    for lead_id, score, name in draw(st.lists(keys, unique=True, max_size=12)):
        points = draw(st.integers(-1500, 1500))
        line = {"lead_id": lead_id, "score": score, "name": name, "points": points}
        line["uncapped"] = draw(st.sampled_from([points, points + 7]))
        line["count"] = draw(st.sampled_from([0, 1, 4096]))
        line["last_us"] = draw(
            st.integers(0, 4_000_000_000_000_000) | st.just(1_793_620_800_000_000)
        )
        line["weight"] = draw(st.floats(0, 1e6) | st.sampled_from([1.0, 0.0005, 2.9999]))
        found.append(line)
    return found


def told(line: dict) -> dict:
    """What one line says, by itself."""
    reason = {
        "score": line["score"],
        "name": line["name"],
        "points": str(to_points(line["points"])),
    }
    if line["count"]:
        weight = int(line["weight"] * 1000 + 0.5) / 1000
        last_at = to_text(from_us(line["last_us"]))
        reason |= {"count": line["count"], "last_at": last_at, "weight": weight}
    if line["uncapped"] != line["points"]:
        reason["uncapped"] = str(to_points(line["uncapped"]))
    return reason


@given(lines())
def test_a_list_of_reasons_says_what_its_lines_say_the_largest_first(given_lines) -> None:
    table = pa.Table.from_pylist(given_lines, SCHEMA)
    found = {row["lead_id"]: json.loads(row["reasons"]) for row in list_reasons(table).to_pylist()}
    wanted: dict[str, list[dict]] = {}
    for line in sorted(
        given_lines,
        key=lambda one: (
            SCORES.index(one["score"]),
            one["name"] == LIMIT,
            -abs(one["points"]),
            one["name"].encode(),
        ),
    ):
        wanted.setdefault(line["lead_id"], []).append(told(line))
    assert found == wanted
    for reason in (one for reasons in found.values() for one in reasons if "weight" in one):
        assert isinstance(reason["weight"], float)


def test_a_lead_without_a_line_has_no_reasons() -> None:
    line = {"lead_id": "crm:2", "score": "fit", "name": "us", "points": 100, "uncapped": 100}
    table = pa.Table.from_pylist([{"count": 0, "last_us": 0, "weight": 0.0, **line}], SCHEMA)
    scores = pa.table({"lead_id": ["crm:1", "crm:2"]})
    reasons = [json.loads(text) for text in with_lines(scores, table)["reasons"].to_pylist()]
    assert reasons == [[], [{"score": "fit", "name": "us", "points": "10.0"}]]
    assert with_lines(scores, None)["reasons"].to_pylist() == ["[]", "[]"]


def test_a_line_that_cannot_be_told_is_no_empty_list() -> None:
    line = {"lead_id": "crm:1", "score": "fit", "points": 100, "uncapped": 100}
    table = pa.Table.from_pylist([{"count": 0, "last_us": 0, "weight": 0.0, **line}], SCHEMA)
    scores = pa.table({"lead_id": ["crm:1"]})
    assert with_lines(scores, table)["reasons"].to_pylist() == [None]


@pytest.mark.parametrize("code", range(1 << len(THRESHOLDS)))
def test_thresholds_as_bits_are_the_lists_the_ledger_keeps(code: int) -> None:
    names = [name for at, name in enumerate(THRESHOLDS) if code >> at & 1]
    scores = pa.table({name: [name in names] for name in THRESHOLDS})
    codes = codes_of(scores)
    assert codes.to_pylist() == [code]
    assert json.loads(listed(codes)[0].as_py()) == names
    assert codes_listed(listed(codes)).to_pylist() == [code]
    stages = [name for name in STAGES if name in names]
    assert stage_of(furthest(codes)).to_pylist() == [stages[-1] if stages else None]


def test_what_holds_anew_is_what_did_not_hold_before() -> None:
    """Engaged is bit 1, target 2, mql 4: 7 after 1 is target and mql; 1 after 7 is nothing."""
    now, before = pa.array([7, 1, 7]), pa.array([1, 7, 7])
    assert held_anew(now, before).to_pylist() == [6, 0, 0]
    written = ['["mql","engaged"]', None, "[]", '["new", "target"]']
    assert codes_listed(pa.array(written, pa.string())).to_pylist() == [5, 0, 0, 2]
    assert rank_of(pa.array([None, "engaged", "mql"])).to_pylist() == [0, 1, 3]
