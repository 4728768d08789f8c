"""Rows set aside, released: corrected by a person, judged again, and taken as a batch of their own.

A release is named by its rows' content and the source's mapping, as every batch is: killed
anywhere and asked for again, it is the same batch, which is taken once. The rows are marked in the
transaction that takes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement, stage_of
from accord.errors import InputError
from accord.findings import Finding
from accord.ledger.quality_rows import RELEASED
from accord.ledger.quarantine_rows import (
    Key,
    find_aside,
    mark_discarded,
    mark_erased,
    mark_released,
    read_aside,
    write_reasons,
)
from accord.quality import Severity
from accord.services.erased import REASON, RULE, erased_among
from accord.services.judging import Judge
from accord.services.known_leads import KnownLeads
from accord.services.taking import Offer, take
from accord.services.workspace import Workspace
from accord.sources import Batch, File, Records, Rows, Source, Sources, map_records, read_sources

_AT_ONCE = 10_000  # rows: one release is one batch
_LINE = "(line)"  # where a row that could not be cut into cells keeps its text

Reason = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of rows that a person decided on.

    ``done`` were released (or discarded) now, ``before`` were not open any more, each with what
    they are; ``failing`` still fail, with every reason, and stay open.
    """

    done: tuple[Key, ...] = ()
    before: tuple[tuple[Key, str], ...] = ()
    failing: tuple[Finding, ...] = ()


def find_key(workspace: Workspace, batch: str, row_number: int) -> Key:
    """Return the row set aside whose batch begins so; InputError if it is none, or not one."""
    with workspace.ledger.read() as connection:
        found = find_aside(connection, batch, row_number)
    if len(found) == 1:
        return found[0]["batch_id"], found[0]["row_number"]
    where = f"quarantine {batch} {row_number}"
    if found:
        raise InputError(where=where, found="several batches begin so", remedy="write more of it")
    raise InputError(where=where, found="no such row", remedy="see accord quarantine list")


def release(
    workspace: Workspace,
    keys: Sequence[Key],
    *,
    as_of: datetime,
    changes: Mapping[str, str | None] | None = None,
    sources: Sources | None = None,
) -> Decided:
    """Take rows that were set aside, with ``changes`` by column of the file, if they pass now.

    Mapped by the source as it is now and judged by the policy as it is now. A row that fails
    again stays open with its new reasons; one that is not open is left as it is. SourceError or
    InputError if a source is gone, or a column is not one of its rows': nothing is released then.
    LeaseHeldError while another process ingests.
    """
    if sources is None:
        sources = read_sources(workspace.settings.sources, os.environ)
    with workspace.ledger.lease("ingest"):
        with workspace.ledger.read() as connection:
            rows = read_aside(connection, keys)
        waiting = [row for row in rows if row["status"] == "open"]
        before = tuple((_key(row), _worded(row)) for row in rows if row["status"] != "open")
        releasing = _Releasing(
            workspace=workspace,
            sources=sources,
            agreement=workspace.agreement(as_of),
            at=as_of,
        )
        parts = list(releasing.prepare(waiting, dict(changes or {})))
        found = [releasing.settle(part) for part in parts]
    return Decided(
        done=tuple(key for done, _ in found for key in done),
        before=before,
        failing=tuple(finding for _, failing in found for finding in failing),
    )


def discard(
    workspace: Workspace, keys: Sequence[Key], *, as_of: datetime, reason: str | None = None
) -> Decided:
    """Give rows up that were set aside: they stay counted, and wait for nobody."""
    with workspace.ledger.lease("ingest"), workspace.ledger.begin() as connection:
        rows = read_aside(connection, keys)
        waiting = [row for row in rows if row["status"] == "open"]
        mark_discarded(connection, waiting, at=as_of, reason=reason or "given up by a person")
    before = tuple((_key(row), _worded(row)) for row in rows if row["status"] != "open")
    return Decided(done=tuple(_key(row) for row in waiting), before=before)


def _key(row: Mapping[str, Any]) -> Key:
    return row["batch_id"], row["row_number"]


