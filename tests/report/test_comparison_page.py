"""The page of a rescoring as a reader gets it: its numbers are those given, and it reads well."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from accord.evaluation import Share
from accord.report import build_comparison, render_comparison, to_headline
from accord.report.palette import DARK, INK
from accord.services.rescore_page import comparison_path, comparison_values, write_comparison
from accord.services.settings import Settings
from tests.report.compared import HOSTILE, NOW, THEN, comparison, mover, nothing, weeks
from tests.report.test_page import Outline

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Tables(HTMLParser):
    """Reads the tables of a page: rows of cells by the table's name."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._name = ""
        self._in_cell = False

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "figure":
            self._name = (known.get("id") or "").removeprefix("table-")
        if tag == "tr":
            self.rows.setdefault(self._name, []).append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[self._name][-1].append("")

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._in_cell:
            self.rows[self._name][-1][-1] += data


def page_of(found) -> str:
    return render_comparison(build_comparison(found, folder="rescore"))


def outline_of(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    return outline


@pytest.fixture(scope="module")
def html() -> str:
    return page_of(comparison())


@pytest.fixture(scope="module")
def empty() -> str:
    return page_of(nothing())


@pytest.fixture(scope="module")
def tables(html) -> dict[str, list[list[str]]]:
    reader = Tables()
    reader.feed(html)
    return reader.rows


def test_the_headline_is_one_sentence_with_what_would_change_and_how_it_would_have_done(html):
    sentence = (
        "Under 2026.5, 41 leads would become MQLs and 12 would cease; it would have caught 31 of"
        " 36 winners (86 %, 71\u201394 %) instead of 28, and sent 120 non-buyers instead of 203"
    )
    assert to_headline(comparison()) == sentence
    assert re.search(r"<h1.*?>(.*?)</h1>", html)[1].replace("\u00a0", " ") == sentence


NOBODY = replace(THEN, recall=Share(count=0, of=0, value=None, low=None, high=None))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"past": {}, "lost": (), "by_segment": ()}, "41 leads would become MQLs and none would"),
        ({"gained": (mover(1, up=True),), "by_segment": ()}, "1 lead would become an MQL and 12"),
        ({"gained": (), "by_segment": ()}, "no lead would become an MQL and 12 would cease"),
        ({"gained": (), "lost": (), "by_segment": ()}, "no lead would become or cease to be an"),
        ({"version_then": "2026.4"}, "Under the candidate 2026.4, 41 leads"),
        ({"version_then": "2026.4", "changed": 0}, "2026.4 is in force: nothing would change"),
        ({"stored": 3000}, "3,000 scores were stored under 2026.5"),
        ({"past": {"now": NOW, "then": NOBODY}}, "; it would have sent 120 non-buyers instead of"),
        ({"past": {"now": NOW, "then": NOW}}, "(78 %, 62\u201388 %), as now, and sent 203 non-buy"),
    ],
)
def test_the_headline_says_what_there_is_to_say_and_no_more(changes, says):
    assert says in to_headline(comparison(**changes))


_UNDRAWN = {"past": {}, "weeks": (), "spreads": ()}  # charts take time


def test_movers_are_counted_by_group_even_where_not_all_are_listed():
    """26 + 8 + 7 of the segments are the 41, though only two leads are listed."""
    found = comparison(gained=(mover(1, up=True), mover(2, up=True)), **_UNDRAWN)
    assert "41 leads would become" in to_headline(found)
    assert "Leads that would become MQLs: 2 of 41" in page_of(found)


def test_the_numbers_of_the_groups_are_those_given(tables):
    assert tables["movers_by_segment"][1:] == [
        ["small", "2,000", "90", "85", "7", "12"],
        ["middle", "800", "74", "82", "8", "0"],
        ["large", "200", "50", "76", "26", "0"],
        ["All", "3,000", "214", "243", "41", "12"],
    ]
    assert tables["movers_by_channel"][3] == [HOSTILE, "500", "14", "13", "0", "1"]


