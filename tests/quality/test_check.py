"""Verdicts on batches: which rows fail, why, and that none is overlooked."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import AccordError
from accord.quality import RULES, Severity, Surroundings, check_batch, engine
from accord.quality.checked import checked_frame
from accord.quality.rules import EARLIEST, LATEST, MAILBOX, Rule
from accord.records import SCHEMAS, Entity, Kind

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
DTYPES = {
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.FLAG: "boolean",
    Kind.MONEY: "object",
    Kind.DATE: "object",
    Kind.INSTANT: "datetime64[us, UTC]",
}
NO_FAULTS = pd.DataFrame(
    {"position": pd.Series([], dtype="int64"), "field": [], "text": [], "expected": []}
)
BASE = {
    Entity.LEAD: {"lead_id": "crm:1"},
    Entity.ACTIVITY: {"activity_id": "w:1", "lead_id": "crm:1", "kind": "x", "occurred_at": AS_OF},
    Entity.HANDOFF: {"handoff_id": "crm:1", "lead_id": "crm:1", "handed_at": AS_OF},
    Entity.TOUCH: {
        "touch_id": "crm:1",
        "lead_id": "crm:1",
        "channel": "call",
        "touched_at": AS_OF,
    },
    Entity.DECISION: {
        "decision_id": "crm:1",
        "lead_id": "crm:1",
        "outcome": "convert",
        "decided_at": AS_OF,
    },
    Entity.OPPORTUNITY: {"opportunity_id": "crm:1", "stage": "opportunity"},
    Entity.SPEND: {"spend_id": "ads:1", "spent_on": date(2026, 1, 1), "amount": Decimal(1)},
    Entity.REP: {"rep_id": "crm:1", "role": "sdr"},
}


def frame_of(entity, *rows):
    full = [BASE[entity] | row for row in rows]
    return pd.DataFrame(
        {
            field.name: pd.Series(
                [row.get(field.name) for row in full], dtype=DTYPES.get(field.kind, "str")
            )
            for field in SCHEMAS[entity].fields
        }
    )


def judged(entity, *rows, faults=NO_FAULTS, **around):
    around = {"lead_created_at": {"crm:1": AS_OF - timedelta(days=9)}} | around
    verdict = check_batch(
        entity, frame_of(entity, *rows), faults, around=Surroundings(as_of=AS_OF, **around)
    )
    return [(one.position, one.rule, one.severity.value) for one in verdict.reasons]


@pytest.mark.parametrize("entity", list(Entity))
def test_a_plain_record_of_every_entity_passes(entity):
    assert judged(entity, {}, {}) == []


@pytest.mark.parametrize("entity", list(Entity))
def test_an_empty_batch_of_every_entity_passes(entity):
    assert judged(entity) == []


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        (entity, field.name)
        for entity in Entity
        for field in SCHEMAS[entity].fields
        if field.required
    ],
)
def test_a_required_field_that_holds_nothing_sets_the_row_aside(entity, field):
    found = judged(entity, {}, {field: None})
    assert (1, f"{entity}.missing", "quarantine") in found
    assert all(position == 1 for position, _, _ in found)


@pytest.mark.parametrize(
    ("email", "fails"),
    [
        ("ann@example.com", False),
        ("ann.o'neil+x@mail.example.co.uk", False),
        ("jürgen@exämple.de", False),
        ("ann@localhost", True),
        ("ann example.com", True),
        ("ann@@example.com", True),
        ("ann@example.com, bob@example.com", True),
        ("ann@example.", True),
        ("@example.com", True),
    ],
)
def test_an_email_must_have_the_shape_of_one(email, fails):
    assert bool(judged(Entity.LEAD, {"email": email})) is fails


def test_a_reason_never_repeats_what_a_persons_field_holds():
    frame = frame_of(
        Entity.LEAD, {"email": "secret at home", "phone": "0043", "name": "Ann Secret"}
    )
    verdict = check_batch(Entity.LEAD, frame, NO_FAULTS, around=Surroundings(as_of=AS_OF))
    assert [one.sentence for one in verdict.reasons] == ["email is not a mail address"]


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        (Entity.LEAD, "created_at"),
        (Entity.LEAD, "stage_at"),
        (Entity.ACTIVITY, "occurred_at"),
        (Entity.TOUCH, "touched_at"),
        (Entity.DECISION, "decided_at"),
        (Entity.HANDOFF, "handed_at"),
        (Entity.OPPORTUNITY, "opened_at"),
    ],
)
def test_what_happened_lies_between_1990_and_a_day_from_now_both_included(entity, field):
    bound, tick = AS_OF + timedelta(days=1), timedelta(microseconds=1)
    first = datetime(1990, 1, 1, tzinfo=UTC)
    rows = [{field: at} for at in (first - tick, first, bound, bound + tick)]
    found = judged(entity, *rows, lead_created_at={"crm:1": first - tick})
    assert found == [(0, f"{entity}.{field}", "quarantine"), (3, f"{entity}.{field}", "quarantine")]


def test_the_forecast_of_an_open_deal_may_lie_in_the_future_the_close_of_a_won_one_not():
    later = {"closed_at": AS_OF + timedelta(days=30)}
    found = judged(
        Entity.OPPORTUNITY, later | {"stage": "opportunity"}, later | {"stage": "customer"}
    )
    assert found == [(1, "opportunity.closed_at", "quarantine")]


@pytest.mark.parametrize(
    ("entity", "field", "zero"),
    [
        (Entity.LEAD, "employees", 0),
        (Entity.LEAD, "budget", Decimal(0)),
        (Entity.OPPORTUNITY, "amount", Decimal(0)),
        (Entity.OPPORTUNITY, "cost", Decimal(0)),
        (Entity.SPEND, "amount", Decimal(0)),
        (Entity.REP, "per_week", 0),
    ],
)
def test_a_size_or_an_amount_may_be_zero_but_not_negative(entity, field, zero):
    below = -1 if isinstance(zero, int) else Decimal("-0.01")
    found = judged(entity, {field: zero}, {field: below})
    assert found == [(1, f"{entity}.{field}", "quarantine")]


def test_a_rep_of_no_weight_would_never_be_chosen_fairly():
    found = judged(Entity.REP, {"weight": 0.0}, {"weight": 0.1})
    assert found == [(0, "rep.weight", "quarantine")]


def test_a_rep_of_an_unknown_calendar_is_set_aside_and_of_an_unknown_team_flagged():
    rows = ({"calendar": "office", "team": "inbound"}, {"calendar": "mars"}, {"team": "moon"})
    found = judged(Entity.REP, *rows, calendars=frozenset({"office"}), teams=frozenset({"inbound"}))
    assert found == [(1, "rep.unlisted_calendar", "quarantine"), (2, "rep.unlisted_team", "flag")]


@pytest.mark.parametrize(
    "entity", [Entity.ACTIVITY, Entity.TOUCH, Entity.DECISION, Entity.HANDOFF, Entity.OPPORTUNITY]
)
def test_a_fact_of_an_unknown_lead_is_taken_and_flagged(entity):
    found = judged(entity, {"lead_id": "crm:1"}, {"lead_id": "crm:9"})
    assert found == [(1, f"{entity}.unknown_lead", "flag")]


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        (Entity.TOUCH, "touched_at"),
        (Entity.DECISION, "decided_at"),
        (Entity.HANDOFF, "handed_at"),
        (Entity.OPPORTUNITY, "opened_at"),
    ],
)
def test_a_fact_at_its_leads_creation_passes_and_before_it_is_flagged(entity, field):
    created = AS_OF - timedelta(days=9)
    rows = [
        {"lead_id": "crm:1", field: created - one}
        for one in (timedelta(0), timedelta(microseconds=1))
    ]
    assert judged(entity, *rows) == [(1, f"{entity}.before_lead", "flag")]


def test_what_an_anonymous_visitor_did_before_the_lead_was_created_is_nothing_odd():
    assert judged(Entity.ACTIVITY, {"occurred_at": AS_OF - timedelta(days=99)}) == []


def test_a_deal_won_before_its_lead_was_created_is_flagged_with_its_reason():
    won = {"stage": "customer", "lead_id": "crm:1", "closed_at": AS_OF - timedelta(days=10)}
    frame = frame_of(Entity.OPPORTUNITY, won)
    around = Surroundings(as_of=AS_OF, lead_created_at={"crm:1": AS_OF - timedelta(days=9)})
    (reason,) = check_batch(Entity.OPPORTUNITY, frame, NO_FAULTS, around=around).reasons
    assert reason.severity is Severity.FLAG
    assert reason.sentence == "won, lost or opened before its lead was created"


def test_a_deal_closed_before_it_was_opened_or_without_a_date_is_flagged():
    at = {"opened_at": AS_OF - timedelta(days=2)}
    found = judged(
        Entity.OPPORTUNITY,
        at | {"stage": "lost", "closed_at": at["opened_at"]},
        at | {"stage": "lost", "closed_at": at["opened_at"] - timedelta(microseconds=1)},
        {"stage": "customer"},
    )
    assert found == [
        (1, "opportunity.closed_before_opened", "flag"),
        (2, "opportunity.undated_close", "flag"),
    ]


def test_reasons_that_the_agreement_does_not_list_are_flagged():
    reasons = {
        "returned": ("not_ready",),
        "deferred": ("busy",),
        "disqualified": (),
        "lost": ("price",),
    }
    rows = (
        {"outcome": "return", "reason": "Not_Ready"},
        {"outcome": "return", "reason": "tired"},
        {"outcome": "return"},
        {"outcome": "defer", "reason": "busy", "defer_until": AS_OF + timedelta(days=99)},
        {"outcome": "defer", "reason": "busy"},
        {"outcome": "convert", "reason": "tired"},
    )
    assert judged(Entity.DECISION, *rows, reasons=reasons) == [
        (1, "decision.unlisted_reason", "flag"),
        (2, "decision.unlisted_reason", "flag"),
        (4, "decision.endless_deferral", "flag"),
    ]
    lost = {"stage": "lost", "closed_at": AS_OF}
    found = judged(
        Entity.OPPORTUNITY,
        lost | {"reason": "price"},
        lost | {"reason": "x"},
        lost,
        reasons=reasons,
    )
    assert found == [(1, "opportunity.unlisted_reason", "flag")]


def test_text_that_was_no_value_sets_the_row_aside_and_says_of_which_field():
    faults = pd.DataFrame(
        {
            "position": [1, 1],
            "field": ["employees", "created_at"],
            "text": ["many", "soon"],
            "expected": ["a whole number", "a time as ISO 8601"],
        }
    )
    frame = frame_of(Entity.LEAD, {}, {})
    verdict = check_batch(Entity.LEAD, frame, faults, around=Surroundings(as_of=AS_OF))
    (reason,) = verdict.reasons
    assert (reason.position, reason.rule) == (1, "lead.unparsed")
    assert (
        reason.sentence == "employees is not a whole number; created_at is not a time as ISO 8601"
    )


def test_a_required_field_whose_text_was_no_value_is_unparsed_and_not_missing():
    faults = pd.DataFrame(
        {"position": [0], "field": ["occurred_at"], "text": ["x"], "expected": ["a time"]}
    )
    assert judged(Entity.ACTIVITY, {"occurred_at": None}, faults=faults) == [
        (0, "activity.unparsed", "quarantine")
    ]


def test_a_row_carries_all_its_reasons():
    row = {"lead_id": None, "email": "x", "employees": -1, "country": "Germany"}
    assert [rule for _, rule, _ in judged(Entity.LEAD, row)] == [
        "lead.missing",
        "lead.email",
        "lead.employees",
        "lead.country",
    ]


def test_no_failing_row_is_overlooked_beyond_the_librarys_usual_limits():
    rows = [{"employees": -1 if i % 2 else 1} for i in range(3000)]
    assert [position for position, _, _ in judged(Entity.LEAD, *rows)] == list(range(1, 3000, 2))


def test_rows_of_a_large_batch_are_checked_in_parts_and_keep_their_places(monkeypatch):
    monkeypatch.setattr(engine, "_ROWS_AT_ONCE", 7)
    rows = [{"employees": -1 if i in {3, 6, 7, 20} else 1} for i in range(21)]
    assert [position for position, _, _ in judged(Entity.LEAD, *rows)] == [3, 6, 7, 20]


class Result:
    """What the library answers, as far as it is looked at."""

    def __init__(self, count, listed, *, success=False, raised=False):
        self.success = success
        self.result = {"unexpected_count": count, "unexpected_index_list": listed}
        self.exception_info = {"raised_exception": raised}


@pytest.mark.parametrize(
    "result",
    [
        None,
        Result(20, [1, 2]),
        Result(0, [], raised=True),
        Result(None, None),
        Result(1, [1], success=True),
    ],
)
def test_a_result_that_does_not_list_every_row_it_counts_fails_loudly(result):
    with pytest.raises(AccordError, match=r"lead\.email"):
        engine._positions(result, RULES[Entity.LEAD][2])


def test_a_rule_that_cannot_be_run_fails_loudly():
    rule = Rule(
        rule="lead.broken",
        severity=Severity.FLAG,
        expectation="ExpectColumnValuesToMatchRegex",
        column="n",
        sentence="",
        terms={"regex": "("},
    )
    frame = pd.DataFrame({"n": pd.Series(["a"], dtype="str")})
    with pytest.raises(AccordError, match=r"lead\.broken could not be run"):
        list(engine.failing(frame, [rule], as_of=AS_OF))


def test_rule_ids_are_told_apart_and_every_column_is_there():
    for entity, rules in RULES.items():
        assert len({rule.rule for rule in rules}) == len(rules)
        checked = checked_frame(entity, frame_of(entity, {}), NO_FAULTS, Surroundings(as_of=AS_OF))
        assert {rule.column for rule in rules} <= set(checked.columns)


def native(frame: pd.DataFrame, rule: Rule) -> np.ndarray:
    """The same rule by plain pandas, for every expectation that the policy uses."""
    column = frame[rule.column]
    bounds = {EARLIEST: datetime(1990, 1, 1, tzinfo=UTC), LATEST: AS_OF + timedelta(days=1)}
    low, high = (
        bounds.get(value, value) if isinstance(value, str) else value
        for value in (rule.terms.get("min_value"), rule.terms.get("max_value"))
    )
    if rule.expectation == "ExpectColumnValuesToBeNull":
        fails = column.notna()
    elif rule.expectation == "ExpectColumnValuesToMatchRegex":
        fails = column.notna() & ~column.fillna("").str.contains(rule.terms["regex"], regex=True)
    elif rule.expectation == "ExpectColumnValuesToBeInSet":
        fails = column.notna() & ~column.isin(rule.terms["value_set"])
    else:
        fails = pd.Series(data=False, index=column.index)
        if low is not None:
            fails |= (column <= low if rule.terms.get("strict_min") else column < low).fillna(
                value=False
            )
        if high is not None:
            fails |= (column > high).fillna(value=False)
    return np.flatnonzero(fails.to_numpy(dtype=bool))


INSTANT = st.sampled_from(
    [None, datetime(1900, 1, 1, tzinfo=UTC), AS_OF, AS_OF + timedelta(days=2)]
    + [AS_OF - timedelta(days=days) for days in (1, 9, 10)]
)
VALUES = {
    Kind.ID: st.sampled_from([None, "crm:1", "crm:2"]),
    Kind.TEXT: st.sampled_from([None, "a@b.cd", "nope", "US", "not_ready", "proposal"]),
    Kind.INTEGER: st.sampled_from([None, -1, 0, 5]),
    Kind.NUMBER: st.sampled_from([None, -1.0, 0.0, 0.5]),
    Kind.MONEY: st.sampled_from([None, Decimal("-0.01"), Decimal(0), Decimal(5)]),
    Kind.FLAG: st.sampled_from([None, True, False]),
    Kind.INSTANT: INSTANT,
    Kind.DATE: st.sampled_from([None, date(1900, 1, 1), date(2026, 1, 1), date(2027, 1, 1)]),
    Kind.SPANS: st.none(),
}


@st.composite
def batches(draw):
    entity = draw(st.sampled_from(list(Entity)))
    record = st.fixed_dictionaries(
        {
            field.name: st.sampled_from([None, *field.words]) if field.words else VALUES[field.kind]
            for field in SCHEMAS[entity].fields
        }
    )
    return entity, draw(st.lists(record, min_size=1, max_size=8))


@settings(max_examples=40, deadline=None)
@given(batches())
def test_the_librarys_verdict_is_that_of_plain_masks_for_any_batch(batch):
    entity, rows = batch
    frame = frame_of(entity, *rows)
    around = Surroundings(
        as_of=AS_OF,
        lead_created_at={"crm:1": AS_OF - timedelta(days=9)},
        reasons={"returned": ("not_ready",), "lost": ("not_ready",)},
        steps=("proposal",),
    )
    checked = checked_frame(entity, frame, NO_FAULTS, around)
    found = {
        rule.rule: positions.tolist()
        for rule, positions in engine.failing(checked, RULES[entity], as_of=AS_OF)
    }
    expected = {rule.rule: native(checked, rule).tolist() for rule in RULES[entity]}
    assert found == {rule: positions for rule, positions in expected.items() if positions}
    before = frame.copy()
    check_batch(entity, frame, NO_FAULTS, around=around)
    pd.testing.assert_frame_equal(frame, before)


def test_a_small_batch_takes_a_fraction_of_a_second():
    rows = [{}] * 50
    judged(Entity.ACTIVITY, *rows)  # imports the library
    begun = time.process_time()
    for _ in range(5):
        judged(Entity.ACTIVITY, *rows)
    assert (time.process_time() - begun) / 5 < 0.4


def test_the_shape_of_a_mail_address_is_decided_in_linear_time():
    begun = time.process_time()
    assert judged(Entity.LEAD, {"email": "a@" + "b." * 20_000}) != []
    assert time.process_time() - begun < 5
    assert MAILBOX.endswith("$")
