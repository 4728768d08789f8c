"""Every engine gives the tenths of the scalar reference; batches and their order do not matter."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.scoring import combine, qualified, qualifies, reasons, roll_up, score, score_lead
from tests.proof import count
from tests.scoring.engines import (
    DAY_US,
    ENGINES,
    T_US,
    T,
    activities,
    by_score,
    collected,
    leads,
    numbers,
    shipped,
    with_scoring,
)

pytestmark = pytest.mark.proof

KINDS = [
    *shipped().scoring.engagement.activities,
    *shipped().scoring.intent.activities,
    "email_sent",
]
# Whole and broken half-lives, the instant itself, a microsecond before and after, long ago.
AGES = st.sampled_from([0, 1, 14 * DAY_US, 30 * DAY_US, 28 * DAY_US, 60 * DAY_US, -1]) | (
    st.integers(-DAY_US, 4_000 * DAY_US)
)
WHO = st.sampled_from(["crm:1", "crm:2", "crm:3", "crm:unknown"])
ROWS = st.lists(
    st.builds(lambda who, kind, age: (who, kind, T_US - age), WHO, st.sampled_from(KINDS), AGES),
    max_size=25,
)
PEOPLE = st.fixed_dictionaries(
    {
        "title": st.sampled_from(
            [None, "VP", "vp für Söle", "Chief Élan", "経理部長 manager", "STUDENT", "head", ""]
        ),
        "email": st.sampled_from([None, "a@GMAIL.com", "a@acme.example", "ä@yahoo.co.jp"]),
        "industry": st.sampled_from([None, "Software", "FINANCE", "straße"]),
        "country": st.sampled_from([None, "us", "NO", "DE", "FR"]),
        "employees": st.none() | st.sampled_from([0, 99, 100, 5000]),
        "budget": st.none() | st.sampled_from([Decimal("9999.99"), Decimal("10000.00")]),
        "authority": st.none() | st.booleans(),
        "need": st.none() | st.just("x"),
        "timeline_days": st.none() | st.sampled_from([89, 90, 91]),
    }
)
THREE = st.tuples(PEOPLE, PEOPLE, PEOPLE).map(
    lambda people: [{"lead_id": f"crm:{at}", **one} for at, one in enumerate(people, start=1)]
)
POINTS = st.sampled_from([-40.5, -0.05, 0.04, 0.25, 1, 1.25, 3.33, 39.96, 70])
CAPS = st.none() | st.sampled_from([0, 0.3, 5, 39.96])


@st.composite
def agreements(draw):
    """The shipped agreement, or one with other points, caps and half-lives for its kinds."""
    if draw(st.booleans()):
        return shipped()
    kinds = draw(st.lists(st.sampled_from(KINDS[:-1]), min_size=2, max_size=6, unique=True))
    sections = {}
    for name, part in (("engagement", kinds[::2]), ("intent", kinds[1::2])):
        terms = {}
        for kind in part:
            terms[kind] = {"points": draw(POINTS), "shows": draw(st.sampled_from(SHOWN))}
            cap = draw(CAPS)
            if cap is not None:
                terms[kind]["cap"] = cap
            if draw(st.booleans()):
                terms[kind]["half_life"] = draw(st.sampled_from(["1h", "7d", "60d"]))
        half_life = draw(st.sampled_from(["1d", "14d", "365d"]))
        sections[name] = {"cap": 100, "half_life": half_life, "activities": terms}
    return with_scoring(**sections)


SHOWN = ["attention", "interest", "desire", "action"]


def referenced(people, rows, agreement):
    return {
        one["lead_id"]: score_lead(
            one,
            [(kind, at) for who, kind, at in rows if who == one["lead_id"]],
            agreement,
            as_of=T,
        )
        for one in people
    }


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=count(150), deadline=None)
@given(people=THREE, rows=ROWS, agreement=agreements())
def test_an_engine_gives_the_scores_and_reasons_of_the_reference(
    engine, people, rows, agreement
) -> None:
    put = ENGINES[engine]
    rollup = roll_up(put(activities(*rows)), agreement, as_of=T).collect().to_native()
    if engine == "duckdb":
        rollup = put(rollup)
    wanted = referenced(people, rows, agreement)
    frame = score(put(leads(*people)), rollup, agreement, as_of=T)
    assert numbers(collected(frame, "lead_id")) == [
        (lead_id, one.fit, one.engagement, one.intent, one.position)
        for lead_id, one in sorted(wanted.items())
    ]
    lines = collected(reasons(put(leads(*people)), rollup, agreement, as_of=T), "lead_id", "name")
    assert {(line["lead_id"], line["score"], line["name"]): line["points"] for line in lines} == {
        (lead_id, *line): tenths
        for lead_id, one in wanted.items()
        for line, tenths in one.lines.items()
    }
    uncapped = {(line["lead_id"], line["score"], line["name"]): line["uncapped"] for line in lines}
    assert uncapped == {
        (lead_id, *line): tenths
        for lead_id, one in wanted.items()
        for line, tenths in one.uncapped.items()
    }
    for (lead_id, name), total in by_score(lines).items():
        assert total == getattr(wanted[lead_id], name)


@settings(max_examples=count(1000, least=200), deadline=None)
@given(
    rows=ROWS,
    agreement=agreements(),
    cuts=st.lists(st.integers(0, 25), max_size=4),
    seed=st.randoms(use_true_random=False),
)
def test_any_split_and_order_of_batches_combine_to_the_same_scores(
    rows, agreement, cuts, seed
) -> None:
    people = [{"lead_id": f"crm:{number}"} for number in (1, 2, 3)]
    shuffled = list(rows)
    seed.shuffle(shuffled)
    edges = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    batches = [shuffled[start:end] for start, end in pairwise(edges)]
    parts = [roll_up(activities(*batch), agreement, as_of=T) for batch in batches]
    seed.shuffle(parts)
    rolled = roll_up(activities(), agreement)
    for part in parts:
        rolled = combine(part, rolled) if seed.random() < 0.5 else combine(rolled, part)
    wanted = referenced(people, rows, agreement)
    found = numbers(collected(score(leads(*people), rolled, agreement, as_of=T), "lead_id"))
    assert found == [
        (lead_id, one.fit, one.engagement, one.intent, one.position)
        for lead_id, one in sorted(wanted.items())
    ]


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=count(150), deadline=None)
@given(
    st.lists(
        st.tuples(*[st.sampled_from([0, 49, 50, 99, 100, 200, 299, 300, 399, 400, 600, 1000])] * 3),
        min_size=1,
        max_size=8,
    )
)
def test_a_frame_of_scores_qualifies_as_each_lead_does(engine, scores) -> None:
    names = ("fit", "engagement", "intent")
    records = [dict(zip(names, one, strict=True)) for one in scores]
    rows = [{"lead_id": f"{at:03}", **record} for at, record in enumerate(records)]
    frame = qualified(ENGINES[engine](pa.Table.from_pylist(rows)), shipped())
    for row, record in zip(collected(frame, "lead_id"), records, strict=True):
        held = {name for name in ("engaged", "target", "mql", "hot") if row[name]}
        assert held == qualifies(shipped(), **record)
        assert {name: row[name] for name in names} == record
