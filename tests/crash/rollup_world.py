"""A log whose cut is moved, moved again, and that forgets a lead; the child that does it.

Ann and Bob have activities before the first cut, between the two and after the second, late ones
too; Carl is erased between the two.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa

from accord.records import to_us
from accord.scoring import score
from accord.services.evidence import read_evidence
from accord.services.merges import Merges
from accord.services.rollup import move_cut
from accord.services.workspace import Workspace
from tests.crash import ingest_world
from tests.crash.ingest_world import open_workspace

DAY = timedelta(days=1)
FIRST = datetime(2026, 11, 2, 12, tzinfo=UTC)
SECOND = FIRST + 20 * DAY
ASKED = SECOND + 3 * DAY
POINTS = ("rollup.before_commit", "rollup.after_commit", "log.after_erase")
WHO = ("ann", "bob", "carl")
GONE = "carl"
KINDS = ("page_viewed", "form_submitted", "demo_requested", "email_sent")
A_BATCH = 240

Stored = tuple[object, tuple[tuple[object, ...], ...]]


def fill(home: Path, url: str) -> None:
    """Take three batches: before the first cut, late ones and later ones, and of the future."""
    workspace = open_workspace(home, url)
    starts = (FIRST - 90 * DAY, FIRST - 50 * DAY, SECOND - 10 * DAY)
    for number, start in enumerate(starts):
        at = [to_us(start + one * DAY / 8) for one in range(A_BATCH)]
        table = pa.table(
            {
                "activity_id": [f"{number}-{one}" for one in range(A_BATCH)],
                "lead_id": [WHO[one % 3] for one in range(A_BATCH)],
                "kind": [KINDS[one // 3 % 4] for one in range(A_BATCH)],
                "occurred_us": pa.array(at, pa.int64()),
            }
        )
        workspace.log.append(table, batch_id=f"b{number}", taken_at=FIRST + number * DAY)
    workspace.close()


STEPS = (
    lambda workspace: move_cut(workspace, as_of=FIRST),
    lambda workspace: workspace.log.erase([GONE]),
    lambda workspace: move_cut(workspace, as_of=SECOND),
    lambda workspace: workspace.log.compact(),
)


def work(home: Path, url: str, point: str, witness: str) -> None:
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    workspace = open_workspace(home, url)
    for step in STEPS:
        step(workspace)
    workspace.close()


run = partial(ingest_world.run, doing=work)


def stored(workspace: Workspace) -> Stored:
    """What is stored: its cut, and each row with its weight to nine digits."""
    cut = workspace.log.cut
    rows = workspace.log.read_rollup().order("lead_id, kind").fetchall()
    return cut, tuple((*row[:5], round(row[5], 9), row[6]) for row in rows)


def scores(workspace: Workspace) -> list[dict[str, object]]:
    """The scores that stay what they are, of rollup and tail: Ann's and Bob's."""
    agreement = workspace.agreement(ASKED)
    people = pa.table({"lead_id": [one for one in WHO if one != GONE]})
    leads = people["lead_id"].to_pylist()
    rows = read_evidence(workspace.log, leads, Merges(into={}), agreement, as_of=ASKED)
    found = score(people, rows, agreement, as_of=ASKED).sort("lead_id").collect()
    return found.to_arrow().to_pylist()


def files(home: Path) -> list[str]:
    """The files of the stored rollup, by name."""
    return sorted(path.name for path in (home / "home").glob("*-rollup/*.parquet"))
