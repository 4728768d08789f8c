"""Quality on the page: rules with an example, whole batches, what waits; ids and counts only."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from accord.ledger import tables
from accord.services.quality_page import quality_findings
from accord.services.report import write_report
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, Company

BATCH = "ab" * 32
HELD = "cd" * 32
AT = AS_OF - timedelta(hours=20)


def batch(batch_id, source, status="taken", **counts):
    names = ("accepted", "quarantined", "duplicates", "held", "flagged")
    counts = dict.fromkeys(names, 0) | counts
    rows_in = sum(counts[name] for name in names[:-1])
    return {
        "batch_id": batch_id,
        "source": source,
        "entity": "lead",
        "place": f"inbox/{source}.csv",
        "taken_at": AT,
        "status": status,
        "rows_in": rows_in,
        **counts,
    }


def result(rule, severity, failing, **others):
    said = {"checked": 100, "outcome": "acted", "sentence": f"{rule} says so", "batch_id": BATCH}
    return {**said, "rule": rule, "severity": severity, "failing": failing, **others}


def aside(row_number, *, days, status="open", **others):
    return {
        "batch_id": BATCH,
        "row_number": row_number,
        "source": "fair",
        "entity": "lead",
        "record_key": f"crm:{row_number}",
        "row": {"mail": "ann.secret@example.com"},
        "reasons": [{"rule": "lead.email", "sentence": "email is not a mail address"}],
        "status": status,
        "set_aside_at": AS_OF - timedelta(days=days),
        "decided_at": None,
        **others,
    }


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    home = tmp_path_factory.mktemp("quality")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=300, seed=5).write(workspace.ledger)
    with workspace.ledger.begin() as connection:
        rows = [
            batch(BATCH, "fair", accepted=60, quarantined=40, flagged=7),
            batch(HELD, "fair", status="held", held=500),
        ]
        connection.execute(insert(tables.batch), rows)
        rows = [
            result("lead.email", "quarantine", 40),
            result("lead.country", "flag", 7, outcome="tolerated"),
            result("lead.row_count", "flag", 1, checked=0),
            result("lead.fresh", "flag", 0, checked=0, outcome="passed"),
        ]
        connection.execute(insert(tables.quality), rows)
        rows = [
            aside(17, days=40),
            aside(4, days=3),
            aside(5, days=50, status="discarded", decided_at=AS_OF - timedelta(days=2)),
        ]
        connection.execute(insert(tables.quarantine), rows)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def page(deployment):
    path = write_report(deployment, as_of=AS_OF)
    (chapter,) = re.findall(
        r'<section class="chapter" id="quality".*?</section>', path.read_text("utf-8"), re.DOTALL
    )
    return path, chapter


def cells(path, table):
    file = path.parent / "2026-W46" / f"{table}.csv"
    return list(csv.reader(file.read_text("utf-8").splitlines()))[1:]


def test_rules_stand_with_their_counts_and_an_example_row(page):
    assert cells(page[0], "quality_rules") == [
        ["lead.email", "fair", "quarantine", "40", "0", "1", f"{BATCH} 4", "lead.email says so"],
        ["lead.country", "fair", "flag", "7", "7", "1", BATCH, "lead.country says so"],
    ]
    assert "abababababab row 4" in page[1]


def test_whole_batches_stand_with_what_was_said_of_them(page):
    rows = cells(page[0], "quality_batches")
    assert [(row[0], row[1], row[3], row[4], row[5]) for row in rows] == [
        (BATCH, "fair", "lead.row_count", "flag", "lead.row_count says so"),
        (HELD, "fair", "share of failing rows", "hold", "held: too many of its 500 rows fail"),
    ]


def test_rows_that_wait_longest_come_first(page):
    rows = cells(page[0], "quality_waiting")
    assert [(row[0], row[3], row[4]) for row in rows] == [
        (f"{BATCH} 17", "40", "lead.email"),
        (f"{BATCH} 4", "3", "lead.email"),
    ]
    assert "2 rows set aside wait for a person" in page[1]


def test_a_past_week_shows_what_was_open_then(deployment):
    path = write_report(deployment, as_of=AS_OF, week="2026-W44")
    file = path.parent / "2026-W44" / "quality_waiting.csv"
    rows = list(csv.reader(file.read_text("utf-8").splitlines()))[1:]
    assert [row[0] for row in rows] == [f"{BATCH} 5", f"{BATCH} 17"]


def test_rows_of_each_week_and_source_add_up(page):
    rows = cells(page[0], "quality_weeks")
    (fair,) = [row for row in rows if row[1] == "fair"]
    assert fair[2:] == ["600", "60", "40", "0", "500", "7", fair[-1]]
    for _, _, rows_in, accepted, quarantined, duplicates, held, *_ in rows:
        parts = (accepted, quarantined, duplicates, held)
        assert int(rows_in) == sum(int(part) for part in parts)


def test_nothing_that_a_row_holds_stands_on_the_page(page):
    assert "secret" not in page[1]


def test_the_artifact_names_rules_and_batches_by_ids_only(deployment):
    rows = quality_findings(deployment, as_of=AS_OF)
    assert [(row["rule"], row["example"]) for row in rows] == [
        ("lead.email", "abababababab row 4"),
        ("lead.country", "abababababab"),
        ("lead.row_count", "abababababab"),
        ("share of failing rows", "cdcdcdcdcdcd"),
    ]
    assert "secret" not in str(rows)


def test_a_released_row_does_not_wait(deployment):
    with deployment.ledger.begin() as connection:
        values = {"status": "released", "decided_at": AS_OF - timedelta(minutes=1)}
        found = tables.quarantine.c
        statement = update(tables.quarantine).where(found.row_number == 4).values(values)
        connection.execute(statement)
    path = write_report(deployment, as_of=AS_OF)
    assert [row[0] for row in cells(path, "quality_waiting")] == [f"{BATCH} 17"]
