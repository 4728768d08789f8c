"""Turning the ledger's rows about a lead into the facts that its history is derived from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_absorbed, read_facts
from accord.ledger.history_rows import read_overruled
from accord.lifecycle import Fact, FactKind, StageChange, Writing, is_echo_of_stage, without_echo
from accord.records import DecisionOutcome, HandoffStage, Origin, Stage
from accord.services.echoes import read_our_writings

Row = Mapping[str, Any]


def gather_facts(
    connection: Connection,
    leads: Sequence[Row],
    histories: Mapping[str, Sequence[StageChange]],
) -> dict[str, list[Fact]]:
    """Return every fact of these leads, what was merged into them included.

    Our own decisions are read back from the history, those included that gave way to a fact: they
    are facts, not derivations. What only repeats our own writing to the CRM is none.
    """
    lead_ids = [row["lead_id"] for row in leads]
    absorbed = read_absorbed(connection, lead_ids)
    rows = read_facts(connection, [*lead_ids, *absorbed])
    overruled = read_overruled(connection, lead_ids)
    facts: dict[str, list[Fact]] = {}
    for row in leads:
        lead_id = row["lead_id"]
        own = (*histories.get(lead_id, ()), *overruled.get(lead_id, ()))
        facts[lead_id] = [_created(row), *_ours(own)]
    for lead_id, said in _without_echoes(connection, rows, lead_ids, absorbed):
        facts[lead_id].extend(said)
    readers = {"decision": _decided, "opportunity_version": _deals}
    for table, read in readers.items():
        for lead_id, group in rows[table].items():
            facts[absorbed.get(lead_id, lead_id)].extend(read(group))
    return {lead_id: list(_first_of_each(group)) for lead_id, group in facts.items()}


def _without_echoes(
    connection: Connection,
    rows: Mapping[str, Mapping[str, Sequence[Row]]],
    lead_ids: Sequence[str],
    absorbed: Mapping[str, str],
) -> Iterator[tuple[str, list[Fact]]]:
    """Yield stages and hand-overs that sources state, but for our own writings come back."""
    writings = read_our_writings(connection, lead_ids, absorbed)
    for lead_id, group in rows["stated"].items():
        survivor = absorbed.get(lead_id, lead_id)
        yield survivor, list(_stated(group, writings.get(survivor, ())))
    for lead_id, group in rows["handoff_report"].items():
        survivor = absorbed.get(lead_id, lead_id)
        ours = writings.get(survivor, ())
        heard = (without_echo(fact, ours) for fact in _handed(group))
        yield survivor, [fact for fact in heard if fact is not None]


def _first_of_each(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Two versions of a record that say the same thing of the same instant are one fact."""
    seen: set[tuple[object, ...]] = set()
    for fact in facts:
        if fact.order not in seen:
            seen.add(fact.order)
            yield fact


def _created(row: Row) -> Fact:
    return Fact(kind=FactKind.CREATED, at=row["created_at"], cause=f"lead:{row['lead_id']}")


def _ours(history: Sequence[StageChange]) -> Iterator[Fact]:
    for change in history:
        if change.origin is Origin.DECIDED and not change.inferred:
            yield Fact(
                kind=FactKind.OURS,
                at=change.occurred_at,
                cause=change.cause,
                stage=change.to_stage,
                reason=change.reason,
                until=change.until,
                programme=change.programme,
                version=change.version,
            )


def _stated(rows: Sequence[Row], writings: Sequence[Writing]) -> Iterator[Fact]:
    for row in rows:
        stage, at = Stage(row["stage"]), row["stage_at"]
        if not is_echo_of_stage(stage, at, writings, known_at=row["known_at"]):
            cause = f"lead:{row['lead_id']}"
            yield Fact(kind=FactKind.STATED, at=at or row["created_at"], cause=cause, stage=stage)


def _handed(rows: Sequence[Row]) -> Iterator[Fact]:
    for row in rows:
        yield Fact(
            kind=FactKind.HANDED,
            at=row["handed_at"],
            cause=f"handoff:{row['handoff_id']}",
            stage=Stage(row["stage"] or HandoffStage.MQL),
            rep_id=row["rep_id"],
        )


def _decided(rows: Sequence[Row]) -> Iterator[Fact]:
    for row in rows:
        yield Fact(
            kind=FactKind.DECIDED,
            at=row["decided_at"],
            cause=f"decision:{row['decision_id']}",
            outcome=DecisionOutcome(row["outcome"]),
            reason=row["reason"],
            until=row["defer_until"],
        )


_CLOSED = (Stage.CUSTOMER, Stage.LOST)


def _deals(versions: Sequence[Row]) -> Iterator[Fact]:
    """What a lead's deals say: the newest version when each opened and closed, all their steps.

    A version that states no time for its stage stands at its opening; one without any time is
    known, but cannot be placed.
    """
    newest: dict[str, Row] = {}
    for row in sorted(versions, key=lambda row: (row["known_at"], row["row_number"])):
        newest[row["opportunity_id"]] = row
        yield from _step(row)
    for row in newest.values():
        yield from _opening(row)
        yield from _closing(row)


def _step(row: Row) -> Iterator[Fact]:
    at = row["stage_at"] or row["opened_at"]
    if row["stage"] == Stage.OPPORTUNITY and row["step"] is not None and at is not None:
        yield Fact(kind=FactKind.DEAL_STEP, at=at, cause=_cause(row), step=row["step"])


def _opening(row: Row) -> Iterator[Fact]:
    stage = Stage(row["stage"])
    if stage in (Stage.OPPORTUNITY, *_CLOSED):
        if row["opened_at"] is not None:
            yield Fact(kind=FactKind.DEAL_OPENED, at=row["opened_at"], cause=_cause(row))
        return
    at = row["stage_at"] or row["opened_at"]
    if at is not None:
        yield Fact(kind=FactKind.STATED, at=at, cause=_cause(row), stage=stage)


def _closing(row: Row) -> Iterator[Fact]:
    stage, at = Stage(row["stage"]), row["closed_at"] or row["stage_at"]
    if stage in _CLOSED and at is not None:
        yield Fact(
            kind=FactKind.DEAL_CLOSED, at=at, cause=_cause(row), stage=stage, reason=row["reason"]
        )


def _cause(row: Row) -> str:
    return f"opportunity:{row['opportunity_id']}"
