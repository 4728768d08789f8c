"""The written agreement as Markdown and HTML: both say the same, and no name can harm either."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from accord.agreement import load, loads
from accord.agreement.written import (
    Chapter,
    Grid,
    Paragraph,
    Part,
    Point,
    Points,
    WrittenAgreement,
    write_agreement,
)
from accord.report.written import to_html, to_markdown
from accord.report.written.markdown import escape

SHIPPED = Path(__file__).resolve().parents[2] / "agreement.yaml"
HOSTILE = (
    "<script>alert(1)</script> | *a* `b` [c](https://evil.example) ![d](e) _f_ ~g~ &lt; $x$ # 1. -"
)


class Page(HTMLParser):
    """Reads a page: its tags, its text, and what its links and sources point to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        known = dict(attrs)
        self.targets += [known[name] for name in ("href", "src", "action") if known.get(name)]
        self.ids += [known["id"]] if known.get("id") else []

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


def rendered(markdown: str) -> Page:
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))


@pytest.fixture(scope="module")
def written() -> WrittenAgreement:
    return write_agreement(load(SHIPPED))


@pytest.fixture(scope="module")
def page(written) -> Page:
    return Page(to_html(written))


def test_both_forms_have_the_same_headings_tables_and_lists(written, page):
    other = rendered(to_markdown(written))
    for tag in ("h1", "h2", "h3", "table"):
        assert page.tags.count(tag) == other.tags.count(tag) > 0
    facts_and_chapters = len(written.facts)
    assert other.tags.count("li") - facts_and_chapters == page.tags.count("li")


def test_both_forms_say_every_cell(written, page):
    other = rendered(to_markdown(written))
    for chapter in written.chapters:
        for part in chapter.parts:
            for grid in part.passages:
                for cell in (cell for row in getattr(grid, "rows", ()) for cell in row):
                    assert " ".join(cell.split()) in page.text
                    assert " ".join(cell.split()) in other.text


def test_the_page_asks_nothing_of_any_network(written, page):
    assert all(target.startswith("#") for target in page.targets)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    html = to_html(written)
    assert "url(" not in html
    assert "@import" not in html


def test_the_page_is_for_screens_light_and_dark_and_for_paper(written):
    html = to_html(written)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert 'lang="en"' in html


def test_every_chapter_can_be_reached_from_the_top(written, page):
    for chapter in written.chapters:
        assert f"#{chapter.name}" in page.targets
        assert chapter.name in page.ids


def hostile(name: str) -> WrittenAgreement:
    return WrittenAgreement(
        title=name,
        summary=name,
        facts=((name, name),),
        chapters=(
            Chapter(
                name="x",
                title=name,
                lead=name,
                parts=(
                    Part(
                        title=name,
                        passages=(
                            Paragraph(text=name),
                            Points(points=(Point(term=name, text=name), Point(text=name))),
                            Points(points=(Point(text=name),), ordered=True),
                            Grid(caption=name, columns=(name, name), rows=((name, name),)),
                        ),
                    ),
                ),
            ),
        ),
    )


def assert_harmless(name: str) -> None:
    """Nothing of the name becomes a tag, a link or a cell of its own, and all of it is shown."""
    plain, document = hostile("name"), hostile(name)
    for render in (lambda one: Page(to_html(one)), lambda one: rendered(to_markdown(one))):
        expected, found = render(plain), render(document)
        assert found.tags == expected.tags, name
        assert found.targets == expected.targets, name
        shown = " ".join(name.split())
        assert found.text.count(shown) >= expected.text.count("name") - 1


def test_a_name_with_markup_in_it_is_only_a_name():
    assert_harmless(HOSTILE)


@pytest.mark.parametrize(
    "name",
    ["- x", "1. x", "2) x", "# x", "> x", "+ x", "=====", "---", "***", "```", "~~~", "<!-- x",
     "a|b", "a\\|b", "\\", "a\\", "&amp;", "&#60;", "https://evil.example", "www.evil.example",
     "<https://evil.example>", "[x]: y", "![x](y)", "_x_", "__x__", "snake_case", "x_", "$$x$$"],
)  # fmt: skip
def test_marks_of_markdown_in_a_name_mark_nothing(name):
    assert_harmless(name)


@settings(max_examples=40)
@given(st.text(alphabet="ab1_*`[]()<>|\\&#;:/!-+=~.$ ", min_size=1, max_size=25))
def test_no_name_becomes_markup(name):
    trimmed = " ".join(name.split())
    if trimmed:
        assert_harmless(trimmed)


def test_names_that_need_no_escape_read_as_they_are():
    assert escape("first_touch, 2026.4 (+25): 80 % at 09:00-12:30, ops@example.com") == (
        "first_touch, 2026.4 (+25): 80 % at 09:00-12:30, ops@example.com"
    )


def test_hostile_names_in_an_agreement_stay_names():
    text = SHIPPED.read_text(encoding="utf-8")
    name = "<script>alert(1)</script>|*x*"
    changed = loads(text.replace("name: home industry,", f"name: '{name}',"))
    html, markdown = to_html(write_agreement(changed)), to_markdown(write_agreement(changed))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in markdown
    assert name in rendered(markdown).text


def test_the_same_agreement_gives_the_same_document(written):
    assert to_html(written) == to_html(write_agreement(load(SHIPPED)))
    assert to_markdown(written) == to_markdown(write_agreement(load(SHIPPED)))


def test_no_line_of_the_markdown_is_empty_of_words_in_a_row_and_it_ends_with_one_newline(written):
    markdown = to_markdown(written)
    assert not re.search(r"\n{3,}", markdown)
    assert markdown.endswith("\n")
    assert not markdown.endswith("\n\n")
