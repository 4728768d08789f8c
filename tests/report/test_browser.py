"""Every page in a real browser without a network: nothing asked, nothing clipped, read by all.

A new kind of page is one more line in ``PAGES``.
"""

from __future__ import annotations

import base64
import itertools

import pytest

from accord.agreement import load
from accord.agreement.written import write_agreement
from accord.report import build_comparison, render_comparison
from accord.report.written import to_html
from accord.services.pace_page import write_pace_page
from accord.services.report import write_report
from accord.services.report_asked import Wanted
from accord.services.report_pipeline import write_pipeline_page
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, Company
from tests.report.browsing import CHROMEDRIVER, CHROMIUM, DESKTOP, PHONE, Browser, axe_source
from tests.report.compared import comparison

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(CHROMEDRIVER is None, reason="chromedriver is not installed"),
]


def _of_company(write, **asked):
    """Return what writes a page of a company's ledger."""

    def written(home):
        settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
        workspace = Workspace.open(settings)
        try:
            Company(leads=300, seed=5).write(workspace.ledger)
            return write(workspace, as_of=AS_OF, **asked).read_text("utf-8")
        finally:
            workspace.close()

    return written


def _comparison(home):
    return render_comparison(build_comparison(comparison(), folder="rescore"))


def _written(home):
    return to_html(write_agreement(load(ROOT / "agreement.yaml")))


PAGES = {
    "weekly": _of_company(write_report),
    "monthly": _of_company(write_report, wanted=Wanted(month="2026-10")),
    "pipeline": _of_company(write_pipeline_page),
    "pace": _of_company(write_pace_page),
    "comparison": _comparison,
    "written": _written,
}

_CLIPPED = """return [...document.querySelectorAll('.scroll, table, svg, h1, h2, h3, p, li')]
  .filter(one => !one.closest('.unseen, .skip') && one.getClientRects().length)
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.tagName + ' ' + one.textContent.trim().slice(0, 40))"""
_HEADINGS = "return [...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])"
_STOPS = """return [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
  .filter(one => one.getClientRects().length).map((one, at) => one.dataset.stop = String(at))"""
_FOCUS = """const one = document.activeElement, style = getComputedStyle(one);
  return [one.dataset.stop ?? '', style.outlineStyle !== 'none' && style.outlineWidth !== '0px']"""
_UNNAMED = """return [
  ...[...document.querySelectorAll('svg')].filter(one => one.getAttribute('role') !== 'img' ||
    one.getAttribute('aria-labelledby').split(' ').some(id =>
      !document.getElementById(id)?.textContent.trim())),
  ...[...document.querySelectorAll('table')].filter(one =>
    !one.closest('figure')?.querySelector('figcaption')?.textContent.trim()),
  ...document.querySelectorAll('th:not([scope])'),
].map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module", params=PAGES)
def page(request, tmp_path_factory):
    home = tmp_path_factory.mktemp(request.param)
    path = home / "page.html"
    path.write_text(PAGES[request.param](home), "utf-8")
    return path


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    source = axe_source(tmp_path_factory.mktemp("axe"))
    if source is None:
        pytest.skip("axe-core wants npm and a registry it can reach")
    return source


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 700), PHONE, (768, 1024), DESKTOP], ids=str)
def test_a_page_asks_for_nothing_says_nothing_and_does_not_scroll_sideways(
    browser, page, size, scheme
):
    browser.look(size, scheme)
    browser.open(page)
    assert browser.requests() == [page.as_uri()]
    assert browser.messages() == []
    assert browser.run("return document.documentElement.scrollWidth") <= size[0]
    assert browser.run("return innerWidth") == size[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_no_fault(browser, page, axe, size, scheme):
    browser.look(size, scheme)
    browser.open(page)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.axe(axe) == []


def test_axe_would_find_a_fault(browser, axe, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<html><body><p style='color:#ccc;background:#fff'>pale</p></body></html>")
    browser.look(DESKTOP)
    browser.open(bad)
    found = {one["id"] for one in browser.axe(axe) if one["impact"] in ("serious", "critical")}
    assert {"color-contrast", "html-has-lang"} <= found


def test_the_log_would_show_a_request_and_a_message(browser, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<img src='https://tracker.invalid/x.png'><script>console.error('no')</script>")
    browser.open(bad)
    assert "https://tracker.invalid/x.png" in browser.requests()
    assert any("no" in said for said in browser.messages())


def test_tab_reaches_every_stop_in_order_and_shows_where_it_is(browser, page):
    browser.look(DESKTOP)
    browser.open(page)
    stops = browser.run(_STOPS)
    reached = []
    for _ in stops:
        browser.tab()
        reached.append(browser.run(_FOCUS))
    assert reached == [[stop, True] for stop in stops]


def test_headings_descend_by_one_and_everything_has_a_name(browser, page):
    browser.look(DESKTOP)
    browser.open(page)
    levels = browser.run(_HEADINGS)
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    assert browser.run(_UNNAMED) == []
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.run("return document.title").strip()


def test_a_printed_page_is_whole(browser, page):
    browser.look((690, 980), media="print")  # A4 less its margins, in CSS pixels
    browser.open(page)
    clipped = browser.run(_CLIPPED)
    printed = base64.b64decode(browser.cdp("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 1
    assert clipped == []