def test_movers_stand_with_their_scores_before_and_after(tables):
    """450 and 216 tenths are shown as 45.0 and 21.6."""
    first = ["crm:L000001", "large", "webinar", "45.0", "48.0", "21.6", "34.1", "0.0", "12.5"]
    assert tables["become"][1] == first
    last = ["crm:L000061", "(none)", HOSTILE, "48.0", "45.0", "40.1", "27.6", "12.5", "0.0"]
    assert tables["cease"][-1] == last


def test_weeks_stand_newest_first_with_what_is_too_many(tables):
    """50 and 48 hand-offs against a capacity of 45 are 5 and 3 too many."""
    assert tables["weeks"][1] == ["2026-W47", "16 Nov", "35", "39", "45", "0", "0"]
    assert tables["weeks"][6] == ["2026-W42", "12 Oct", "50", "48", "45", "5", "3"]


def test_past_leads_stand_with_intervals_and_lift_by_tenth(tables):
    """0.7134 to 0.9392 are shown as 71 and 94 %; 22 of the first tenth over 3.6 are 6.11."""
    rows = {(row[0], row[1]): row[2:7] for row in tables["past"][1:]}
    assert rows["Recall", "Candidate"] == ["86 %", "71 %", "94 %", "31", "36"]
    assert rows["Precision", "In force"] == ["12 %", "8.5 %", "17 %", "28", "231"]
    assert rows["Wasted", "Candidate"] == ["13 %", "11 %", "16 %", "120", "900"]
    assert rows["Lift", "Candidate"] == ["5.3", "3.9", "7.2", "31", "151"]
    assert tables["deciles"][1] == ["1", "94", "14", "3.9", "2.5", "5.2", "22", "6.1", "3.9", "7.7"]


def test_past_leads_that_were_all_sent_are_said_to_tell_little():
    """151 sent of 36 + 115 past leads are all of them."""
    then = replace(THEN, non_buyers=115)
    page = page_of(replace(nothing(), past={"now": then, "then": then}))
    assert "It would have sent them all, so they tell nothing of whom it would leave out." in page


@pytest.mark.parametrize(
    ("capacity", "says"),
    [(49, "in none of them more than reps can take, instead of in 1"), (50, "never more than")],
)
def test_a_week_at_capacity_is_not_above_it(capacity, says):
    """The fullest week has 50 hand-offs in force and 48 under the candidate."""
    found = build_comparison(comparison(**{**_UNDRAWN, "weeks": weeks(capacity)}), folder="rescore")
    assert says in found.sections[1].lead


def test_spreads_stand_band_by_band(tables):
    assert tables["spreads"][1][:3] == ["0 to 9.9", "900", "800"]
    assert tables["spreads"][-1][:3] == ["90 and more", "40", "40"]


def test_every_chart_says_its_numbers_in_words(html):
    says = dict(re.findall(r'id="(chart-[\w-]+)-says">(.*?)</p>', html))
    assert len(says) == 8
    assert "large 50 and 76" in says["chart-segment"]
    assert "W42 50 and 48 of 45" in says["chart-weeks"]
    assert "Recall 78 % (62\u201388 %) and 86 % (71\u201394 %)" in says["chart-past"]
    assert "1: 3.9 and 6.1" in says["chart-lift"]
    assert "0 to 9.9 900 and 800" in says["chart-spread-fit"]


def test_a_capacity_is_drawn_as_a_line_and_none_where_there_is_none(html):
    def line_of(page: str) -> int:
        drawn = re.search(r'id="chart-weeks-title".*?</svg>', page, re.DOTALL)[0]
        return len(re.findall(rf'(?:fill|stroke)="{INK}"', drawn))

    bare = page_of(comparison(**{**_UNDRAWN, "weeks": weeks(None)}))
    assert line_of(html) == line_of(bare) + 12
    assert "The agreement names no capacity" in bare
    assert "Weeks above capacity" in html
    assert "Weeks above capacity" not in bare


def test_the_page_asks_nothing_of_any_network_and_runs_nothing(html, empty):
    for page in (html, empty):
        assert "http" not in page
        assert "//" not in page.replace("</", "")
        assert not {"script", "link", "img", "iframe", "object"} & set(outline_of(page).tags)
        assert "@import" not in page
        assert "url(" not in re.sub(r"url\(#[^)]*\)", "", page)


