"""Judging through the ingest of files: what is tolerated, held, recorded and said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from accord.errors import QualityError
from accord.services.ingest import run_ingest

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCES = """
sources:
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    fields: {lead_id: id, email: mail, employees: size, country: country, created_at: created}
"""


@pytest.fixture
def ingest(workspace, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES)
    monkeypatch.chdir(tmp_path)
    made = iter(range(1, 100))

    def run(lines, *, at=AS_OF, quality=None):
        if quality is not None:
            (tmp_path / "quality.yaml").write_text("extends: shipped\n" + quality)
        head = "id,mail,size,country,created\n"
        file = tmp_path / "in" / f"leads-{next(made):03}.csv"
        file.write_text(head + "".join(f"{line}\n" for line in lines))
        return run_ingest(workspace, as_of=at)

    return run


def lines(count, *, bad=0, first=1, country="US"):
    """Leads from a number on, the first few with a mail address that is none."""
    mails = ["nope"] * bad + [f"p{n}@b{n}.co" for n in range(first + bad, first + count)]
    return [f"{first + at},{mail},,{country},2026-11-20" for at, mail in enumerate(mails)]


def rows(workspace, query):
    with workspace.ledger.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


RESULTS = "SELECT rule, severity, checked, failing, outcome FROM quality ORDER BY rule"


def test_only_rules_that_rows_fail_leave_a_trace(ingest, workspace):
    ingest(lines(30, bad=3))
    assert rows(workspace, RESULTS) == [("lead.email", "quarantine", 30, 3, "acted")]
    assert rows(workspace, "SELECT quarantined FROM batch") == [(3,)]


def test_failing_rows_are_tolerated_while_most_rows_pass(ingest, workspace):
    mostly = (
        "rows: {lead: [{id: lead.email, field: email, pattern: '@',"
        " severity: quarantine, mostly: 90%}]}"
    )
    found = ingest(lines(100, bad=10), quality=mostly)
    assert (found.accepted, found.quarantined) == (100, 0)
    assert rows(workspace, RESULTS) == [("lead.email", "quarantine", 100, 10, "tolerated")]
    found = ingest(lines(100, bad=11, first=201))
    assert (found.accepted, found.quarantined) == (89, 11)


def test_a_rule_that_holds_lets_nothing_of_the_batch_in(ingest, workspace):
    hold = "rows: {lead: [{id: lead.home, field: country, allowed: [US], severity: hold}]}"
    wrong = [*lines(4), *lines(1, first=5, country="DE")]
    found = ingest(wrong, quality=hold)
    assert (found.held, found.accepted) == (5, 0)
    (finding,) = found.findings
    assert "1 of 5 rows fail lead.home; the whole batch is held" in finding.sentence
    assert rows(workspace, "SELECT status, held FROM batch") == [("held", 5)]
    assert ingest(lines(4)).accepted == 4


def test_a_share_of_few_rows_holds_no_batch(ingest):
    hold = (
        "rows: {lead: [{id: lead.home, field: country, allowed: [US],"
        " severity: hold, mostly: 99%}]}"
    )
    assert ingest([*lines(98), *lines(1, first=99, country="DE")], quality=hold).held == 0
    wrong = [*lines(98, first=201), *lines(2, first=299, country="DE")]
    assert ingest(wrong).held == 100


def test_a_batch_far_smaller_than_usual_is_taken_and_said(ingest, workspace):
    for week in range(4):
        at = AS_OF + timedelta(days=7 * week)
        assert ingest(lines(200, first=1 + 200 * week), at=at).findings == ()
    found = ingest(lines(20, first=2001), at=AS_OF + timedelta(days=28))
    (finding,) = found.findings
    assert finding.rule == "quality.lead.row_count"
    assert finding.subject == "crm_leads"
    assert finding.sentence == "rows 0.1 times the usual; expected 0.2 to 5 times."
    assert found.accepted == 20
    assert rows(workspace, RESULTS) == [("lead.row_count", "flag", 0, 1, "acted")]


def test_a_batch_rule_may_hold_and_its_profile_is_kept(ingest, workspace):
    hold = "batches: {lead: [{id: lead.fresh, freshness: 7d, severity: hold}]}"
    found = ingest(lines(100), at=AS_OF + timedelta(days=30), quality=hold)
    assert found.held == 100
    (finding,) = found.findings
    assert "newest record 31.5 days old; expected at most 7 days" in finding.sentence
    assert rows(workspace, "SELECT status FROM batch") == [("held",)]
    ((profile,),) = rows(workspace, "SELECT CAST(profile AS TEXT) FROM batch")
    assert '"newest.created_at": "2026-11-20T00:00:00Z"' in profile
    assert ingest(lines(99), at=AS_OF + timedelta(days=30)).accepted == 99


def test_held_batches_are_no_history(ingest, workspace):
    hold = "batches: {lead: [{id: lead.fresh, freshness: 7d, severity: hold}]}"
    ingest(lines(20), quality=hold)
    for number in range(4):
        ingest(lines(100, first=1000 + number * 100), at=AS_OF + timedelta(days=20))
    assert rows(workspace, "SELECT count(*) FROM batch WHERE status = 'held'") == [(4,)]
    assert ingest(lines(20, first=3000), at=AS_OF + timedelta(days=21)).findings == ()


def test_a_source_may_have_rules_of_its_own(ingest, workspace):
    own = (
        "sources: {crm_leads: {entity: lead, rows: [{id: lead.email, off: true},"
        " {id: lead.big, field: employees, range: {max: 10}, severity: flag}]}}"
    )
    found = ingest(["1,nope,11,US,2026-11-20"], quality=own)
    assert (found.accepted, found.quarantined, found.flagged) == (1, 0, 1)
    assert rows(workspace, "SELECT rule, sentence FROM flag") == [
        ("lead.big", "employees is more than 10")
    ]


def test_a_policy_at_fault_stops_the_run_with_every_fault(ingest, workspace):
    with pytest.raises(QualityError, match="2 faults"):
        ingest(lines(3), quality="rows: {leed: [], toch: []}")
    assert rows(workspace, "SELECT count(*) FROM batch") == [(0,)]


def test_the_name_of_a_batch_does_not_depend_on_the_policy(ingest, workspace, tmp_path):
    ingest(lines(5))
    (tmp_path / "quality.yaml").write_text("rows: {}\n")
    assert run_ingest(workspace, as_of=AS_OF).batches == 0
