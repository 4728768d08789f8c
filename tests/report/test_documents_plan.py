"""The documents' case as people see it: the page and its CSV files show their figures.

407 MQLs are agreed on for the quarter, 220 / 143 / 44; as many came, but as 80 / 15 / 5 %. One
rep can take 360. And weeks of 30, 10, 20 and 60 where the plan's share is 30 a week.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest

from accord.cli.app import run
from accord.ledger import insert_rows, tables
from accord.services.report import write_report
from accord.services.report_asked import Wanted

SHIPPED = {"small": 10_000, "middle": 30_000, "large": 250_000}
DOCUMENTS = {"small": 220, "middle": 143, "large": 44}
CAME = {"small": 326, "middle": 61, "large": 20}
QUARTER = datetime(2026, 10, 1, 4, tzinfo=UTC)  # 00:00 in New York
OVER = datetime(2027, 1, 1, 5, tzinfo=UTC)


class Tables(HTMLParser):
    """Reads the tables of a page: by name the rows of cells, as a reader sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.by_name: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id") or ""
        if tag == "figure" and name.startswith("table-"):
            self._rows = self.by_name[name.removeprefix("table-")] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)

    def of(self, name: str) -> dict[str, list[str]]:
        """Return a table's rows by their first cell."""
        return {row[0]: row[1:] for row in self.by_name[name][1:]}


def _agreed(workspace, mqls, *, since="2026-10-01"):
    path = workspace.settings.agreement
    text = path.read_text("utf-8").replace("effective_from: 2026-10-01", f"effective_from: {since}")
    for name, deal in SHIPPED.items():
        old = f"average_deal: {deal}, "
        assert old in text
        text = text.replace(old, f"{old}mqls: {mqls[name]}, ")
    path.write_text(text, "utf-8")


def _came(workspace, instants):
    """Write leads, each with its segment and when it became an MQL, and one rep to take them."""
    leads, moves = [], []
    for number, (segment, at) in enumerate(instants):
        lead_id = f"crm:{number}"
        created = at - timedelta(days=1)
        leads.append(
            {
                "lead_id": lead_id, "created_at": created, "segment": segment, "channel": "email",
                "current_stage": "mql", "cycle": 1, "known_at": created, "row_hash": "x",
            }
        )  # fmt: skip
        moves.append(
            {
                "change_id": f"m:{number}", "lead_id": lead_id, "from_stage": "target",
                "to_stage": "mql", "cycle": 1, "occurred_at": at, "position": 0, "known_at": at,
                "origin": "decided", "inferred": False, "cause": "score",
            }
        )  # fmt: skip
    rep = {
        "rep_id": "crm:r1", "name": "Ada", "role": "sdr", "team": "inbound",
        "known_at": QUARTER - timedelta(days=300), "row_hash": "x",
    }  # fmt: skip
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.lead, leads)
        insert_rows(connection, tables.stage_change, moves)
        insert_rows(connection, tables.rep, [rep])


def _written(workspace, wanted, *, as_of):
    path = write_report(workspace, as_of=as_of, wanted=wanted)
    page = unescape(path.read_text("utf-8")).replace("\u00a0", " ")
    folder = path.parent / path.stem.removeprefix("report-")

    def table(name):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return {row.pop(next(iter(row))): row for row in csv.DictReader(file)}

    return page, Tables(path.read_text("utf-8")), table


@pytest.fixture
def quarter(workspace):
    _agreed(workspace, DOCUMENTS)
    days = (OVER - QUARTER) / 407
    segments = [name for name, count in CAME.items() for _ in range(count)]
    _came(workspace, [(name, QUARTER + days * place) for place, name in enumerate(segments)])
    return workspace


