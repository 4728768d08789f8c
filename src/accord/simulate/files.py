"""The company's files: what happened as CSV and JSON lines, the truth beside it, the sources.

A file is written whole under another name and then renamed, so a reader never sees half of one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.records import Entity
from accord.simulate.diary import Record
from accord.simulate.dirt import Flaw
from accord.simulate.truth import dirty_line

INBOX = "inbox"
TAKEN = "taken"
FILES: Mapping[Entity, str] = {
    Entity.REP: "reps-{stamp}.csv",
    Entity.LEAD: "leads-{stamp}.csv",
    Entity.ACTIVITY: "activities-{stamp}.jsonl",
    Entity.TOUCH: "touches-{stamp}.csv",
    Entity.DECISION: "decisions-{stamp}.csv",
    Entity.OPPORTUNITY: "opportunities-{stamp}.csv",
    Entity.SPEND: "spend-{stamp}.csv",
}

Row = tuple[Record, Flaw | None]
"""A row to write, and what is wrong with it if it is dirty."""

SOURCES = """\
# Where the simulated company's files are and what their columns mean.
sources:
  - name: reps
    entity: rep
    system: crm
    path: inbox/reps-*.csv
    nulls: [""]
    fields:
      rep_id: id
      name: name
      email: mail
      role: role
      team: team
      manager_id: manager
      per_week: per_week
      absences: absences
  - name: leads
    entity: lead
    system: crm
    path: inbox/leads-*.csv
    timezone: America/New_York            # the CRM exports local time without a zone
    nulls: [""]
    fields:
      lead_id: id
      created_at: created
      email: mail
      name: full_name
      phone: phone
      title: job_title
      company: company
      industry: industry
      country: country
      employees: employees
      budget: budget
      authority: {column: decides, values: {"yes": "true", "no": "false"}}
      need: need
      timeline_days: days_to_decide
      channel: source
      campaign: campaign
  - name: web
    entity: activity
    system: crm                           # one system of ids: activities name the CRM's leads
    path: inbox/activities-*.jsonl
    nulls: [""]
    fields: {activity_id: id, lead_id: lead, kind: kind, occurred_at: at, detail: detail}
  - name: touches
    entity: touch
    system: crm
    path: inbox/touches-*.csv
    nulls: [""]
    fields:
      touch_id: id
      lead_id: lead
      rep_id: rep
      channel: how
      touched_at: at
      outcome: result
      automatic: {column: automatic, values: {"yes": "true", "no": "false"}}
  - name: decisions
    entity: decision
    system: crm
    path: inbox/decisions-*.csv
    nulls: [""]
    fields:
      decision_id: id
      lead_id: lead
      rep_id: rep
      outcome: decision
      decided_at: at
      reason: reason
      defer_until: until
  - name: deals
    entity: opportunity
    system: crm
    path: inbox/opportunities-*.csv
    nulls: [""]
    fields:
      opportunity_id: id
      lead_id: lead
      rep_id: rep
      account: account
      industry: industry
      country: country
      stage: stage                        # Engaging, Won, Closed Lost: aliases of the agreement
      step: step
      stage_at: stage_at
      opened_at: opened_at
      closed_at: closed_at
      amount: amount
      cost: cost
      reason: reason
  - name: spend
    entity: spend
    system: crm
    path: inbox/spend-*.csv
    nulls: [""]
    fields: {spend_id: id, spent_on: day, amount: amount, channel: source, campaign: campaign}
"""


def write_entity(
    folder: Path, entity: Entity, rows: Sequence[Row], *, until: datetime
) -> tuple[Path, list[dict[str, Any]]]:
    """Write one file of an entity; return its path and what the truth says about its rows."""
    name = FILES[entity].format(stamp=f"{until.astimezone(UTC):%Y%m%dT%H%M%S}")
    path = folder / INBOX / name
    records = [record.row for record, _ in rows]
    write_whole(path, _jsonl(records) if path.suffix == ".jsonl" else _csv(records))
    truths = [
        dirty_line(
            file=name, row=number, entity=entity.value, record_id=record.row["id"], flaw=flaw
        )
        for number, (record, flaw) in enumerate(rows, 1)
        if flaw is not None
    ]
    return path, truths


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def write_whole(path: Path, content: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)


def append_lines(path: Path, entries: Iterable[Mapping[str, Any]], *, after: int) -> int:
    """Append JSON lines behind the first ``after`` bytes, dropping what stood there; new size.

    A step that was killed before its state was kept leaves lines behind that are written again.
    """
    content = _jsonl(entries).encode()
    path.touch()
    with path.open("r+b") as file:
        file.truncate(after)
        file.seek(after)
        file.write(content)
    return after + len(content)
