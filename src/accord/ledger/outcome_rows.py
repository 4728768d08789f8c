"""How it ended with leads, as sources state it: won, lost, disqualified, or a deal still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, func, literal, select

from accord.ledger.arrow import to_arrow
from accord.ledger.tables import batch, decision, lead_version, opportunity_version
from accord.records import DecisionOutcome, Stage

_ENDS = (Stage.CUSTOMER.value, Stage.LOST.value, Stage.DISQUALIFIED.value)
_OF_DEALS = (Stage.OPPORTUNITY.value, Stage.CUSTOMER.value, Stage.LOST.value)


def read_ends(connection: Connection, *, known_at: datetime) -> pa.Table:
    """Read every end that sources state, as was known at an instant; in no order.

    lead_id; stage: customer, lost, disqualified, or opportunity for a deal that is still open; at,
    when it came to that (of a deal its closing, else when it was so). Of a deal the newest version
    known then counts. A lead may have any number of rows; one without a time is left out.
    """
    queries = (_deals(known_at), _disqualified(known_at), _stated(known_at))
    return to_arrow(connection, queries, _columns(decision.c.lead_id, literal(""), _NO_TIME))


_NO_TIME = decision.c.decided_at


def _columns(lead_id: Any, stage: Any, at: Any) -> Sequence[Any]:
    return (lead_id.label("lead_id"), stage.label("stage"), at.label("at"))


def _deals(known_at: datetime) -> Select[Any]:
    own = opportunity_version.c
    newest_first = (own.known_at.desc(), batch.c.place.desc(), own.row_number.desc())
    place = func.row_number().over(partition_by=own.opportunity_id, order_by=newest_first)
    deal = (
        select(opportunity_version, place.label("place"))
        .outerjoin(batch, batch.c.batch_id == own.batch_id)
        .where(own.known_at <= known_at)
        .subquery()
        .c
    )
    at = func.coalesce(deal.closed_at, deal.stage_at, deal.opened_at)
    return select(*_columns(deal.lead_id, deal.stage, at)).where(
        deal.place == 1, deal.lead_id.is_not(None), deal.stage.in_(_OF_DEALS), at.is_not(None)
    )


def _disqualified(known_at: datetime) -> Select[Any]:
    own = decision.c
    stage = literal(Stage.DISQUALIFIED.value)
    return select(*_columns(own.lead_id, stage, own.decided_at)).where(
        own.outcome == DecisionOutcome.DISQUALIFY.value, own.known_at <= known_at
    )


def _stated(known_at: datetime) -> Select[Any]:
    own = lead_version.c
    at = func.coalesce(own.stage_at, own.created_at)
    columns = _columns(own.lead_id, own.stage, at)
    return select(*columns).distinct().where(own.stage.in_(_ENDS), own.known_at <= known_at)
