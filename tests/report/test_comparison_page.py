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

from accord.evaluation import Week
from accord.report import build_comparison, find_measures, render_comparison, to_headline
from accord.report.palette import DARK, INK
from accord.services.rescore_page import comparison_path, comparison_values, write_comparison
from accord.services.settings import Settings
from tests.report.compared import HOSTILE, NOW, THEN, comparison, mover, movers, nothing, weeks
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
        "Under 2026.5, 41 leads would come over the MQL threshold and 12 would fall below it; it"
        " would have caught 31 of 36 winners (86 %, 71\u201394 %) instead of 28, and sent 120"
        " non-buyers instead of 203"
    )
    assert to_headline(comparison()) == sentence
    assert re.search(r"<h1.*?>(.*?)</h1>", html)[1].replace("\u00a0", " ") == sentence


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"past": {}, "lost": movers()}, "41 leads would come over the MQL threshold and none"),
        ({"gained": movers(mover(1, up=True))}, "1 lead would come over the MQL threshold and 12"),
        ({"gained": movers()}, "no lead would come over the MQL threshold and 12 would fall below"),
        ({"gained": movers(), "lost": movers()}, "no lead would come over the MQL threshold or"),
        ({"version_then": "2026.4"}, "Under the candidate 2026.4, 41 leads"),
        ({"stored": 3000}, "All scores are stored under 2026.5; those of 3,000 leads changed"),
        ({"stored": 1}, "All scores are stored under 2026.5; those of 1 lead changed"),
        ({"stored": 0}, "All scores are stored under 2026.5; those of 0 leads changed"),
        ({"past": {"now": NOW, "then": NOW}}, "(78 %, 62\u201388 %), as now, and sent 203 non-buy"),
    ],
)
def test_the_headline_says_what_there_is_to_say_and_no_more(changes, says):
    assert says in to_headline(comparison(**changes))


SAME = {"version_then": "2026.4", "changed": 0, "past": {"now": NOW, "then": NOW}}
UNMOVED = {**SAME, "gained": movers(), "lost": movers()}


def alike(capacity: int = 45) -> tuple[Week, ...]:
    return tuple(replace(week, then=week.now, capacity_then=capacity) for week in weeks())


def test_nothing_would_change_where_nobody_moves_and_no_number_is_another():
    found = comparison(**UNMOVED, weeks=alike())
    assert to_headline(found) == "2026.4 is in force: nothing would change"


@pytest.mark.parametrize(
    "changes",
    [
        {"changed": 1},
        {"gained": movers(mover(1, up=True))},
        {"lost": movers(mover(1, up=False))},
        {"weeks": weeks()},
        {"weeks": alike(46)},
        {"past": {"now": NOW, "then": THEN}},
    ],
)
def test_another_content_of_the_version_in_force_is_never_said_to_change_nothing(changes):
    found = comparison(**{**UNMOVED, "weeks": alike(), **changes})
    assert to_headline(found).startswith("Under the candidate 2026.4, ")


_UNDRAWN = {"past": {}, "weeks": (), "spreads": ()}  # charts take time


