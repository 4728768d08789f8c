"""The commission statement of a period, beside what was issued of it and what was corrected since.

The stored numbers are those of the stage ``weekly``: a closed week's first revision is the
statement that was issued, each later one a correction. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.statement_rows import read_revisions
from accord.metrics import (
    ALL,
    NONE,
    Line,
    Period,
    Statement,
    Subtotal,
    period_named,
    state_commission,
    week_named,
    week_of,
)
from accord.records import to_text
from accord.report import write_csvs
from accord.report.statements import lines_table, teams_table
from accord.services.agreement_seen import read_agreed_versions
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

_METRIC = "commission"
_TEAM = "marketing_team"
_CENT = Decimal("0.01")
_DAY = timedelta(days=1)
_UTC = "UTC"  # as instants stand in files
DIMENSIONS = ("kind", _TEAM, "channel", "campaign")
"""What a statement's lines are added up by."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One stored revision of a closed period's commission, of one marketing team or of all."""

    period: str
    revision: int
    computed_at: datetime
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was issued of a period and what it is now; ``team`` is None for the total."""

    period: str
    team: str | None
    was: Decimal | None
    now: Decimal | None
    at: datetime

    @property
    def difference(self) -> Decimal:
        """What is to be paid in addition, or to be taken back."""
        return (self.now or Decimal(0)) - (self.was or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """A statement with what was issued of it before.

    ``issues`` are the stored revisions of its total. ``changes`` are the totals that are not as
    they were issued first: of the statement, then of its teams. ``earlier`` are corrections of
    weeks that had ended before the period, stored within it. ``unsigned`` are versions of the
    agreement at whose rates is paid, though both sides have not signed them.
    """

    statement: Statement
    issues: tuple[Issue, ...]
    changes: tuple[Correction, ...]
    earlier: tuple[Correction, ...]
    unsigned: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: money as exact text, instants in UTC."""
        statement = self.statement
        return {
            "period": statement.period.label,
            "from": to_text(statement.period.start),
            "to": to_text(statement.period.end),
            "partial": statement.partial,
            "currency": statement.currency,
            "total": statement.total,
            "unagreed": statement.unagreed,
            "unsigned_versions": list(self.unsigned),
            "by": {name: [_group(one) for one in statement.by(name)] for name in DIMENSIONS},
            "lines": [_line(line) for line in statement.lines],
            "issued": [
                {
                    "revision": one.revision,
                    "computed_at": to_text(one.computed_at),
                    "amount": one.amount,
                }
                for one in self.issues
            ],
            "changes": [_correction(one) for one in self.changes],
            "corrections_of_earlier_weeks": [_correction(one) for one in self.earlier],
        }


def read_commission(
    workspace: Workspace, *, period: str | None = None, as_of: datetime
) -> Commission:
    """Write the statement of a week, month or quarter, as it stands at ``as_of``.

    If none is named, the week of yesterday, as the report's. InputError if it is no period, or has
    not begun.
    """
    agreement = workspace.agreement(as_of)
    asked = _period(agreement, period, as_of=as_of)
    frames = read_facts(workspace, agreement, ("earnings",), since=asked.start, as_of=as_of)
    statement = state_commission(
        frames["earnings"], asked, as_of=as_of, currency=agreement.currency
    )
    with workspace.ledger.read() as connection:
        rows = _stored(connection, as_of=as_of)
        signed = read_agreed_versions(connection, as_of=as_of)
    own = [row for row in rows if row["period"] == asked.label]
    return Commission(
        statement=statement,
        issues=tuple(_issue(row) for row in own if row["dimension"] == ALL),
        changes=() if statement.partial else tuple(_changes(statement, own, as_of=as_of)),
        earlier=tuple(_earlier(rows, asked, zone=agreement.timezone)),
        unsigned=tuple(one for one in statement.versions if one not in signed),
    )


def write_commission(workspace: Workspace, found: Commission) -> tuple[Path, ...]:
    """Write a statement beside the reports: ``reports/<period>/commission.csv`` and its lines.

    They are the tables of the same names beside the report of that period.
    """
    statement = found.statement
    tables = (teams_table(statement), lines_table(statement, zone=_UTC))
    return write_csvs(tables, workspace.settings.report_path / statement.period.label)


def _period(agreement: Agreement, label: str | None, *, as_of: datetime) -> Period:
    if label is None:
        return week_of(as_of - _DAY, agreement.timezone)
    period = period_named(label, agreement.timezone)
    if period.start > as_of:
        raise InputError(
            where="--period", found=f"{label} has not begun", expected="a period up to now"
        )
    return period


def _stored(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Read what was stored of closed periods up to an instant."""
    rows = read_revisions(connection, _METRIC, (ALL, _TEAM))
    return [row for row in rows if not row["partial"] and row["computed_at"] <= as_of]


def _issue(row: Row) -> Issue:
    return Issue(
        period=row["period"],
        revision=row["revision"],
        computed_at=row["computed_at"],
        amount=_amount(row),
    )


def _amount(row: Row) -> Decimal | None:
    return None if row["value"] is None else Decimal(row["value"]).quantize(_CENT)


def _changes(statement: Statement, rows: Sequence[Row], *, as_of: datetime) -> Iterator[Correction]:
    """Yield the totals that are not what was issued first; nothing where nothing was issued."""
    issued: dict[str | None, Decimal | None] = {}
    for row in rows:
        team = None if row["dimension"] == ALL else row["member"]
        issued.setdefault(team, _amount(row))
    if None not in issued:
        return
    now: dict[str | None, Decimal] = {None: statement.total}
    now |= {one.member: one.amount for one in statement.by(_TEAM)}
    for team in dict.fromkeys((*issued, *now)):
        was, amount = issued.get(team), now.get(team, Decimal("0.00"))
        if (was or Decimal(0)) != amount:
            label = statement.period.label
            yield Correction(period=label, team=team, was=was, now=amount, at=as_of)


def _earlier(rows: Iterable[Row], period: Period, *, zone: str) -> Iterator[Correction]:
    """Yield what was corrected within a period of weeks that had ended before it, by revision."""
    before: dict[tuple[str, str, str], Decimal | None] = {}
    for row in rows:
        key = (row["period"], row["dimension"], row["member"])
        was = before.get(key)
        before[key] = _amount(row)
        within = period.start <= row["computed_at"] < period.end
        is_later = row["revision"] > 1 and row["dimension"] == ALL
        if within and is_later and _had_ended(row["period"], period.start, zone=zone):
            at, now = row["computed_at"], _amount(row)
            yield Correction(period=row["period"], team=None, was=was, now=now, at=at)


def _had_ended(label: str, at: datetime, *, zone: str) -> bool:
    """Whether a stored period is a week that had ended by an instant."""
    with suppress(InputError):
        return week_named(label, zone).end <= at
    return False


def _group(one: Subtotal) -> dict[str, Any]:
    return {
        "member": one.member or None,
        "accepted_mqls": one.accepted,
        "deals_won": one.won,
        "won_revenue": one.revenue,
        "amount": one.amount,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "at": to_text(line.at),
        "kind": line.kind.value,
        "handoff_id": line.handoff_id,
        "deal_id": line.deal_id,
        "lead_id": line.lead_id,
        "marketing_team": line.marketing_team,
        "channel": line.channel,
        "campaign": line.campaign,
        "segment": line.segment,
        "agreement": line.version,
        "rate": line.rate,
        "base": line.base,
        "amount": line.amount,
    }


def _correction(one: Correction) -> dict[str, Any]:
    return {
        "period": one.period,
        "marketing_team": NONE if one.team == "" else one.team,
        "was": one.was,
        "is": one.now,
        "difference": one.difference,
        "at": to_text(one.at),
    }
