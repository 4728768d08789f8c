"""How it ended with leads, as sources state it: won, lost, disqualified, or a deal still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, literal, or_, select

from accord.ledger.arrow import to_arrow
from accord.ledger.company_rows import IDENTITY
from accord.ledger.tables import batch, decision, lead_version, opportunity_version
from accord.records import DecisionOutcome, Stage

_OPEN = Stage.OPPORTUNITY.value
_WON = Stage.CUSTOMER.value
_OF_DEALS = (_OPEN, _WON, Stage.LOST.value)
_OF_LEADS = (*_OF_DEALS, Stage.DISQUALIFIED.value)


def read_ends(connection: Connection, *, known_at: datetime) -> pa.Table:
    """Read every end that sources state, as was known at an instant; in no order.

    lead_id; stage: customer, lost, disqualified, or opportunity for what is still open; at, when it
    came to that (of a deal its closing, else when it was so); is_dated, whether a source says when:
    else ``at`` is since when the status is known. No nulls. A lead may have any number of rows:
    one a deal, one a disqualification, and of its own status one, or two if it was ever a customer.

    Of a deal and of a lead the newest version known then counts, so what a source took back is no
    end; only who was ever stated to be a customer stays one. A lead's status of opportunity counts
    where no deal of it is known: else its deals say what is open. A deal without any time is left
    out.
    """
    queries = (_deals(known_at), _disqualified(known_at), _stated(known_at))
    columns = _columns(decision.c.lead_id, literal(""), decision.c.decided_at)
    return to_arrow(connection, queries, columns)


_DATED: ColumnElement[bool] = literal(value=True)


def _columns(lead_id: Any, stage: Any, at: Any, is_dated: Any = _DATED) -> Sequence[Any]:
    return (
        lead_id.label("lead_id"),
        stage.label("stage"),
        at.label("at"),
        is_dated.label("is_dated"),
    )


def _place(versions: Any, key: Any) -> Any:
    """Return the place of each version among those of its key, 1 the newest."""
    own, of_batch = versions.c, batch.c.place.desc().nulls_last()  # the stores differ in nulls
    newest_first = (own.known_at.desc(), of_batch, own.row_number.desc(), own.batch_id.desc())
    return func.row_number().over(partition_by=key, order_by=newest_first).label("place")


def _deals(known_at: datetime) -> Select[Any]:
    own = opportunity_version.c
    deal = (
        select(opportunity_version, _place(opportunity_version, own.opportunity_id))
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
    """What leads' own versions say; those that identity made have no stage and are not read.

    A status is dated by the version that counts, else by another version of the same status. Who
    was a customer is so from the first date that any version gives.
    """
    version = _versions_of_leads(known_at)
    newest_at = func.max(case((version.place == 1, version.stage_at)))
    first_at = func.min(version.stage_at)
    dated_at = case((version.stage == _WON, first_at), else_=func.coalesce(newest_at, first_at))
    at = func.coalesce(dated_at, func.min(version.known_at))
    counts = (func.min(version.place) == 1, version.stage == _WON)
    return (
        select(*_columns(version.lead_id, version.stage, at, first_at.is_not(None)))
        .where(version.stage.in_(_OF_LEADS))
        .where(or_(version.stage != _OPEN, ~_has_deals(version.lead_id, known_at)))
        .group_by(version.lead_id, version.stage)
        .having(or_(*counts))
    )


def _versions_of_leads(known_at: datetime) -> Any:
    """All versions of the leads that any says came to something: most of the others are spared."""
    own = lead_version.c
    concerned = select(own.lead_id).where(own.stage.in_(_OF_LEADS))
    columns = (own.lead_id, own.stage, own.stage_at, own.known_at)
    return (
        select(*columns, _place(lead_version, own.lead_id))
        .outerjoin(batch, batch.c.batch_id == own.batch_id)
        .where(own.known_at <= known_at, own.batch_id != IDENTITY, own.lead_id.in_(concerned))
        .subquery()
        .c
    )


def _has_deals(lead_id: Any, known_at: datetime) -> ColumnElement[bool]:
    own = opportunity_version.c
    return exists().where(own.lead_id == lead_id, own.known_at <= known_at)