def test_the_page_shows_the_first_movers_and_the_files_beside_it_have_all(tmp_path):
    gained = movers(*(mover(number, up=True) for number in range(1, 1206)))
    path = tmp_path / "page.html"
    write_comparison(comparison(gained=gained, **_UNDRAWN), path)
    page = path.read_text("utf-8")
    assert "1,205 leads would come over the MQL threshold" in page.replace("\u00a0", " ")
    assert "15 of 1205 rows; all of them are in the CSV." in page
    with (tmp_path / "page" / "become.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 1205
    assert rows[-1] == [
        *("crm:L001205", "large", "webinar", "45.0", "48.0", "142.0", "154.5", "0.0", "12.5")
    ]


def test_the_page_says_that_leads_that_are_settled_are_not_among_those_who_move(html):
    """60 of the 3,060 leads have bought or were disqualified, which leaves 3,000."""
    assert "Leads that have bought or were disqualified are not counted." in html
    assert "of 3,000" in html
    assert "60, not counted among those who move" in html
    assert "keeps the stage that it has" in html


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
    assert tables["weeks"][0][2:6] == [
        *("In force", "Candidate", "Capacity, in force", "Capacity, candidate")
    ]
    assert tables["weeks"][1] == ["2026-W47", "16 Nov", "35", "39", "45", "45", "0", "0"]
    assert tables["weeks"][6] == ["2026-W42", "12 Oct", "50", "48", "45", "45", "5", "3"]


def test_each_agreement_s_hand_offs_are_held_against_its_own_capacity():
    """Three weeks of 2026.4 are above 45; of 2026.5, whose reps take 36 a week, eight are."""
    found = comparison(**{**_UNDRAWN, "weeks": weeks(45, proposed=36)})
    section = build_comparison(found, folder="rescore").sections[1]
    assert "in 8 of them more than reps can take, instead of in 3" in section.lead
    (chart,) = section.charts
    assert "W42 50 of 45 and 48 of 36" in chart.says
    assert "(line)" not in chart.title  # one line would be the capacity of one of them
    row = section.tables[0].rows[5]
    assert [cell.raw for cell in row[2:]] == ["50", "48", "45", "36", "5", "12"]
    now, then = find_measures(found)
    assert [one[-1].shown for one in (now, then)] == ["3", "8"]


def test_past_leads_stand_with_intervals_and_lift_by_tenth(tables):
    """0.7134 to 0.9392 are shown as 71 and 94 %; 22 of the first tenth over 3.6 are 6.11."""
    rows = {(row[0], row[1]): row[2:7] for row in tables["past"][1:]}
    assert rows["Recall", "Candidate"] == ["86 %", "71 %", "94 %", "31", "36"]
    assert rows["Precision", "In force"] == ["12 %", "8.5 %", "17 %", "28", "231"]
    assert rows["Wasted", "Candidate"] == ["13 %", "11 %", "16 %", "120", "900"]
    assert rows["Lift", "Candidate"] == ["5.3", "3.9", "7.2", "31", "151"]
    assert tables["deciles"][1] == ["1", "94", "14", "3.9", "2.5", "5.2", "22", "6.1", "3.9", "7.7"]


def test_winners_that_tenths_share_are_shown_in_parts():
    """Leads that rank alike share their places: a tenth may hold two and a half winners."""
    first, *others = THEN.deciles
    then = replace(THEN, deciles=(replace(first, winners=Decimal("2.5")), *others))
    page = build_comparison(
        comparison(**{**_UNDRAWN, "past": {"now": NOW, "then": then}}), folder="x"
    )
    (deciles,) = (table for table in page.tables if table.name == "deciles")
    assert (deciles.rows[0][6].shown, deciles.rows[0][6].raw) == ("2.5", "2.5")


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
    assert "No development rep is known whose capacity" in bare
    some = page_of(comparison(**{**_UNDRAWN, "weeks": weeks(None)}, leads_asked=40))
    assert "They are hand-offs of some leads only" in some
    assert "No development rep" not in some
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
    assert "All scores are stored under 2026.5; those of 3,000 leads changed" in page
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
    assert values["movers"]["lost"] == {"all": 12, "listed": 12}
    assert values["weeks"][0]["capacity_then"] == 45
    assert values["past"]["then"]["recall"]["count"] == 31
    assert values["headline"] == to_headline(comparison())


def test_as_values_a_thousand_movers_are_listed_and_all_are_counted():
    gained = movers(*(mover(number, up=True) for number in range(1, 1206)))
    values = comparison_values(comparison(gained=gained))
    assert values["movers"]["gained"] == {"all": 1205, "listed": 1000}
    assert len(values["gained"]) == 1000
    assert values["gained"][999]["lead_id"] == "crm:L001000"


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
