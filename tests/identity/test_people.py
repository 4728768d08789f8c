"""Which records are one person, what they say together, what companies say of their leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.agreement import load, segment_of
from accord.identity import (
    FIRMOGRAPHICS,
    Named,
    Record,
    Said,
    Why,
    combine,
    find_candidates,
    infer_missing,
    join_people,
    majorities,
    segments_of,
    segments_of_rows,
)
from tests.conftest import ROOT

START = datetime(2026, 1, 1, tzinfo=UTC)
AGREEMENT = load(ROOT / "agreement.yaml")


def record(lead_id: str, mailbox: str | None, age: int = 0) -> Record:
    return Record(lead_id=lead_id, mailbox=mailbox, created_at=START + timedelta(days=age))


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset((one, other))


def test_records_of_one_mailbox_are_part_of_the_oldest():
    parts = join_people(
        [record("c", "m", 1), record("b", "m", 0), record("a", "n"), record("d", None)]
    )
    assert {one: (part.into, part.why) for one, part in parts.items()} == {"c": ("b", Why.MAILBOX)}


def test_a_record_told_apart_joins_nobody_it_was_told_apart_from():
    records = [record("a", "m", 0), record("b", "m", 1), record("c", "m", 2)]
    parts = join_people(records, apart=[pair("a", "b")])
    assert {one: part.into for one, part in parts.items()} == {"c": "a"}


def test_by_hand_joins_mailboxes_and_the_oldest_of_all_stands():
    records = [record("a", "m", 2), record("b", "n", 1), record("c", "n", 0)]
    parts = join_people(records, by_hand=[pair("a", "b")])
    assert {one: (part.into, part.why) for one, part in parts.items()} == {
        "a": ("c", Why.JOINED),
        "b": ("c", Why.MAILBOX),
    }


IDS = "abcdefgh"
RECORDS = st.lists(
    st.builds(record, st.sampled_from(IDS), st.sampled_from(["m", "n", None]), st.integers(0, 3)),
    unique_by=lambda one: one.lead_id,
)
PAIRS = st.frozensets(
    st.tuples(st.sampled_from(IDS), st.sampled_from(IDS))
    .filter(lambda both: both[0] != both[1])
    .map(frozenset),
    max_size=4,
)


@settings(max_examples=300)
@given(RECORDS, PAIRS, PAIRS, st.randoms())
def test_people_depend_on_what_is_known_not_on_its_order(records, by_hand, apart, random):
    by_hand -= apart
    parts = join_people(records, by_hand=by_hand, apart=apart)
    shuffled = random.sample(records, len(records))
    assert join_people(shuffled, by_hand=list(by_hand)[::-1], apart=list(apart)[::-1]) == parts
    into = {one: part.into for one, part in parts.items()}
    assert not into.keys() & set(into.values())
    ages = {one.lead_id: one.age for one in records}
    assert all(ages[old] < ages[one] for one, old in into.items())
    ends = {one: into.get(one, one) for one in ages}
    for told in apart:
        one, other = told
        assert not (told <= ages.keys()) or ends[one] != ends[other]


def said(lead_id: str, age: int, known: int, **values) -> Said:
    names = {"title": None, "channel": None}
    return Said(
        lead_id=lead_id,
        created_at=START + timedelta(days=age),
        known_at=START + timedelta(days=known),
        values=names | values,
    )


def test_of_what_records_say_the_newest_counts_and_of_how_one_came_in_the_oldest():
    records = [said("a", 0, 5, title="x", channel="ads"), said("b", 1, 7, title="y", channel="web")]
    assert combine(records, ["title", "channel"]) == {"title": "y", "channel": "ads"}
    records.append(said("c", 2, 9))
    assert combine(records, ["title"]) == {"title": "y"}
    assert combine([], ["title"]) == {"title": None}


def test_the_majority_counts_texts_alike_and_of_equals_the_oldest_leads():
    stated = [("a.co", "Law"), ("a.co", "Ore"), ("a.co", " ore"), ("b.co", 7), ("b.co", 9)]
    assert majorities(stated) == {"a.co": "Ore", "b.co": 7}


VALUES = st.sampled_from([None, 1, 500, 2000])
LEADS = st.lists(st.tuples(st.sampled_from(["a.co", "b.co", None]), VALUES, VALUES), max_size=9)


def company(leads) -> list[dict]:
    return [
        {"lead_id": str(at), "domain": domain, "employees": one, "industry": None, "country": two}
        for at, (domain, one, two) in enumerate(leads)
    ]


def told(leads):
    """Infer for all leads; those before it as an earlier run left them, in any state."""
    stated = {name: [] for name in FIRMOGRAPHICS}
    for lead in leads:
        for name in FIRMOGRAPHICS:
            if lead["domain"] and lead[name] is not None and name not in (lead["inferred"] or ()):
                stated[name].append((lead["domain"], lead[name]))
    pictures = {name: majorities(values) for name, values in stated.items()}
    out = []
    for lead in leads:
        values, inferred = infer_missing(lead, pictures)
        out.append({**lead, **values, "inferred": inferred})
    return out


@settings(max_examples=200)
@given(LEADS, st.integers(0, 9))
def test_inferring_is_the_same_whatever_was_inferred_before(leads, cut):
    rows = [{**row, "inferred": None} for row in company(leads)]
    at_once = told(rows)
    first = told(rows[:cut])
    assert told([*first, *rows[cut:]]) == at_once
    assert told(at_once) == at_once
    for before, after in zip(rows, at_once, strict=True):
        for name in FIRMOGRAPHICS:
            assert (before[name] is None) or (after[name] == before[name])
            assert (name in after["inferred"]) == (before[name] is None and after[name] is not None)


SIZES = st.lists(st.none() | st.integers(0, 3000), max_size=30)


@given(SIZES)
def test_segments_decided_together_are_those_decided_one_by_one(sizes):
    rows = [{"lead_id": str(at), "employees": size} for at, size in enumerate(sizes)]
    frame = pd.DataFrame({"lead_id": [row["lead_id"] for row in rows]}).astype("str")
    frame["employees"] = pd.array(sizes, "Int64")
    expected = [segment_of(AGREEMENT, row) for row in rows]
    assert segments_of_rows(rows, AGREEMENT) == expected
    assert segments_of(frame, AGREEMENT).tolist() == expected


def test_candidates_are_people_of_one_company_with_names_alike_and_nobody_else():
    leads = [
        Named(lead_id="1", name="Ada Lovelace", domain="acme.com"),
        Named(lead_id="2", name="LOVELACE, Adá", company_key="acme", domain="acme.com"),
        Named(lead_id="3", name="Ada Lovelase", company_key="acme"),
        Named(lead_id="4", name="Ada Lovelace", domain="other.com"),
        Named(lead_id="5", name="Grace Hopper", domain="acme.com", company_key="acme"),
    ]
    found = {(one.lead_id, one.other_id): (one.likeness, one.why) for one in find_candidates(leads)}
    assert found == {("1", "2"): (100.0, "same domain"), ("2", "3"): (91.7, "same company name")}


def test_in_a_large_company_only_names_with_letters_in_common_are_compared():
    names = {f"x{at}": f"{at:05} {at * 7:05}" for at in range(3000)}
    names |= {"t0": "Ada Lovelace", "t1": "Ada Lovelaces"}
    crowd = [Named(lead_id=one, name=name, domain="big.com") for one, name in names.items()]
    found = [one for one in find_candidates(crowd) if one.lead_id.startswith("t")]
    assert [(one.lead_id, one.other_id) for one in found] == [("t0", "t1")]