def _worded(row: Mapping[str, Any]) -> str:
    if row["status"] == "released":
        return f"is released already, as batch {row['released_as'][:12]}"
    return f"is {row['status']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Rows of one source that become one batch, as they were set aside and as they are read now.

    ``records`` has fewer rows where the source's filter leaves some out.
    """

    source: Source
    asides: list[dict[str, Any]]
    rows: Rows
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class _Releasing:
    """One release on its way; the lease is held."""

    workspace: Workspace
    sources: Sources
    agreement: Agreement
    at: datetime

    def prepare(
        self, asides: Sequence[dict[str, Any]], changes: Mapping[str, str | None]
    ) -> Iterator[_Part]:
        """Read the rows again, source by source; what is wrong with the input is said here."""
        ordered = sorted(asides, key=lambda row: (row["source"], *_key(row)))
        for name, group in groupby(ordered, key=lambda row: str(row["source"])):
            source, listed = self._source(name), list(group)
            for start in range(0, len(listed), _AT_ONCE):
                part = listed[start : start + _AT_ONCE]
                rows = _rows_of(source, [_changed(row, source, changes) for row in part])
                stages = partial(stage_of, self.agreement)
                records = map_records(rows, source, stage_of=stages)
                yield _Part(source=source, asides=part, rows=rows, records=records)

    def _source(self, name: str) -> Source:
        for source in self.sources.sources:
            if source.name == name:
                return source
        known = ", ".join(source.name for source in self.sources.sources)
        raise InputError(
            where=f"sources.{name}",
            found="is no source any more",
            expected="the source that the row came from",
            remedy=f"write it again; known are {known}",
        )

    def settle(self, part: _Part) -> tuple[list[Key], list[Finding]]:
        """Take what passes, and say of the rest why it fails."""
        reasons = self._judge(part)
        with self.workspace.ledger.begin() as connection:
            failing = self._keep(connection, part, reasons)
        good = [at for at in range(len(part.asides)) if at not in reasons]
        keys = [_key(part.asides[at]) for at in good]
        if keys:
            self._take(part, good, keys)
        return keys, failing

    def _judge(self, part: _Part) -> dict[int, list[Reason]]:
        """Return why rows fail now, by their place in the part."""
        records = part.records
        judge = Judge(
            self.workspace,
            part.source,
            agreement=self.agreement,
            as_of=self.at,
            known_leads=KnownLeads(self.workspace.ledger),
            accepted=True,
        )
        verdict = judge.look(records).without(judge.conclude().tolerated)
        places = records.row_numbers - records.rows.first
        bad = np.union1d(
            verdict.positions(Severity.QUARANTINE), verdict.positions(Severity.HOLD)
        ).tolist()
        found = {int(places[at]): verdict.reasons(at) for at in bad}
        left_out = set(range(part.rows.count)) - set(places.tolist())
        said = {"rule": "filter", "sentence": "the source's filter leaves this row out"}
        found |= {place: [said] for place in left_out}
        with self.workspace.ledger.read() as connection:
            gone = np.flatnonzero(erased_among(connection, records.frame)).tolist()
        return found | {int(places[at]): [{"rule": RULE, "sentence": REASON}] for at in gone}

    def _keep(
        self, connection: Connection, part: _Part, reasons: Mapping[int, list[Reason]]
    ) -> list[Finding]:
        """Write why rows stay; those of an erased person are emptied."""
        gone = [at for at, said in reasons.items() if said[0]["rule"] == RULE]
        stay = sorted(set(reasons) - set(gone))
        keys = [_key(row) for row in part.asides]
        write_reasons(connection, [keys[at] for at in stay], [reasons[at] for at in stay])
        emptied = {"rule": RULE, "sentence": REASON}
        mark_erased(connection, [keys[at] for at in gone], at=self.at, reason=emptied)
        return [_finding(keys[at], reasons[at]) for at in sorted(reasons)]

    def _take(self, part: _Part, good: Sequence[int], keys: Sequence[Key]) -> None:
        rows = part.rows.picked(good)
        batch = _batch_of(part.source, rows)

        def also(connection: Connection) -> None:
            mark_released(connection, keys, at=self.at, released_as=batch.batch_id)

        offer = Offer(batch=batch, pieces=(rows,), also=also, accepted=True)
        take(self.workspace, offer, agreement=self.agreement, as_of=self.at)


def _changed(
    row: Mapping[str, Any], source: Source, changes: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return a row's cells with the changes; InputError for a column that the row has not."""
    mapped = [one.column for one in source.fields.values() if one.column]
    cells = {name: value for name, value in row["row"].items() if name != _LINE}
    known = list(dict.fromkeys([*cells, *mapped]))
    for name in changes:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            raise InputError(
                where=f"--set {name}",
                found="is no column of the row",
                expected="a column as the file names it",
                remedy=f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}",
            )
    return {**cells, **changes}


def _rows_of(source: Source, cells: Sequence[Mapping[str, str | None]]) -> Rows:
    names = list(dict.fromkeys(name for one in cells for name in one))
    return Rows(
        place=f"{RELEASED}{source.name}",
        columns={
            name: pa.array([one.get(name) for one in cells], pa.large_string()) for name in names
        },
        count=len(cells),
    )


def _batch_of(source: Source, rows: Rows) -> Batch:
    """Name a batch by its rows' content and the source's mapping."""
    content = {name: column.to_pylist() for name, column in sorted(rows.columns.items())}
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
    named = json.dumps([RELEASED, digest, source.canonical()], sort_keys=True, ensure_ascii=True)
    return Batch(
        batch_id=hashlib.sha256(named.encode()).hexdigest(),
        source=source,
        files=(File(name="", place=rows.place, digest=digest),),
    )


def _finding(key: Key, reasons: Sequence[Reason]) -> Finding:
    emptied = reasons[0]["rule"] == RULE
    return Finding(
        rule=f"quarantine.{reasons[0]['rule']}",
        subject=f"{key[0][:12]} row {key[1]}",
        sentence="; ".join(one["sentence"] for one in reasons) + ".",
        remedy="" if emptied else "Correct it by --set COLUMN=VALUE, or discard it.",
    )
