"""Who wins a field that both we and people set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.crm import Kept
from accord.crm.edits import CONTESTED, Standing, is_edited, settle

READ = datetime(2026, 11, 16, 14, tzinfo=UTC)
TICK = timedelta(microseconds=1)

values = st.sampled_from([None, "ours", "theirs", "before"])
times = st.sampled_from([None, READ - TICK, READ, READ + TICK])
standings = st.builds(Standing, value=values, since=times, written=values)


def standing(since=READ + TICK, value="theirs", written="before"):
    return Standing(value=value, since=since, written=written)


@pytest.mark.parametrize(("ticks", "wins"), [(-1, False), (0, False), (1, True)])
def test_an_edit_wins_only_if_it_is_younger_than_our_last_read(ticks, wins):
    there = standing(since=READ + ticks * TICK)
    assert is_edited("ours", there, read_at=READ) is wins


def test_an_edit_of_unknown_time_wins():
    assert is_edited("ours", standing(since=None), read_at=READ)


def test_where_nothing_was_ever_read_nothing_is_an_edit():
    assert not is_edited("ours", standing(), read_at=None)


def test_what_we_wrote_ourselves_is_no_edit_however_lately():
    assert not is_edited("ours", standing(value="before"), read_at=READ)


def test_what_we_want_is_no_edit_whoever_set_it():
    assert not is_edited("ours", standing(value="ours"), read_at=READ)


def test_an_emptied_field_is_an_edit_if_we_had_filled_it():
    assert is_edited("ours", standing(value=None), read_at=READ)
    assert not is_edited("ours", standing(value=None, written=None), read_at=READ)


def test_a_field_that_nobody_knows_is_written():
    verdict = settle({"owner": "ours", "stage": "mql"}, {}, read_at=READ)
    assert (verdict.write, verdict.kept) == ({"owner": "ours", "stage": "mql"}, ())


def test_one_field_may_stay_while_the_other_is_written():
    verdict = settle(
        {"owner": "ours", "stage": "sql"},
        {"owner": standing(), "stage": standing(since=READ)},
        read_at=READ,
    )
    assert verdict.write == {"stage": "sql"}
    assert verdict.kept == (Kept(field="owner", ours="ours", theirs="theirs", at=READ + TICK),)


@given(
    wanted=st.fixed_dictionaries(dict.fromkeys(CONTESTED, values)),
    there=st.dictionaries(st.sampled_from(CONTESTED), standings),
    read_at=times,
)
def test_every_field_is_either_written_or_kept(wanted, there, read_at):
    verdict = settle(wanted, there, read_at=read_at)
    kept = {one.field for one in verdict.kept}
    assert kept | set(verdict.write) == set(wanted)
    assert kept & set(verdict.write) == set()
    assert all(verdict.write[field] == wanted[field] for field in verdict.write)


@given(wanted=values, there=standings, earlier=times, later=times)
def test_reading_later_never_makes_an_edit(wanted, there, earlier, later):
    if earlier is None or later is None or earlier > later:
        return
    assert is_edited(wanted, there, read_at=earlier) or not is_edited(wanted, there, read_at=later)


@given(wanted=values, there=standings, read_at=times)
def test_once_it_is_written_it_is_no_edit(wanted, there, read_at):
    if is_edited(wanted, there, read_at=read_at):
        return
    now = Standing(value=wanted, since=READ + TICK, written=wanted)
    assert not is_edited("next", now, read_at=read_at)


def test_what_is_kept_is_told_in_our_words_and_written_in_theirs():
    wanted = {"owner": "7", "stage": "new"}
    there = {"owner": standing(value="9"), "stage": standing(value="new")}
    settled = settle(wanted, there, read_at=READ, say=lambda field, value: f"{field}:{value}")
    assert settled.write == {"stage": "new"}
    assert settled.kept == (Kept(field="owner", ours="owner:7", theirs="owner:9", at=READ + TICK),)
