"""Where won money came from: gather the won deals of a time, their leads' history and touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.erase_rows import read_erased
from accord.ledger.metric_rows import read_raw
from accord.log import ActivityLog
from accord.metrics import (
    TRACE_TABLES,
    Attribution,
    attribute,
    rates_table,
    trace_won,
    window,
)
from accord.records import to_us
from accord.report import write_csvs
from accord.report.statements import deals_table
from accord.services.agreements_over_time import AgreementsOverTime
from accord.services.measure import When, bound
from accord.services.merges import Merges, read_merges
from accord.services.workspace import Workspace

_UTC = "UTC"  # as instants stand in files
_WHOLE = ("deal", "merge")

First = dict[str, tuple[int, str]]


def read_attribution(
    workspace: Workspace,
    *,
    deal_id: str | None = None,
    since: When = None,
    until: When = None,
    as_of: datetime,
) -> Attribution:
    """Tell of every deal won in a time, or of one deal, what led to it and who touched it first.

    ``since`` and ``until`` are as in :func:`accord.services.measure.measure`: days of the
    agreement's zone, both included; without them all deals up to ``as_of`` count, undated ones too.
    InputError on a day that is none, and on a deal that is not known or not won.
    """
    agreement = workspace.agreement(as_of)
    first = bound(since, "--from", agreement.timezone)
    last = bound(until, "--to", agreement.timezone, whole_day=True)
    rates = rates_table(AgreementsOverTime(workspace.ledger, workspace.settings.agreement).spans())
    with workspace.ledger.read() as connection:
        deals = read_raw(connection, "deal")
        asked = deals if deal_id is None else _only(deals, deal_id)
        won = _won_within(asked, first, last, as_of=as_of)
        merges = read_merges(connection, sorted(set(won["lead_id"].dropna())))
        concerned = _concerned(won["lead_id"].dropna(), merges)
        raw = {
            name: read_raw(connection, name, lead_ids=concerned)
            for name in TRACE_TABLES
            if name not in _WHOLE
        }
        raw |= {"deal": won, "merge": read_raw(connection, "merge")}
        erased = frozenset(read_erased(connection, concerned))
        raw["erasure"] = pd.DataFrame({"lead_id": pd.Series(sorted(erased), dtype="str")})
        sales = _first_touches(connection, concerned, merges, as_of=as_of)
    return attribute(
        trace_won(raw),
        rates,
        marketing=read_first_activities(workspace.log, concerned, merges, as_of=as_of),
        sales=sales,
        erased=erased,
        currency=agreement.currency,
    )


def write_attribution(workspace: Workspace, found: Attribution) -> tuple[Path, ...]:
    """Write the deals beside the reports: ``reports/attribution.csv``."""
    return write_csvs((deals_table(found, zone=_UTC),), workspace.settings.report_path)


def _only(deals: pd.DataFrame, deal_id: str) -> pd.DataFrame:
    found = deals[deals["deal_id"] == deal_id]
    if found.empty:
        raise InputError(
            where="--deal",
            found=f"no deal {deal_id!r} is known",
            expected="the id of a deal, with its system: crm:D17",
        )
    stage = str(found["stage"].iloc[0])
    if stage != "customer":
        raise InputError(
            where="--deal",
            found=f"deal {deal_id!r} is not won, it stands in {stage}",
            expected="a won deal",
        )
    return found


def _won_within(
    deals: pd.DataFrame, first: datetime | None, last: datetime | None, *, as_of: datetime
) -> pd.DataFrame:
    """Keep the deals won in a time, as the metric ``revenue`` counts them."""
    won = deals[deals["stage"] == "customer"]
    period = window(first, last, as_of=as_of)
    at = won["closed_us"].fillna(won["stage_us"])
    within = (at >= period.edges_us[0]) & (at < period.horizons_us[0])
    return won[within.fillna(value=period.undated).astype(bool)].reset_index(drop=True)


def _concerned(lead_ids: Iterable[str], merges: Merges) -> list[str]:
    """Return these leads, the ones they count for, and what else counts for those."""
    roots = {merges.root(lead_id) for lead_id in lead_ids}
    return sorted({*lead_ids, *roots, *merges.among(roots).into})


def _first_touches(
    connection: Connection, lead_ids: Sequence[str], merges: Merges, *, as_of: datetime
) -> First:
    touches = read_raw(connection, "touch", lead_ids=lead_ids)
    known = touches[touches["at_us"] <= to_us(as_of)]
    return _first_of_each(zip(known["lead_id"], known["at_us"], known["kind"], strict=True), merges)


def read_first_activities(
    log: ActivityLog, lead_ids: Sequence[str], merges: Merges, *, as_of: datetime
) -> First:
    """Return when and of what kind the first activity of each lead up to ``as_of`` was.

    One question to the log for all of them; activities of a merged lead are those of the one that
    it counts for. Of several at one instant the kind that comes first by name.
    """
    if not lead_ids:
        return {}
    activities = log.read(lead_ids=lead_ids, until_us=to_us(as_of))
    first = activities.aggregate(
        "lead_id, min(struct_pack(us := occurred_us, kind := kind)) AS first", "lead_id"
    )
    rows = ((lead_id, found["us"], found["kind"]) for lead_id, found in first.fetchall())
    return _first_of_each(rows, merges)


def _first_of_each(rows: Iterable[tuple[Any, Any, Any]], merges: Merges) -> First:
    found: First = {}
    for lead_id, at, kind in rows:
        root, one = merges.root(str(lead_id)), (int(at), str(kind))
        found[root] = min(found.get(root, one), one)
    return found