def test_the_plan_page_shows_the_documents_table_mix_and_capacity(quarter):
    page, shown, table = _written(quarter, Wanted(month="2026-12"), as_of=OVER)

    assert shown.of("plan_funnel") == {
        "small": ["220", "66", "46", "28", "17", "15"],
        "middle": ["143", "43", "30", "18", "11", "10"],
        "large": ["44", "13", "9", "6", "3", "3"],
    }

    mix = shown.of("plan")
    # plan, to date, delivered, share of plan, short by, the planned mix and the delivered one
    assert {name: [row[0], *row[3:]] for name, row in mix.items()} == {
        "small": ["220", "220", "326", "✓148 %", "0", "54 %", "80 %"],
        "middle": ["143", "143", "61", "✕43 %", "82", "35 %", "15 %"],
        "large": ["44", "44", "20", "✕45 %", "24", "11 %", "4.9 %"],
        "All segments": ["407", "407", "407", "✓100 %", "0", "100 %", "100 %"],
    }
    assert (
        "The total is on goal (100 % of the quarter's plan to date), but middle is short by 82:"
        " 61 of 143 MQLs (43 %)."
    ) in page

    capacity = shown.of("capacity")
    assert {name: row[1:3] for name, row in capacity.items()} == {
        "small, one rep": ["360", "61 %"],
        "middle, one rep": ["360", "40 %"],
        "large, one rep": ["360", "12 %"],
        "All segments, one rep": ["360", "113 %"],
        "To enterprise, 0 reps": ["0", "\u2013"],
        "To inbound, 1 rep": ["360", "101 %"],
        "All segments, 1 rep": ["360", "113 %"],
    }
    assert "47 more than the one rep can take (113 % of capacity)" in page
    assert "44 come to the enterprise team, 44 more than its 0 reps can take" in page

    against = shown.of("against_plan")
    assert (
        "middle: the 143 MQLs agreed on bring 9.7 deals of the 10 that its target takes; it needs"
        " 147."
    ) in against

    assert {name: row["Short by"] for name, row in table("plan").items()} == {
        "small": "0", "middle": "82", "large": "24", "total": "0",
    }  # fmt: skip
    assert {name: row["Deal"] for name, row in table("plan_funnel").items()} == {
        "small": "15", "middle": "10", "large": "3",
    }  # fmt: skip


def test_the_plan_command_shows_the_same_table(quarter, monkeypatch, capsys):
    monkeypatch.setenv("ACCORD_HOME", str(quarter.settings.home))
    monkeypatch.setenv("ACCORD_AGREEMENT", str(quarter.settings.agreement))
    monkeypatch.setenv("ACCORD_DATABASE_URL", "sqlite:///" + str(quarter.settings.home / "none.db"))
    assert run(["plan", "--as-of", "2026-12-31T12:00:00Z"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["small", "220", "66", "46", "28", "17", "15"] in lines
    assert ["middle", "143", "43", "30", "18", "11", "10"] in lines
    assert ["large", "44", "13", "9", "6", "3", "3"] in lines


def test_the_levelling_of_the_documents_stands_under_the_plan(workspace):
    """The second quarter has thirteen weeks: 390 MQLs are 30 a week."""
    _agreed(workspace, {"small": 210, "middle": 140, "large": 40}, since="2026-01-01")
    monday = datetime(2026, 5, 4, 12, tzinfo=UTC)
    weeks = [monday + timedelta(weeks=place) for place in range(4)]
    came = [
        ("small", week + timedelta(hours=place))
        for week, count in zip(weeks, (30, 10, 20, 60), strict=True)
        for place in range(count)
    ]
    _came(workspace, came)
    as_of = datetime(2026, 6, 1, 6, tzinfo=UTC)
    _, shown, _ = _written(workspace, Wanted(week="2026-W22"), as_of=as_of)
    assert shown.of("levelling") == {
        "2026-W19": ["30", "30", "30", "0"],
        "2026-W20": ["10", "30", "10", "0"],
        "2026-W21": ["20", "30", "20", "0"],
        "2026-W22": ["60", "30", "30", "30"],
    }
    assert shown.of("plan")["All segments"][1] == "30"
