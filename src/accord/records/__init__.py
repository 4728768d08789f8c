"""The canonical records: their schemas and closed vocabularies. No I/O, no rules."""

from accord.records.instants import EPOCH, MICROSECOND, from_us, to_text, to_us
from accord.records.payloads import json_text, payload_hash
from accord.records.schema import SCHEMAS, Field, Kind, Schema
from accord.records.vocabulary import (
    ASIDE,
    FUNNEL,
    Channel,
    DecisionOutcome,
    Entity,
    HandoffStage,
    Origin,
    Part,
    Programme,
    Role,
    Side,
    Stage,
    TouchOutcome,
)

__all__ = [
    "ASIDE",
    "EPOCH",
    "FUNNEL",
    "MICROSECOND",
    "SCHEMAS",
    "Channel",
    "DecisionOutcome",
    "Entity",
    "Field",
    "HandoffStage",
    "Kind",
    "Origin",
    "Part",
    "Programme",
    "Role",
    "Schema",
    "Side",
    "Stage",
    "TouchOutcome",
    "from_us",
    "json_text",
    "payload_hash",
    "to_text",
    "to_us",
]
