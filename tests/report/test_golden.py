"""Each kind of page as a reader gets it, kept in ``golden/``: its words, and its tables' files.

``golden/<page>.txt`` opens with what a reader should observe; below stand the page's words in their
order (charts by the sentence that says them), then every CSV file. ``ACCORD_GOLDEN=write`` rewrites
all but the opening: read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from accord.services.report import write_report
from accord.services.report_asked import Wanted
from accord.services.report_pipeline import write_pipeline_page
from accord.services.settings import Settings
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, Company

GOLDEN = Path(__file__).parent / "golden"
REWRITES = os.environ.get("ACCORD_GOLDEN") == "write"
RULE = "=" * 72
CLOSED = AS_OF + timedelta(days=3)  # Monday evening: 2026-W46 has closed
PAGES = {
    "week": Wanted(week="2026-W46"),
    "month": Wanted(month="2026-11"),
    "span": Wanted(since="2026-10-12", until="2026-11-08"),
    "all": Wanted(everything=True),
    "pipeline": None,
}


class Words(HTMLParser):
    """Reads the words of a page, a line an element of text; no style, no drawing."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._line = ""
        self._skipped = 0

    def handle_starttag(self, tag, _attrs):
        self._skipped += tag in ("style", "svg")
        if tag not in ("b", "i", "span", "small", "strong", "th", "td", "a"):
            self._end()
        elif tag in ("th", "td"):
            self._line += " | "

    def handle_endtag(self, tag):
        self._skipped -= tag in ("style", "svg")
        if tag in ("tr", "li", "p", "h1", "h2", "figcaption", "dt", "dd", "div"):
            self._end()

    def handle_data(self, data):
        if not self._skipped:
            self._line += data.replace("\u00a0", " ")

    def _end(self):
        line = re.sub(r"\s+", " ", self._line).strip(" |")
        if line:
            self.lines.append(line)
        self._line = ""


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    home = tmp_path_factory.mktemp("golden")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=160, seed=11).write(workspace.ledger)
    run_weekly(workspace, as_of=AS_OF - timedelta(days=4))
    yield workspace
    workspace.close()


def _text_of(path: Path) -> str:
    words = Words()
    words.feed(path.read_text("utf-8"))
    folder = path.parent / path.stem.removeprefix("report-")
    files = sorted(folder.glob("*.csv"))
    parts = [f"--- {file.name}\n{file.read_text('utf-8')}" for file in files]
    return "\n".join([*words.lines, RULE, *parts]).replace("\r\n", "\n").rstrip() + "\n"


def _write(company, name: str) -> Path:
    if PAGES[name] is None:
        return write_pipeline_page(company, as_of=CLOSED)
    write_report(company, as_of=CLOSED, wanted=PAGES[name])
    label = {"week": "2026-W46", "month": "2026-11", "span": "2026-10-12-to-2026-11-08"}
    return company.settings.report_path / f"report-{label.get(name, 'all')}.html"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_its_golden_file(company, name):
    path = _write(company, name)
    found, golden = _text_of(path), GOLDEN / f"{name}.txt"
    opening, _, kept = golden.read_text("utf-8").partition(f"{RULE}\n")
    assert opening.startswith("Observe")
    if REWRITES:
        golden.write_text(f"{opening}{RULE}\n{found}", "utf-8")
    else:
        assert found == kept


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_any_kind_is_small_offline_and_escaped(company, name):
    path = _write(company, name)
    html = path.read_text("utf-8")
    assert len(html.encode()) < 1_000_000
    assert "http" not in html
    assert "<script" not in html
    assert "@example.com" not in html
    assert "nan" not in html.lower().replace("finance", "")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for link in re.findall(r'href="([^"#]+)"', html):
        assert (path.parent / link).is_file()
    for link in re.findall(r'href="#([^"]+)"', html):
        assert link in ids
    if name in ("month", "all", "span", "pipeline"):
        outside = html[: html.index('id="definitions"')]
        assert "this week" not in outside.lower()
        assert "13 weeks" not in outside
