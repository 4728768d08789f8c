"""The page as a reader gets it: whole, offline, escaped, honest when empty."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from accord.errors import InputError
from accord.services.report import write_report
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, HOSTILE, Company

_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Outline(HTMLParser):
    """Reads a page: its tags, ids, links, headings and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.labelled: set[str] = set()
        self.open: list[str] = []
        self.errors: list[str] = []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append(tag)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("href", "src") if name in known]
        self.labelled.update((known.get("aria-labelledby") or "").split())
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data.strip())


def _outline(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    return outline


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    home = tmp_path_factory.mktemp("deployment")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=600, seed=5).write(workspace.ledger)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def page(deployment):
    path = write_report(deployment, as_of=AS_OF)
    return path, path.read_text("utf-8")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    home = tmp_path_factory.mktemp("empty")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    html = write_report(workspace, as_of=AS_OF).read_text("utf-8")
    workspace.close()
    return html


def test_the_page_is_written_for_the_week_and_as_the_newest(page):
    path, html = page
    assert path.name == "report.html"
    assert (path.parent / "report-2026-W46.html").read_text("utf-8") == html
    assert not list(path.parent.glob("*.part"))


def test_the_page_asks_nothing_of_any_network(page, empty):
    for html in (page[1], empty):
        assert "http" not in html
        assert "//" not in re.sub(r"<!--.*?-->", "", html).replace("</", "")
        assert not {"script", "link", "img", "iframe", "object"} & set(_outline(html).tags)
        assert "@import" not in html
        assert "url(" not in re.sub(r"url\(#[^)]*\)", "", html)


def test_the_page_is_small(page):
    assert len(page[1].encode()) < 1_000_000


def test_its_links_lead_to_its_own_sections_and_files(page):
    path, html = page
    outline = _outline(html)
    for link in outline.links:
        if link.startswith("#"):
            assert link[1:] in outline.ids
        else:
            assert (path.parent / link).is_file()


def test_names_are_escaped_everywhere(page):
    path, html = page
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    files = list((path.parent / "2026-W46").glob("*.csv"))
    read = [list(csv.reader(file.read_text("utf-8").splitlines())) for file in files]
    cells = [cell for rows in read for row in rows for cell in row]
    assert HOSTILE in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]


def test_the_page_is_well_formed_and_its_ids_are_unique(page, empty):
    for html in (page[1], empty):
        outline = _outline(html)
        assert not outline.errors
        assert not outline.open
        assert len(outline.ids) == len(set(outline.ids))
        assert outline.labelled <= set(outline.ids)
        assert outline.tags.count("h1") == outline.tags.count("main") == 1


def test_the_page_has_its_parts_in_order(page):
    headings = [heading for heading in _outline(page[1]).headings if heading]
    assert re.fullmatch(r"Marketing missed .*, sales missed .* so far", headings[0])
    assert headings[1:] == [
        "Marketing",
        "Sales",
        "What matters most",
        "Plan",
        "Pace",
        "Funnel",
        "Speed to lead",
        "Cadence",
        "Service levels, both sides",
        "Breaches",
        "Leads that came back",
        "Load",
        "Hot leads",
        "Channels",
        "Pipeline",
        "Attribution and commission",
        "What changed since last week's print",
        "Quality of what came in",
        "Definitions",
    ]


def test_under_every_chart_stands_a_table_and_every_table_has_a_file(page):
    path, html = page
    chapters = re.findall(r'<section class="chapter" id="(\w+)".*?</section>', html, re.DOTALL)
    assert len(chapters) == 16
    for chapter in re.findall(r'<section class="chapter".*?</section>', html, re.DOTALL):
        assert 'class="chart"' not in chapter or "<table>" in chapter
    tables = re.findall(r'id="table-(\w+)"', html)
    files = {file.stem for file in (path.parent / "2026-W46").glob("*.csv")}
    assert files == set(tables)


def test_marks_tell_kept_from_missed_by_shape_and_word(page):
    html = page[1]
    for mark, word in (("\u2713", "kept"), ("\u2715", "late"), ("\u2013", "nothing due")):
        assert mark in html
        assert word in html


def test_three_findings_stand_in_sentences(page):
    (findings,) = re.findall(r"<ol>(.*?)</ol>", page[1], re.DOTALL)
    sentences = re.findall(r"<li>(.*?)</li>", findings, re.DOTALL)
    assert len(sentences) == 3
    assert all(sentence.strip().endswith(".") for sentence in sentences)


def test_people_of_sources_do_not_stand_on_the_page(page):
    assert "@example.com" not in page[1]
    assert "Person 1" not in page[1]


def test_a_past_week_is_as_it_was_whenever_it_is_rebuilt(deployment):
    early = write_report(deployment, as_of=AS_OF, week="2026-W44").read_text("utf-8")
    late = write_report(deployment, as_of=AS_OF + timedelta(days=1), week="2026-W44")
    assert late.name == "report-2026-W44.html"
    assert late.read_text("utf-8") == early
    assert "The week has closed" in early


def test_the_same_week_twice_is_the_same_page(deployment, page):
    assert write_report(deployment, as_of=AS_OF).read_text("utf-8") == page[1]


def test_an_empty_ledger_says_so_and_invents_nothing(empty):
    assert "Nothing was due yet from either side" in empty
    for sentence in (
        "No clock ran out this week.",
        "No deal is known yet.",
        "No spend has been reported",
        "No batch was taken this week.",
        "No reps are known",
        "No hot lead is in sales&#39; hands.",
        "No lead has come back",
    ):
        assert sentence in empty
    assert "nan" not in empty.lower().replace("finance", "")
    assert "None" not in empty


def test_a_week_to_come_and_a_word_that_is_no_week_are_refused(deployment):
    with pytest.raises(InputError, match="has not begun"):
        write_report(deployment, as_of=AS_OF, week="2026-W50")
    with pytest.raises(InputError, match="2026-W46"):
        write_report(deployment, as_of=AS_OF, week="next")
