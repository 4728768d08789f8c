"""Batches of canonical records for tests of quality, and what the shipped policy says of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from accord.quality import Piece, Surroundings, Verdict, check_piece, parse_policy
from accord.records import SCHEMAS, Entity, Kind
from tests.conftest import ROOT

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
CREATED = {"crm:1": AS_OF - timedelta(days=9)}
SHIPPED = parse_policy((ROOT / "quality.yaml").read_text("utf-8"), where="quality.yaml")
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


def faults_of(*rows):
    """Text that was no value: (position, field, expected) a row."""
    columns = dict(zip(("position", "field", "expected"), zip(*rows, strict=True), strict=True))
    return pd.DataFrame(columns | {"text": ["x"] * len(rows)})


class Known:
    """Who knows these leads and no others."""

    def __init__(self, created):
        self.created = created

    def created_at(self, lead_ids):
        return lead_ids.map(self.created).astype("datetime64[us, UTC]")

    def are_known(self, lead_ids):
        return self.created_at(lead_ids).notna().to_numpy()


def around(created=CREATED, **lists):
    named = {f"agreement.{name.replace('__', '.')}": words for name, words in lists.items()}
    return Surroundings(as_of=AS_OF, leads=Known(created), lists=named)


def verdict_of(entity, frame, *, rules=None, faults=NO_FAULTS, world=None) -> Verdict:
    piece = Piece(entity=entity, frame=frame, faults=faults, around=world or around())
    return check_piece(piece, SHIPPED.suites[entity].rows if rules is None else rules)


def judged(entity, *rows, faults=NO_FAULTS, created=CREATED, **lists):
    """Position, rule and severity of every reason, row by row in the order of the policy."""
    verdict = verdict_of(
        entity, frame_of(entity, *rows), faults=faults, world=around(created, **lists)
    )
    severity = {one.rule.rule: one.rule.severity.value for one in verdict.failing}
    return [
        (position, reason["rule"], severity[reason["rule"]])
        for position in range(len(rows))
        for reason in verdict.reasons(position)
    ]
