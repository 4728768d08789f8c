"""Verdicts of the shipped policy: which rows fail, why, and that none is overlooked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from accord.errors import AccordError
from accord.quality import Piece, Severity, engine
from accord.quality.checked import Probe, probes
from accord.records import SCHEMAS, Entity
from tests.quality.worlds import (
    AS_OF,
    NO_FAULTS,
    SHIPPED,
    around,
    faults_of,
    frame_of,
    judged,
    verdict_of,
)


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
    (reason,) = verdict_of(Entity.LEAD, frame).reasons(0)
    assert reason == {"rule": "lead.email", "sentence": "email is not a mail address"}


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
    found = judged(entity, *rows, created={"crm:1": first - tick})
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
    found = judged(Entity.REP, *rows, calendars=("office",), teams=("inbound",))
    assert found == [(1, "rep.unlisted_calendar", "quarantine"), (2, "rep.unlisted_team", "flag")]


@pytest.mark.parametrize(
    "entity", [Entity.ACTIVITY, Entity.TOUCH, Entity.DECISION, Entity.HANDOFF, Entity.OPPORTUNITY]
)
def test_a_fact_of_an_unknown_lead_is_taken_and_flagged(entity):
    found = judged(entity, {"lead_id": "crm:1"}, {"lead_id": "crm:9"})
    assert found == [(1, f"{entity}.unknown_lead", "flag")]


@pytest.mark.parametrize(
    ("entity", "field", "rule"),
    [
        (Entity.TOUCH, "touched_at", "touch.before_lead"),
        (Entity.DECISION, "decided_at", "decision.before_lead"),
        (Entity.HANDOFF, "handed_at", "handoff.before_lead"),
        (Entity.OPPORTUNITY, "opened_at", "opportunity.opened_before_lead"),
    ],
)
def test_a_fact_at_its_leads_creation_passes_and_before_it_is_flagged(entity, field, rule):
    created = AS_OF - timedelta(days=9)
    rows = [
        {"lead_id": "crm:1", field: created - one}
        for one in (timedelta(0), timedelta(microseconds=1))
    ]
    assert judged(entity, *rows) == [(1, rule, "flag")]


def test_what_an_anonymous_visitor_did_before_the_lead_was_created_is_nothing_odd():
    assert judged(Entity.ACTIVITY, {"occurred_at": AS_OF - timedelta(days=99)}) == []


def test_a_deal_won_or_opened_before_its_lead_was_created_is_flagged_with_its_reason():
    won = {"stage": "customer", "lead_id": "crm:1", "closed_at": AS_OF - timedelta(days=10)}
    opened = {"lead_id": "crm:1", "opened_at": AS_OF - timedelta(days=10)}
    lost_later = {"stage": "lost", "lead_id": "crm:1", "closed_at": AS_OF - timedelta(days=8)}
    verdict = verdict_of(Entity.OPPORTUNITY, frame_of(Entity.OPPORTUNITY, won, opened, lost_later))
    assert verdict.positions(Severity.QUARANTINE).tolist() == []
    assert [verdict.reasons(at) for at in range(3)] == [
        [
            {
                "rule": "opportunity.before_lead",
                "sentence": "won or lost before its lead was created",
            }
        ],
        [
            {
                "rule": "opportunity.opened_before_lead",
                "sentence": "opened before its lead was created",
            }
        ],
        [],
    ]


def test_the_forecast_of_an_open_deal_may_lie_before_its_lead():
    forecast = {"stage": "opportunity", "lead_id": "crm:1", "closed_at": AS_OF - timedelta(days=99)}
    assert judged(Entity.OPPORTUNITY, forecast) == []


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
    rows = (
        {"outcome": "return", "reason": "Not_Ready"},
        {"outcome": "return", "reason": "tired"},
        {"outcome": "return"},
        {"outcome": "defer", "reason": "busy", "defer_until": AS_OF + timedelta(days=99)},
        {"outcome": "defer", "reason": "busy"},
        {"outcome": "convert", "reason": "tired"},
        {"outcome": "disqualify", "reason": "busy"},
    )
    found = judged(
        Entity.DECISION, *rows, reasons__returned=("not_ready",), reasons__deferred=("busy",)
    )
    assert found == [
        (1, "decision.return_reason", "flag"),
        (2, "decision.no_reason", "flag"),
        (4, "decision.endless_deferral", "flag"),
        (6, "decision.disqualify_reason", "flag"),
    ]
    lost = {"stage": "lost", "closed_at": AS_OF}
    rows = (lost | {"reason": "price"}, lost | {"reason": "x"}, lost)
    found = judged(Entity.OPPORTUNITY, *rows, reasons__lost=("price",))
    assert found == [(1, "opportunity.unlisted_reason", "flag")]


def test_text_that_was_no_value_sets_the_row_aside_and_says_of_which_field():
    faults = faults_of(
        (1, "employees", "a whole number"),
        (1, "created_at", "a time as ISO 8601"),
        (2, "employees", "a whole number"),
    )
    verdict = verdict_of(Entity.LEAD, frame_of(Entity.LEAD, {}, {}, {}), faults=faults)
    said = [[reason["sentence"] for reason in verdict.reasons(at)] for at in range(3)]
    assert said == [
        [],
        ["employees is not a whole number; created_at is not a time as ISO 8601"],
        ["employees is not a whole number"],
    ]


def test_a_required_field_whose_text_was_no_value_is_unparsed_and_not_missing():
    faults = faults_of((0, "occurred_at", "a time"))
    assert judged(Entity.ACTIVITY, {"occurred_at": None}, faults=faults) == [
        (0, "activity.unparsed", "quarantine")
    ]


def test_every_missing_field_is_named():
    verdict = verdict_of(
        Entity.ACTIVITY,
        frame_of(Entity.ACTIVITY, {"kind": None}, {}, {"kind": None, "lead_id": None}),
    )
    assert [one["sentence"] for at in (0, 1, 2) for one in verdict.reasons(at)] == [
        "lacks kind",
        "lacks lead_id, kind",
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
    column = pd.Series([-1, 1] * 30_000, dtype="Int64")
    frame = frame_of(Entity.LEAD, *([{}] * 60_000)).assign(employees=column)
    verdict = verdict_of(Entity.LEAD, frame)
    assert verdict.positions(Severity.QUARANTINE).tolist() == list(range(0, 60_000, 2))


def test_a_verdict_without_a_rule_knows_nothing_of_it():
    frame = frame_of(Entity.LEAD, {"employees": -1, "email": "x"}, {"email": "x"}, {})
    verdict = verdict_of(Entity.LEAD, frame).without({"lead.email"})
    assert verdict.positions(Severity.QUARANTINE).tolist() == [0]
    assert [reason["rule"] for reason in verdict.reasons(0)] == ["lead.employees"]
    assert verdict.reasons(1) == []


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
        engine._positions(result, probe(pd.Series(["a"])))


def probe(column, expectation="ExpectColumnValuesToBeNull", **terms):
    return Probe(rule="lead.email", column=column, expectation=expectation, terms=terms)


def test_a_rule_that_cannot_be_run_fails_loudly():
    broken = probe(pd.Series(["a"]), "ExpectColumnValuesToMatchRegex", regex="(")
    with pytest.raises(AccordError, match=r"lead\.email could not be run"):
        engine.failing([broken])


def test_nothing_is_passed_that_holds_nothing():
    frame = frame_of(Entity.LEAD, {"employees": 5}, {})
    piece = Piece(entity=Entity.LEAD, frame=frame, faults=NO_FAULTS, around=around())
    asked = [one.rule for one in probes(piece, SHIPPED.suites[Entity.LEAD].rows)]
    assert asked == ["lead.employees"]


def test_a_frame_is_left_as_it_was():
    frame = frame_of(Entity.OPPORTUNITY, {"amount": Decimal(-1), "stage": "lost"}, {})
    before = frame.copy(deep=True)
    assert verdict_of(Entity.OPPORTUNITY, frame).failing
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
