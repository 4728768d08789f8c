from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from accord.report import charts
from accord.report.palette import DARK, MARKETING, SALES, SALES_SOFT

_HOSTILE = "<script>alert('x')</script> & \"more\""
_ROWS = [
    {"label": "W45", "value": 3.0, "shown": "3", "part": "small", "rank": 0},
    {"label": "W46", "value": 12.5, "shown": "12", "part": _HOSTILE, "rank": 1},
]


def _drawn() -> list:
    words = {"title": "Title", "says": "W45 3; W46 12"}
    hostile = [{**row, "label": _HOSTILE} for row in _ROWS[:1]] + _ROWS[1:]
    colors = {"small": SALES, _HOSTILE: SALES_SOFT}
    return [
        charts.bars("chart-a", hostile, **words),
        charts.bars("chart-b", [{**row, "mark": 7.0} for row in _ROWS], marks=True, **words),
        charts.columns("chart-c", _ROWS, color=MARKETING, form="~s", **words),
        charts.stacked("chart-d", [{**row, "mark": 9} for row in _ROWS], colors=colors, **words),
        charts.lines("chart-e", _ROWS, colors=colors, **words),
        charts.lines("chart-f", _ROWS, colors=colors, form="%", **words),
    ]


@pytest.fixture(scope="module")
def drawn():
    return _drawn()


def test_a_chart_asks_nothing_of_a_network_and_runs_nothing(drawn):
    for chart in drawn:
        assert "http" not in chart.svg
        assert "<script" not in chart.svg
        assert not re.search(r"\bon\w+=", chart.svg)


def test_a_chart_is_one_picture_with_a_name_and_words_for_screen_readers(drawn):
    for chart in drawn:
        assert f'aria-labelledby="{chart.name}-title {chart.name}-says"' in chart.svg
        assert chart.svg.count("role=") == 1
        assert chart.says


def test_ids_within_a_chart_carry_its_name(drawn):
    ids = [found for chart in drawn for found in re.findall(r' id="([^"]+)"', chart.svg)]
    assert len(ids) == len(set(ids))
    for chart in drawn:
        for found in re.findall(r' id="([^"]+)"|url\(#([^)]+)\)', chart.svg):
            assert "".join(found).startswith(chart.name)


def test_every_colour_of_a_chart_has_one_for_the_dark(drawn):
    plain = {"none", "transparent", "#000"}
    for chart in drawn:
        used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', chart.svg)) - plain
        assert used <= set(DARK), chart.name


def test_a_chart_is_well_formed_and_hostile_names_are_text(drawn):
    class Reader(HTMLParser):
        text = ""
        tags = frozenset()

        def handle_starttag(self, tag, attrs):  # noqa: ARG002
            self.tags |= {tag}

        def handle_data(self, data):
            self.text += data

    reader = Reader()
    reader.feed(drawn[0].svg)
    assert reader.tags <= {"svg", "g", "path", "rect", "text", "line", "defs", "clippath"}
    assert "<script>" in reader.text


def test_the_same_rows_give_the_same_picture():
    first, second = (charts.bars("chart-x", _ROWS, title="t", says="s") for _ in range(2))
    assert first.svg == second.svg
