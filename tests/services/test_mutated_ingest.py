"""Damaged files through the whole way in: taken with L1 holding, held, or one clear error each."""

from __future__ import annotations

import random
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from ruamel.yaml import YAML
from sqlalchemy import select

from accord.errors import SourceError
from accord.ledger import read_rows, tables
from accord.services.audit import every_row_is_accounted_for
from accord.services.ingest import run_ingest
from accord.sources import find_batches, map_records, read_pieces, read_sources
from tests.proof import count
from tests.sources.mutations import FIELDS, NAMES, good, mutated

pytestmark = pytest.mark.proof

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_ONCE = 50  # files in the inbox of one run


def nobody(_word):
    """No stage is mapped here."""


def whole(batch):
    return read_pieces(batch, at_once=25)


def rows_in(workspace):
    """Count the rows of every file that can be read, by batch, as the readers give them."""
    (source,) = read_sources(workspace.settings.sources, {}).sources
    found = {}
    for batch in find_batches(source):
        if isinstance(batch, SourceError):
            continue
        pieces = (map_records(piece, source, stage_of=nobody) for piece in whole(batch))
        with suppress(SourceError):
            found[batch.batch_id] = sum(len(records.frame) for records in pieces)
    return found


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", NAMES)
def test_no_damaged_file_loses_a_row_on_its_way_into_the_ledger(workspace, name, capsys):
    inbox = workspace.settings.sources.parent / "in"
    inbox.mkdir()
    source = {"name": "crm", "entity": "lead", "path": f"in/*-{name}", "nulls": ["", "N/A"]}
    with workspace.settings.sources.open("w") as file:
        YAML().dump({"sources": [source | {"fields": FIELDS}]}, file)
    (inbox / f"good-{name}").write_bytes(good(name))
    assert run_ingest(workspace, as_of=AS_OF).accepted > 0
    ends = Counter()
    seeds = range(max(1, count(10_000) // (2 * len(NAMES))))
    for start in range(0, len(seeds), AT_ONCE):
        for old in inbox.iterdir():
            old.unlink()
        here = seeds[start : start + AT_ONCE]
        for seed in here:
            content = mutated(name, random.Random(f"{name} {seed}"))
            (inbox / f"{seed}-{name}").write_bytes(content)
        with workspace.ledger.read() as connection:
            before = set(connection.execute(select(tables.batch.c.batch_id)).scalars())
        result = run_ingest(workspace, as_of=AS_OF)
        assert all("\n" not in str(error) for error in result.errors)
        assert all(str(inbox) in error.subject for error in result.errors)
        expected = rows_in(workspace)
        with workspace.ledger.read() as connection:
            assert list(every_row_is_accounted_for(connection, workspace, AS_OF)) == []
            batches = read_rows(connection, select(tables.batch))
        fresh = [row for row in batches if row["batch_id"] not in before]
        assert {row["batch_id"]: row["rows_in"] for row in fresh} == {
            batch_id: rows for batch_id, rows in expected.items() if batch_id not in before
        }
        ends.update(row["status"] for row in fresh)
        ends["refused"] += len(result.errors)
        ends["same content"] += len(here) - len(fresh) - len(result.errors)
    with capsys.disabled():
        told = ", ".join(f"{times} {end}" for end, times in sorted(ends.items()))
        sys.stdout.write(f"\n{name}: {told}\n")
    assert ends["taken"]
    assert ends["refused"]
