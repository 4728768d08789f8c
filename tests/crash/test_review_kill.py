"""A review killed for real anywhere between its page and the last of its messages.

Whatever happened, the next runs bring everybody the message once and leave the page whole.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from accord.ledger import tables
from accord.services.audit import run_audit
from accord.services.deliver import run_deliver
from accord.services.reviews import run_review
from tests.crash import ingest_world
from tests.crash.ingest_world import open_workspace
from tests.metrics.company import Company

DUE = datetime(2026, 11, 16, 12, tzinfo=UTC)  # Monday 07:00 in New York
LATER = DUE + timedelta(hours=1)
PEOPLE = ("cmo", "crm:hana", "marketing_owner")
POINTS = (
    *("review.after_page", "review.before_commit", "review.after_commit"),
    *("messages.after_claim", "messages.within_line", "messages.after_send_before_mark"),
    "messages.after_mark",
)


def fill(home: Path, url: str) -> None:
    """A small company, whose managers have one with an address."""
    workspace = open_workspace(home, url)
    Company(leads=40, seed=3).write(workspace.ledger)
    rep = tables.rep
    with workspace.ledger.begin() as connection:
        led = update(rep).where(rep.c.rep_id.in_(["crm:ada", "crm:ben"]))
        connection.execute(led.values(manager_id="crm:hana"))
        hers = update(rep).where(rep.c.rep_id == "crm:hana")
        connection.execute(hers.values(email="hana@example.com"))
    workspace.close()


def work(home: Path, url: str, point: str, witness: str) -> None:
    """What a child does: die at the point, or serve the review to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    workspace = open_workspace(home, url)
    at = LATER if (home / "witness").exists() else DUE
    run_review(workspace, "weekly", as_of=at)
    run_deliver(workspace, as_of=at)
    workspace.close()


run = partial(ingest_world.run, doing=work)


@pytest.mark.parametrize("point", POINTS)
def test_everybody_is_told_once_wherever_it_was_killed(children, tmp_path, new_url, point):
    url = new_url(tmp_path)
    fill(tmp_path, url)
    assert run(children, tmp_path, url, point), f"nothing was killed at {point}"
    assert not run(children, tmp_path, url)
    assert not run(children, tmp_path, url)
    workspace = open_workspace(tmp_path, url)
    try:
        lines = (workspace.settings.outbox_path / "messages.jsonl").read_text("utf-8").splitlines()
        page = workspace.settings.report_path / "report-2026-W46.html"
        left = [path.name for path in page.parent.iterdir() if path.suffix not in ("", ".html")]
        laws = run_audit(workspace, as_of=LATER)
        html = page.read_text("utf-8")
    finally:
        workspace.close()
    told = Counter(json.loads(line)["to"]["id"] for line in lines)
    assert told == Counter(PEOPLE)
    assert html.rstrip().endswith("</html>")
    assert left == []
    assert [str(finding) for finding in laws if "review:" in str(finding)] == []