def test_names_of_sources_and_versions_are_text_and_never_markup():
    page = page_of(comparison(version_then=HOSTILE, segments_asked=(HOSTILE,), **_UNDRAWN))
    assert "<script" not in page
    assert not outline_of(page).errors
    assert "&lt;script&gt;" in page


def test_the_page_is_well_formed_with_ids_that_are_unique_and_colours_for_the_dark(html, empty):
    for page in (html, empty):
        outline = outline_of(page)
        assert not outline.errors
        assert not outline.open
        assert len(outline.ids) == len(set(outline.ids))
        assert outline.labelled <= set(outline.ids)
        assert outline.tags.count("h1") == outline.tags.count("main") == 1
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', html)) - {"#000"}
    assert used <= set(DARK)


def test_where_there_is_nothing_the_page_says_so(empty):
    for sentence in (
        "No lead is known that the agreements could be compared on",
        "The same leads are over the MQL threshold under both.",
        "No lead would have been handed over in these weeks under either agreement.",
        "No past leads are known of which some bought and others did not.",
        "A dry run: nothing was stored.",
    ):
        assert sentence in empty
    assert "<svg" not in empty
    assert "None" not in empty
    assert "nan" not in empty.lower()


def test_the_page_says_what_it_was_limited_to_and_when_it_was_stored():
    found = comparison(segments_asked=("large", "middle"), leads_asked=40, stored=3000, **_UNDRAWN)
    page = page_of(found)
    assert "segment large, middle, 40 leads named" in page
    assert "3,000 scores were stored under 2026.5" in page
    assert "dry run" not in page


def test_the_page_is_written_with_its_tables_beside_it(tmp_path):
    found = comparison(version_then="../2026 5", weeks=(), spreads=())
    path = comparison_path(Settings(home=tmp_path, _env_file=None), found)
    assert path == tmp_path / "reports" / "rescore-2026-5-20261120T120000Z.html"
    assert write_comparison(found, path) == path
    html = path.read_text("utf-8")
    links = [link for link in outline_of(html).links if not link.startswith("#")]
    assert len(links) == 7
    assert all((path.parent / link).is_file() for link in links)
    assert not list(path.parent.glob("*.part"))
    with (path.parent / path.stem / "past.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[2][:7] == ["Recall", "Candidate", "0.8611", "0.7134", "0.9392", "31", "36"]
    cells = (path.parent / path.stem / "cease.csv").read_text("utf-8")
    assert "crm:L000061" in cells


def test_as_values_scores_are_as_shown_and_nothing_is_left_out():
    """216 tenths of engagement are 21.6 points."""
    values = comparison_values(comparison())
    assert values["gained"][0]["now"]["engagement"] == Decimal("21.6")
    assert len(values["gained"]) == 41
    assert values["past"]["then"]["recall"]["count"] == 31
    assert values["headline"] == to_headline(comparison())


_FRAME = """<iframe id="w{width}" src="page.html" style="width:{width}px;height:900px;border:0">
</iframe><script>document.getElementById("w{width}").onload = (loaded) => {{ document.title +=
" " + beyond(loaded.target.contentDocument.documentElement) }}</script>"""
_BEYOND = "<script>const beyond = (page) => page.scrollWidth - page.clientWidth</script>"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_in_a_browser_the_page_fits_telephone_and_desk_and_complains_of_nothing(tmp_path, html):
    (tmp_path / "page.html").write_text(html, "utf-8")
    frames = "".join(_FRAME.format(width=width) for width in (320, 390, 1280))
    (tmp_path / "frames.html").write_text(f"<title>at</title>{_BEYOND}{frames}", "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    profile = [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]
    page = (tmp_path / "frames.html").as_uri()
    done = subprocess.run(
        [str(CHROMIUM), *flags, *profile, "--window-size=1400,1000", "--dump-dom", page],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "<title>at 0 0 0</title>" in done.stdout
    assert "CONSOLE" not in done.stderr
