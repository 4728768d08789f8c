"""Every family of rules about rows, held to plain pandas masks on frames of chance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.conditions import holds
from accord.quality import Rule, Severity
from accord.quality.model import LEAD_CREATED
from accord.records import SCHEMAS, Entity, Kind
from tests.quality.worlds import AS_OF, CREATED, NO_FAULTS, around, faults_of, frame_of, verdict_of

MAILBOX = r"^[^@\s]+@[^@\s]+$"
LISTS = {"reasons__lost": ("price", "Not_Ready"), "teams": ("inbound",)}
INSTANTS = [
    None,
    datetime(1900, 1, 1, tzinfo=UTC),
    *(AS_OF + timedelta(days=days) for days in (-10, -9, -1, 0, 1, 2)),
    AS_OF + timedelta(days=1, microseconds=1),
]
VALUES = {
    Kind.ID: [None, "crm:1", "crm:2"],
    Kind.TEXT: [None, "a@b.cd", "nope", "US", "not_ready", "price", "inbound", "STRASSE", "é"],
    Kind.INTEGER: [None, -1, 0, 5, 10, 11],
    Kind.NUMBER: [None, -1.0, 0.0, 0.5, 5.0, 10.0],
    Kind.MONEY: [None, Decimal("-0.01"), Decimal(0), Decimal(5), Decimal("10.01")],
    Kind.FLAG: [None, True, False],
    Kind.INSTANT: INSTANTS,
    Kind.DATE: [None, date(1900, 1, 1), date(2026, 11, 22), date(2026, 11, 23)],
    Kind.SPANS: [None],
}
NUMERIC = {Kind.INTEGER, Kind.NUMBER, Kind.MONEY}
TIMED = {Kind.INSTANT, Kind.DATE}
WORDED = {Kind.ID, Kind.TEXT, Kind.WORD}


def names_of(entity, kinds):
    return [one.name for one in SCHEMAS[entity].fields if one.kind in kinds]


def records(entity):
    return st.fixed_dictionaries(
        {
            field.name: st.sampled_from([None, *field.words] if field.words else VALUES[field.kind])
            for field in SCHEMAS[entity].fields
        }
    )


def ranges(entity):
    low, high = st.sampled_from([-1, 0, 0.5, 5]), st.sampled_from([5, 10, 10.5])
    bounds = st.one_of(
        st.fixed_dictionaries({"min": low}, optional={"max": high}),
        st.fixed_dictionaries({"above": low}, optional={"max": high}),
        st.fixed_dictionaries({"max": high}),
    )
    times = st.fixed_dictionaries(
        {"latest": st.sampled_from(["+1d", "-1d", AS_OF])},
        optional={"earliest": st.sampled_from([date(1990, 1, 1), "-10d"])},
    )
    parts = []
    if numbers := names_of(entity, NUMERIC):
        parts.append(st.fixed_dictionaries({"field": st.sampled_from(numbers), "range": bounds}))
    if timed := names_of(entity, TIMED):
        parts.append(st.fixed_dictionaries({"field": st.sampled_from(timed), "range": times}))
    return parts


def families(entity):
    """One strategy a family: what stands in quality.yaml, but for id and severity."""
    names = [*SCHEMAS[entity].names]
    words = st.sampled_from(names_of(entity, WORDED))
    fields = st.one_of(
        st.just("schema"), st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    )
    allowed = st.lists(
        st.sampled_from(["US", "PRICE", "straße", "agreement.reasons.lost", "agreement.teams"]),
        min_size=1,
        unique=True,
    )
    yield st.fixed_dictionaries({"required": fields})
    yield st.fixed_dictionaries({"type": fields})
    yield st.fixed_dictionaries(
        {"field": words, "pattern": st.sampled_from([MAILBOX, "^[A-Z]{2}$", "o", "é"])}
    )
    yield st.fixed_dictionaries(
        {"field": words, "allowed": allowed}, optional={"ignore_case": st.just(value=True)}
    )
    yield from ranges(entity)
    if len(timed := names_of(entity, TIMED)) > 1:
        yield st.fixed_dictionaries(
            {"field": st.sampled_from(timed), "not_before": st.sampled_from(timed)}
        )
    if entity is not Entity.LEAD and "lead_id" in names:
        yield st.just({"known_lead": True})
        if timed:
            field = st.sampled_from(timed)
            yield st.fixed_dictionaries({"field": field, "not_before": st.just(LEAD_CREATED)})


def conditions(entity):
    text = st.sampled_from(names_of(entity, {Kind.TEXT, Kind.WORD}))
    test = st.sampled_from(
        ["US", ["price", "call", "lost"], {"present": True}, {"present": False}, {"not_in": ["US"]}]
    )
    return st.dictionaries(text, test, min_size=1, max_size=2)


@st.composite
def judgements(draw):
    entity = draw(st.sampled_from(list(Entity)))
    listed = draw(st.lists(st.one_of(*families(entity)), min_size=1, max_size=5))
    rules = []
    for number, terms in enumerate(listed):
        when = draw(st.none() | conditions(entity))
        severity = draw(st.sampled_from(list(Severity)))
        content = {"id": f"rule.r{number}", "severity": severity, **terms}
        rules.append(Rule.model_validate(content | ({"when": when} if when else {})))
    rows = draw(st.lists(records(entity), min_size=1, max_size=9))
    unparsed = draw(
        st.lists(
            st.tuples(
                st.integers(0, len(rows) - 1),
                st.sampled_from(SCHEMAS[entity].names),
                st.sampled_from(["a time", "a whole number"]),
            ),
            max_size=3,
            unique_by=lambda one: one[:2],
        )
    )
    for position, field, _ in unparsed:
        rows[position][field] = None
    frame = frame_of(entity, *rows)
    return entity, rules, rows, frame, faults_of(*unparsed) if unparsed else NO_FAULTS


def masked(rule, entity, rows, frame, faults):
    """The same rule by plain pandas and the scalar meaning of conditions."""
    asked = np.array([rule.when is None or holds(rule.when, row) for row in rows])
    names = SCHEMAS[entity].names
    if rule.required is not None:
        needed = [one.name for one in SCHEMAS[entity].fields if one.required]
        named = needed if rule.required == "schema" else rule.required
        fails = pd.Series(data=False, index=frame.index)
        for name in named:
            at = faults.loc[faults["field"] == name, "position"]
            fails |= frame[name].isna() & ~frame.index.isin(at)
        return np.flatnonzero(fails & asked).tolist()
    if rule.type is not None:
        named = names if rule.type == "schema" else rule.type
        return np.flatnonzero(
            frame.index.isin(faults.loc[faults["field"].isin(named), "position"]) & asked
        ).tolist()
    created = frame["lead_id"].map(CREATED) if "lead_id" in names else None
    if rule.known_lead:
        return np.flatnonzero(frame["lead_id"].notna() & created.isna() & asked).tolist()
    return [
        at
        for at, value in enumerate(frame[rule.field])
        if asked[at] and not pd.isna(value) and fails_one(rule, value, rows[at], created, at)
    ]


def instant(value):
    if isinstance(value, datetime):
        return value
    return None if value is None else datetime(value.year, value.month, value.day, tzinfo=UTC)


def fails_one(rule, value, row, created, at):
    if rule.pattern is not None:
        return not pd.Series([value]).str.contains(rule.pattern, regex=True).iloc[0]
    if rule.allowed is not None:
        words = {
            found for word in rule.allowed for found in around(**LISTS).lists.get(word, (word,))
        }
        if rule.ignore_case:
            return value.casefold() not in {word.casefold() for word in words}
        return value not in words
    if rule.not_before is not None:
        other = created.iloc[at] if rule.not_before == LEAD_CREATED else row[rule.not_before]
        return bool(not pd.isna(other) and instant(value) < instant(other))
    bounds = rule.range
    if bounds.earliest or bounds.latest:
        value = instant(value)
        low = bounds.earliest and bounds.earliest.at(AS_OF)
        high = bounds.latest and bounds.latest.at(AS_OF)
    else:
        value = float(value)
        low, high = bounds.min, bounds.max
        if bounds.above is not None and value <= bounds.above:
            return True
    return (low is not None and value < low) or (high is not None and value > high)


def found_of(verdict):
    return {one.rule.rule: one.positions.tolist() for one in verdict.failing}


def run(entity, rules, frame, faults):
    return verdict_of(entity, frame, rules=rules, faults=faults, world=around(**LISTS))


@settings(max_examples=150)
@given(judgements())
def test_the_librarys_verdict_is_that_of_plain_masks_for_every_family(judgement):
    entity, rules, rows, frame, faults = judgement
    expected = {rule.rule: masked(rule, entity, rows, frame, faults) for rule in rules}
    verdict = run(entity, rules, frame, faults)
    assert found_of(verdict) == {rule: found for rule, found in expected.items() if found}
    for severity in Severity:
        of_it = [expected[rule.rule] for rule in rules if rule.severity is severity]
        assert verdict.positions(severity).tolist() == sorted({at for one in of_it for at in one})
    for position in range(len(rows)):
        named = [reason["rule"] for reason in verdict.reasons(position)]
        assert named == [rule.rule for rule in rules if position in expected[rule.rule]]


@settings(max_examples=40)
@given(judgements(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(judgement, chance):
    entity, rules, rows, frame, faults = judgement
    order = list(range(len(rows)))
    chance.shuffle(order)
    moved = frame.iloc[order].reset_index(drop=True)
    place = {old: new for new, old in enumerate(order)}
    moved_faults = faults.assign(position=faults["position"].map(place).astype("int64"))
    straight = run(entity, rules, frame, faults)
    shuffled = run(entity, rules, moved, moved_faults)
    for old, new in place.items():
        assert sorted(map(str, straight.reasons(old))) == sorted(map(str, shuffled.reasons(new)))


@settings(max_examples=40)
@given(judgements(), st.data())
def test_pieces_of_any_size_fail_as_the_whole_does(judgement, data):
    entity, rules, rows, frame, faults = judgement
    cut = data.draw(st.integers(0, len(rows)))
    whole = run(entity, rules, frame, faults)
    for start, end in ((0, cut), (cut, len(rows))):
        within = faults["position"].between(start, end - 1)
        part = run(
            entity,
            rules,
            frame.iloc[start:end].reset_index(drop=True),
            faults[within].assign(position=faults.loc[within, "position"] - start),
        )
        for position in range(start, end):
            assert part.reasons(position - start) == whole.reasons(position)


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(VALUES[Kind.INTEGER]), min_size=1, max_size=12),
    st.tuples(st.integers(-2, 6), st.integers(5, 12)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_a_looser_range_never_adds_failing_rows(values, bounds, slack):
    bounds = tuple(sorted(bounds))  # a range that ends before it begins is refused when it is read
    frame = frame_of(Entity.LEAD, *({"employees": value} for value in values))
    failing = [
        found_of(run(Entity.LEAD, [size(low, high)], frame, NO_FAULTS)).get("rule.size", [])
        for low, high in (bounds, (bounds[0] - slack[0], bounds[1] + slack[1]))
    ]
    assert set(failing[1]) <= set(failing[0])


def size(low, high):
    return Rule.model_validate(
        {
            "id": "rule.size",
            "severity": "quarantine",
            "field": "employees",
            "range": {"min": low, "max": high},
        }
    )


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from(VALUES[Kind.TEXT]), min_size=1, max_size=12),
    st.lists(st.sampled_from(["US", "nope", "price"]), min_size=1, unique=True),
    st.sampled_from(["US", "a@b.cd", "é"]),
)
def test_one_more_allowed_word_never_adds_failing_rows(values, allowed, more):
    frame = frame_of(Entity.LEAD, *({"industry": value} for value in values))
    found = []
    for words in (allowed, [*allowed, more]):
        content = {"id": "a.b", "severity": "flag", "field": "industry", "allowed": words}
        rule = Rule.model_validate(content)
        found.append(found_of(run(Entity.LEAD, [rule], frame, NO_FAULTS)).get("a.b", []))
    assert set(found[1]) <= set(found[0])
