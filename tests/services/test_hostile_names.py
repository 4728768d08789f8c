"""Hostile names from a source's files to pages, CSVs, messages and the terminal: text stays text.

One world goes the whole way: CSV files are ingested, leads scored and handed over, clocks run out
and people are told, the week is counted, and every page is written.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from accord.cli.app import run as run_command
from accord.ledger import tables
from accord.seen import is_unseen
from accord.services.clocks import run_sweep
from accord.services.deliver import run_deliver
from accord.services.pace_page import write_pace_page
from accord.services.pipeline import walk
from accord.services.report import write_report
from accord.services.report_asked import Wanted
from accord.services.report_pipeline import write_pipeline_page
from accord.services.reviews import run_review
from accord.services.settings import Settings
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace
from tests.conftest import ROOT

MONDAY = datetime(2026, 11, 9, 15, 0, tzinfo=UTC)  # 10:00 in New York
LATER = MONDAY + timedelta(hours=3)
REVIEW = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://x","y")',
    "@SUM(1)",
    "+1-1",
    "-cmd|' /C calc'!A0",
    "{{7*7}} ${x} {% raw %}",
    "a\tb\nc",
    "W" * 150,
    "שלום עולם",
    "مرحبا",
    "abc\u202egnp.exe",
    "x\u2066y",
    "ring\u0007 \u001b[31mred\u001b[0m",
    "[red]x[/red] [link=http://x]y[/link]",
    "👩\u200d🚀 | `code` [a](http://x) ![i](http://x)",
)


def _csv(path, header: str, rows) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.getvalue(), "utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(ROOT / "agreement.yaml", folder)
    shutil.copy(ROOT / "sources.yaml", folder)
    inbox, day = folder / "inbox", "2026-11-09"
    _csv(inbox / "reps-1.csv", "id,name,email,role,team,manager", [
        ("I1", NAMES[0], "i1@example.com", "sdr", "inbound", "M1"),
        ("I2", NAMES[11], "i2@example.com", "sdr", "inbound", "M1"),
        ("A1", NAMES[2], "a1@example.com", "ae", "closers", "M1"),
        ("M1", NAMES[1], "m1@example.com", "manager", "inbound", ""),
    ])  # fmt: skip
    _csv(
        inbox / "leads-1.csv",
        "id,created,email,name,title,company,industry,country,employees,source,campaign",
        [
            (n, f"{day} 09:00:00", f"p{n}@firm{n}.example", name, f"VP {name}", name, "software",
             "US", 500, name, name)
            for n, name in enumerate(NAMES)
        ],
    )  # fmt: skip
    activities = [
        {"id": f"a{n}", "lead": str(n), "kind": "demo_requested", "at": f"{day}T14:30:00Z",
         "detail": name}
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in activities)
    (inbox / "activities-1.jsonl").write_text(lines, "utf-8")
    _csv(inbox / "deals-1.csv", "id,lead,owner,stage,opened,closed,amount,reason", [
        (n, n, "A1", "Closed Lost" if n % 2 else "Won", "2026-11-09T15:00:00Z",
         "2026-11-09T16:00:00Z", 1000 + n, name)
        for n, name in enumerate(NAMES[:8])
    ])  # fmt: skip
    _csv(inbox / "spend-1.csv", "id,day,amount,channel,campaign", [
        (f"s{n}", day, 100 + n, name, name) for n, name in enumerate(NAMES)
    ])  # fmt: skip
    settings = Settings(
        home=folder / "home", agreement=folder / "agreement.yaml", sources=folder / "sources.yaml",
        quality=ROOT / "quality.yaml", _env_file=None,
    )  # fmt: skip
    workspace = Workspace.open(settings)
    found = dict(walk(workspace, as_of=MONDAY))
    run_sweep(workspace, as_of=LATER)
    run_deliver(workspace, as_of=LATER)
    run_weekly(workspace, as_of=REVIEW)
    yield workspace, found
    workspace.close()


def _rows(workspace, table):
    with workspace.ledger.read() as connection:
        return connection.execute(table.select()).mappings().all()


def test_the_names_went_the_whole_way(world):
    """Otherwise the other tests would look at nothing."""
    workspace, _ = world
    leads = {row["name"] for row in _rows(workspace, tables.lead)}
    assert {NAMES[0], NAMES[2], NAMES[9]} <= leads
    assert len(leads) >= len(NAMES) - 4  # a few are set aside with their reasons, and lost nowhere
    taken = len(leads) + len(
        [row for row in _rows(workspace, tables.quarantine) if row["entity"] == "lead"]
    )
    assert taken == len(NAMES)
    assert _rows(workspace, tables.handoff)
    assert {row["kind"] for row in _rows(workspace, tables.outbox)} >= {"handoff", "message"}


PAGES = {
    "week": lambda workspace: write_report(workspace, as_of=REVIEW, week="2026-W46"),
    "month": lambda workspace: write_report(
        workspace, as_of=REVIEW, wanted=Wanted(month="2026-11")
    ),
    "pipeline": lambda workspace: write_pipeline_page(workspace, as_of=REVIEW),
    "pace": lambda workspace: write_pace_page(workspace, as_of=REVIEW),
}


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_holds_names_as_text_and_nothing_that_runs(world, kind):
    workspace, _ = world
    html = PAGES[kind](workspace).read_text("utf-8")
    page = _Tags()
    page.feed(html)
    assert not {tag for tag, _ in page.found} & {"script", "img", "iframe", "object", "embed"}
    named = {name for _, attributes in page.found for name in attributes}
    assert not [name for name in named if name.startswith("on")]
    links = [attributes.get("href", "") for tag, attributes in page.found if tag == "a"]
    assert all(link.startswith("#") or link.endswith(".csv") for link in links)
    if kind == "week":
        shown = "".join(page.text)
        for name in (NAMES[0], NAMES[1], NAMES[6]):
            assert name in shown
        assert "\u202e" not in html
        assert "49 " not in [text for text in page.text if "7*7" in text]


@pytest.mark.parametrize("kind", PAGES)
def test_turned_text_is_set_apart_and_balanced(world, kind):
    workspace, _ = world
    html = PAGES[kind](workspace).read_text("utf-8")
    page = _Tags()
    page.feed(html)
    for text in page.text:
        assert text.count("\u2068") == text.count("\u2069")
        assert not set(text) & set("\u202a\u202b\u202d\u202e\u2066\u2067")


@pytest.mark.parametrize("kind", PAGES)
def test_no_cell_of_a_csv_is_a_formula_and_every_row_is_whole(world, kind):
    workspace, _ = world
    path = PAGES[kind](workspace)
    files = list(path.parent.rglob("*.csv"))
    assert len(files) > 3
    for file in files:
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}
        for cell in (cell for row in rows for cell in row):
            plain = cell.removeprefix("-").replace(".", "", 1).isdigit()
            assert plain or not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_messages_hold_one_line_of_subject_and_escape_what_they_show(world):
    workspace, _ = world
    run_review(workspace, "weekly", as_of=REVIEW)
    run_deliver(workspace, as_of=REVIEW)
    path = workspace.settings.outbox_path / "messages.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert any("2026-W46" in line["subject"] for line in lines)
    for line in lines:
        assert not any(is_unseen(character) for character in line["subject"])
    for lead in NAMES:  # ids only: no lead's name is in a message
        if lead not in (NAMES[0], NAMES[11]):
            assert all(
                lead not in line["text"] for line in lines if "review" not in line["keys"][0]
            )


@pytest.mark.parametrize(
    "command",
    [
        "metrics show mqls --by campaign",
        "metrics show spend --by channel",
        "hot --names",
        "outbox list",
        "attribution",
        "sla breaches",
        "quarantine list",
    ],
)
def test_the_terminal_gets_nothing_that_steers_it(world, command, monkeypatch, capsys):
    workspace, _ = world
    monkeypatch.setenv("ACCORD_HOME", str(workspace.settings.home))
    monkeypatch.setenv("ACCORD_AGREEMENT", str(workspace.settings.agreement))
    run_command([*command.split(), "--as-of", REVIEW.isoformat()] if command not in (
        "outbox list", "quarantine list") else command.split())  # fmt: skip
    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert text
    assert not [mark for mark in text if is_unseen(mark) and mark not in "\n\t"]


def test_artifacts_take_no_markup_from_a_name():
    from tasks.artifacts import _escaped

    for name in NAMES:
        escaped = _escaped(name)
        for mark in ("<", "|", "`", "[", "!"):
            assert escaped.count(mark) == escaped.count("\\" + mark)
