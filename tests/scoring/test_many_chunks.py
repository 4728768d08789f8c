"""Many rows in many pieces: an engine that works on pieces at once must not mix rows up."""

from __future__ import annotations

import random
from datetime import timedelta

import pyarrow as pa
import pytest

from accord.agreement import load
from accord.records import from_us
from accord.scoring import roll_up, score
from tests.conftest import ROOT

KINDS = ("page_viewed", "email_opened", "webinar_attended", "unsubscribed", "demo_requested", "odd")
START_US = 1_790_000_000_000_000
ROWS = 60_000


@pytest.fixture(scope="module")
def activities() -> pa.Table:
    chance = random.Random(1)
    columns = {
        "lead_id": [f"crm:{chance.randrange(400)}" for _ in range(ROWS)],
        "kind": [chance.choice(KINDS) for _ in range(ROWS)],
        "occurred_us": [START_US + chance.randrange(10**12) for _ in range(ROWS)],
    }
    whole = pa.table(columns)
    return pa.concat_tables([whole.slice(start, 500) for start in range(0, ROWS, 500)])


@pytest.fixture(scope="module")
def agreement():
    return load(ROOT / "agreement.yaml")


def by_key(rolled) -> dict[tuple, float]:
    rows = rolled.collect("pyarrow").to_native().to_pylist()
    return {(row["lead_id"], row["kind"]): row["weight"] for row in rows}


@pytest.mark.parametrize("attempt", range(3))
def test_a_rollup_of_many_pieces_is_the_rollup_of_the_whole(activities, agreement, attempt) -> None:
    in_pieces = by_key(roll_up(activities, agreement))
    in_pandas = by_key(roll_up(activities.to_pandas(), agreement))
    assert in_pieces.keys() == in_pandas.keys()
    assert in_pieces == {key: pytest.approx(weight, abs=1e-9) for key, weight in in_pandas.items()}


def test_scores_of_many_pieces_are_the_scores_of_the_whole(activities, agreement) -> None:
    as_of = from_us(START_US) + timedelta(days=12)
    fields = {
        field: pa.nulls(400, pa.string())
        for field in ("title", "email", "industry", "country", "need")
    }
    numbers = {
        field: pa.nulls(400, pa.int64()) for field in ("employees", "budget", "timeline_days")
    }
    leads = pa.table(
        {
            "lead_id": [f"crm:{number}" for number in range(400)],
            **fields,
            **numbers,
            "authority": pa.nulls(400, pa.bool_()),
        }
    )

    def scores(wrap) -> list[dict]:
        rolled = roll_up(wrap(activities), agreement)
        found = score(wrap(leads), rolled, agreement, as_of=as_of)
        rows = found.collect("pyarrow").to_native().to_pylist()
        return sorted(rows, key=lambda row: row["lead_id"])

    assert scores(lambda table: table) == scores(lambda table: table.to_pandas())
