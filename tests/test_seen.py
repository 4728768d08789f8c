"""Names that people did not mean kindly: nothing in them steers what shows them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.cli import app
from accord.seen import is_unseen, isolate, name_unseen

HOSTILE = "\u202eevil\u2066 [red]x[/red] \x1b[31m\x07 a\tb\nc \x9b2J"


@given(st.text())
def test_every_text_comes_out_balanced_and_holds_no_mark_that_turns(text):
    shown = isolate(text)
    depth = 0
    for one in shown:
        depth += (one == "\u2068") - (one == "\u2069")
        assert depth in (0, 1)
    assert depth == 0
    rest = shown.replace("\u2068", "").replace("\u2069", "")
    assert not [one for one in rest if is_unseen(one) and one not in "\n\t"]


def test_right_to_left_letters_stand_apart_from_what_follows_them():
    assert isolate("שלם עולם, 12 leads") == "\u2068שלם עולם\u2069, 12 leads"
    assert isolate("👨‍👩‍👧 Zoë") == "👨‍👩‍👧 Zoë"


@given(st.text())
def test_no_named_text_holds_what_cannot_be_seen(text):
    assert not any(map(is_unseen, name_unseen(text)))


@pytest.mark.parametrize("terminal", [False, True])
def test_a_table_prints_one_line_a_row_and_no_markup_of_a_name(capsys, monkeypatch, terminal):
    monkeypatch.setattr(app.sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "200")
    app.say_table([{"name": HOSTILE, "n": 1}], ["name", "n"])
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "⟨U+202E⟩evil" in out
    assert "\x07" not in out
    assert "\x9b" not in out
    assert "\x1b[31m" not in out
    if not terminal:
        assert out.count("\n") == 2


def test_json_holds_no_character_that_steers_and_reads_back_the_same(capsys):
    app.say_json({"name": HOSTILE})
    out = capsys.readouterr().out
    assert not any(is_unseen(one) for one in out if one != "\n")
    assert json.loads(out) == {"name": HOSTILE}
