"""A small company in which one person has left traces everywhere, for tests of erasing.

Her values are unusual on purpose: accents, apostrophes, capital letters, a phone in many spellings.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accord.services.clocks import run_sweep
from accord.services.deliver import run_deliver
from accord.services.handoff import run_handoff
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.report import write_report
from accord.services.score import run_score
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace

MONDAY = datetime(2026, 11, 16, 14, tzinfo=UTC)  # 09:00 in New York
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

NAME = "Zoë O'Brien-Müller"
EMAIL = "Zoe.OBrien@Müller-Söhne.example"
OLD_EMAIL = "ZOE@oldmail.example"
PHONE = "+49 (0)170 555-01 23"
NEEDLES = (NAME, EMAIL, OLD_EMAIL, PHONE)

SOURCES = """
sources:
  - name: crm_reps
    entity: rep
    system: crm
    path: in/reps-*.csv
    fields: {rep_id: id, name: name, role: role, team: team}
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    nulls: [""]
    fields:
      lead_id: id
      email: mail
      name: name
      phone: phone
      title: title
      company: company
      industry: industry
      country: country
      employees: size
      authority: authority
      budget: budget
      created_at: created
      channel: channel
  - name: web
    entity: activity
    path: in/activities-*.csv
    nulls: [""]
    fields:
      activity_id: id
      lead_id: {column: lead, system: crm}
      kind: kind
      occurred_at: at
      detail: detail
  - name: crm_touches
    entity: touch
    system: crm
    path: in/touches-*.csv
    fields: {touch_id: id, lead_id: lead, rep_id: rep, channel: channel, touched_at: at}
  - name: crm_decisions
    entity: decision
    system: crm
    path: in/decisions-*.csv
    fields: {decision_id: id, lead_id: lead, outcome: outcome, decided_at: at, reason: reason}
  - name: crm_deals
    entity: opportunity
    system: crm
    path: in/deals-*.jsonl
    fields: {opportunity_id: id, lead_id: lead, account: account, stage: stage, amount: amount,
             opened_at: opened}
"""
_LEADS = "id,mail,name,phone,title,company,industry,country,size,authority,budget,created,channel\n"
_ACTIVITIES = "id,lead,kind,at,detail\n"


def lead_line(number: str, mail: str, name: str, phone: str, company: str = "Acme") -> str:
    rest = "software,DE,400,true,50000,2026-10-01T09:00:00Z,organic"
    return f'{number},{mail},"{name}","{phone}",CTO,"{company}",{rest}\n'


def write(folder: Path, name: str, text: str) -> None:
    (folder / "in").mkdir(parents=True, exist_ok=True)
    (folder / "in" / name).write_text(text, encoding="utf-8")


def write_sources(folder: Path) -> None:
    """Lead 1 is the person; 2 another record of her, merged; 3 to 6 are others."""
    (folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    write(
        folder,
        "reps-1.csv",
        "id,name,role,team\nr1,Ann Rep,sdr,emea\nr2,Ben Rep,sdr,emea\nr3,Cy Rep,ae,closers\n",
    )
    write(folder, "leads-1.csv", _LEADS + lead_line("1", OLD_EMAIL, NAME.upper(), "01705550123"))
    others = "".join(
        lead_line(str(number), f"other{number}@other.example", f"Other Person{number}", "")
        for number in range(3, 7)
    )
    bad = lead_line("1", "Zoe@@Müller", NAME, "00 49 170 5550123").replace("2026-10-01", "2036-10")
    bad += lead_line("", EMAIL.upper(), "N.N.", "")
    write(
        folder,
        "leads-2.csv",
        _LEADS
        + lead_line("1", EMAIL, NAME, PHONE, "Müller & Söhne")
        + lead_line("2", EMAIL.upper(), NAME, PHONE, "Müller & Söhne")
        + others
        + bad,
    )
    kinds = ("demo_requested", "pricing_viewed", "webinar_attended", "page_viewed")
    rows = "".join(
        f"a{lead}-{day},{lead},{kinds[day % 4]},2026-11-{day:02}T10:00:00Z,"
        + ('"asked by ' + EMAIL.lower() + '"\n' if lead == 1 else "seen\n")
        for lead in (1, 2, 3, 4)
        for day in range(2, 14)
    )
    rows += f'q1,3,page_viewed,2026-11-10T10:00:00Z,"forwarded by {NAME}"\n'
    rows += f"b1,1,,2026-11-10T10:00:00Z,{EMAIL}\nb2,1,page_viewed,1999-01-01T10:00:00Z,x\n"
    write(folder, "activities-1.csv", _ACTIVITIES + rows)


def write_sales(folder: Path) -> None:
    """What sales says after the hand-off."""
    write(
        folder,
        "touches-1.csv",
        "id,lead,rep,channel,at\nt1,1,r1,call,2026-11-16T15:00:00Z\n"
        "t3,3,r2,call,2026-11-16T15:00:00Z\n",
    )
    write(
        folder,
        "decisions-1.csv",
        f"id,lead,outcome,at,reason\nd1,1,accept,2026-11-16T16:00:00Z,{NAME} has left\n",
    )
    deal = {
        "id": "o1",
        "lead": "1",
        "account": f"{NAME} Ltd",
        "stage": "opportunity",
        "amount": "10.50",
    }
    deal["opened"] = "2026-11-16T15:30:00Z"
    write(folder, "deals-1.jsonl", json.dumps(deal) + "\n")


def tick(workspace: Workspace, at: datetime) -> None:
    run_ingest(workspace, as_of=at)
    run_score(workspace, as_of=at)
    run_lifecycle(workspace, as_of=at)
    run_handoff(workspace, as_of=at)
    run_deliver(workspace, as_of=at)


def live(workspace: Workspace) -> None:
    """Let the company live for a day, with a report that happens to name the person."""
    folder = workspace.settings.sources.parent
    write_sources(folder)
    tick(workspace, MONDAY)
    write_sales(folder)
    tick(workspace, MONDAY + 4 * 60 * MINUTE)
    run_sweep(workspace, as_of=MONDAY + 5 * 60 * MINUTE)  # its messages wait to be sent
    run_weekly(workspace, as_of=MONDAY + 5 * 60 * MINUTE)
    write_report(workspace, as_of=MONDAY + 5 * 60 * MINUTE)
    page = workspace.settings.report_path / "report.html"
    told = "<p>Zo&#235; O&#x27;Brien-M&#252;ller called: 0170 / 555 01 23</p>"
    page.write_text(page.read_text(encoding="utf-8") + told, encoding="utf-8")
