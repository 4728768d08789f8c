"""The world itself: the same by its seed, however time is cut; true to what its truth file says."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import InputError
from accord.simulate import Expected, Flaw, Nature, read_truth
from accord.sources import read_sources
from tests.simulate.conftest import ROOT, START, World

KINDS = ("leads", "activities", "touches", "decisions", "opportunities", "spend", "reps")

# Worlds that several tests look at and none goes on with.


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory) -> World:
    """Two weeks of a company, six hours a step."""
    world = World(tmp_path_factory.mktemp("fortnight"), size=2500)
    world.walk(days=14)
    return world


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> World:
    """Four weeks of a company, a day a step, over the night in which clocks are set back."""
    world = World(tmp_path_factory.mktemp("month"), size=3600)
    world.walk(days=28, hours=24)
    return world


def test_the_same_seed_writes_the_same_files_byte_for_byte(make_world):
    one, other = make_world("one"), make_world("other")
    one.walk(days=3)
    other.walk(days=3)
    assert one.files() == other.files()
    assert (one.folder / "truth.jsonl").read_bytes() == (other.folder / "truth.jsonl").read_bytes()


def test_another_seed_is_another_world(make_world):
    one, other = make_world("one"), make_world("other", seed=8)
    one.walk(days=2)
    other.walk(days=2)
    assert one.files() != other.files()


@settings(max_examples=12, deadline=None)
@given(cuts=st.sets(st.integers(1, 3 * 24 * 60 - 1), max_size=30))
def test_what_happens_does_not_depend_on_how_time_is_cut(cuts):
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = World(Path(folder, "whole"), size=80), World(Path(folder, "cut"), size=80)
        whole.step(days=3)
        for minute in sorted(cuts):
            cut.step(minutes=minute)
        cut.step(days=3)
        for kind in KINDS:
            assert whole.rows(kind) == cut.rows(kind)
        assert read_truth(whole.folder).leads == read_truth(cut.folder).leads


def test_only_files_with_rows_are_written(make_world):
    world = make_world(size=50)
    world.walk(days=4, hours=1)
    assert all(
        content.count(b"\n") > name.endswith(".csv") for name, content in world.files().items()
    )


def test_every_flaw_occurs_and_the_truth_points_at_its_row(fortnight):
    truth = read_truth(fortnight.folder)
    own = {Flaw.UNKNOWN_WORD}  # sales makes it, and nobody was handed off
    assert {dirty.flaw for dirty in truth.dirty} == set(Flaw) - own
    for dirty in truth.dirty:
        row = fortnight.rows(dirty.file)[dirty.row - 1]
        assert row["id"] == dirty.record_id
        assert _shows(dirty.flaw, row), dirty


def _shows(flaw: Flaw, row: dict[str, str]) -> bool:
    """Whether a row really is as wrong as the truth says."""
    wrong = {
        Flaw.BAD_EMAIL: lambda: "." not in row["mail"].partition("@")[2] or row["mail"][0] == "@",
        Flaw.BAD_DATE: lambda: not any(_is_date(row.get(c, "")) for c in ("created", "at", "day")),
        Flaw.MISSING_ID: lambda: row["id"] == "",
        Flaw.NEGATIVE_EMPLOYEES: lambda: int(row["employees"]) < 0,
        Flaw.FAR_FUTURE: lambda: row["at"] >= "2027-06",
        Flaw.UNKNOWN_LEAD: lambda: row["lead"].startswith("L999"),
    }
    return flaw not in wrong or wrong[flaw]()


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def test_a_row_that_truth_calls_a_duplicate_stood_there_before(fortnight):
    for kind, column in (("leads", "lead"), ("activities", "activity")):
        rows = Counter(tuple(sorted(row.items())) for row in fortnight.rows(kind))
        repeated = {dict(row)["id"] for row, count in rows.items() if count > 1}
        truth = {
            dirty.record_id
            for dirty in read_truth(fortnight.folder).dirty
            if dirty.entity == column and dirty.expected is Expected.DUPLICATE
        }
        assert truth
        assert repeated == truth


def test_the_same_person_comes_twice_with_the_mail_in_another_case(fortnight):
    truth = read_truth(fortnight.folder)
    leads = {row["id"]: row for row in fortnight.rows("leads")}
    seconds = [dirty.record_id for dirty in truth.dirty if dirty.flaw is Flaw.SAME_PERSON]
    assert seconds
    for second in seconds:
        first = truth.leads[second].same_as
        assert leads[second]["mail"] != leads[first]["mail"]
        assert leads[second]["mail"].casefold() == leads[first]["mail"].casefold()


def test_no_lead_is_stored_in_the_hour_that_local_time_shows_twice(month):
    zone = ZoneInfo("America/New_York")
    for row in month.rows("leads"):
        try:
            local = datetime.fromisoformat(row["created"]).replace(tzinfo=zone)
        except ValueError:
            continue
        assert local.utcoffset() == local.replace(fold=1).utcoffset()


def test_all_three_sizes_come_and_about_one_lead_in_twenty_would_buy(month):
    leads = read_truth(month.folder).leads.values()
    sizes = Counter(lead.segment for lead in leads)
    assert sizes["small"] > sizes["middle"] > sizes["large"] > 0.05 * len(leads)
    buyers = [lead for lead in leads if lead.would_buy]
    assert 0.03 < len(buyers) / len(leads) < 0.09
    assert {lead.segment for lead in buyers} == {"small", "middle", "large"}
    assert 3000 < len(leads) < 4300


def test_buyers_do_more_and_ask_for_prices_and_demos(month):
    leads = read_truth(month.folder).leads
    wanting = {"pricing_viewed", "pricing_sheet_downloaded", "trial_started", "demo_requested"}
    acts, wants = Counter(), Counter()
    for row in month.rows("activities"):
        if row["lead"] in leads:
            acts[leads[row["lead"]].nature] += 1
            wants[leads[row["lead"]].nature] += row["kind"] in wanting
    count = Counter(lead.nature for lead in leads.values())
    each = {nature: acts[nature] / count[nature] for nature in count}
    assert each[Nature.BUYER] > 3 * each[Nature.CASUAL]
    assert wants[Nature.BUYER] / count[Nature.BUYER] > 10 * (
        wants[Nature.CASUAL] / count[Nature.CASUAL] + 0.01
    )


def test_people_are_seen_by_day_more_than_by_night(month):
    hours = Counter(row["at"][11:13] for row in month.rows("activities") if "T" in row["at"])
    day, night = ("13", "14", "15", "16"), ("03", "04", "05", "06")
    assert sum(hours[each] for each in day) > 3 * sum(hours[each] for each in night)


def test_absences_stand_in_the_record_once_they_are_known(month):
    away = [row for row in month.rows("reps") if row["absences"]]
    assert away
    first = {row["id"]: row for row in reversed(month.rows("reps"))}
    assert any(row["absences"] != first[row["id"]]["absences"] for row in away)
    for row in away:
        for span in row["absences"].split(";"):
            start, _, end = span.partition("/")
            assert datetime.fromisoformat(start) < datetime.fromisoformat(end)


def test_spend_is_stated_once_a_day_and_campaign(make_world):
    world = make_world()
    world.walk(days=5)
    dirty = {(each.file, each.row) for each in read_truth(world.folder).dirty}
    days = {row["day"] for row in world.rows("spend")}
    assert {"2026-10-05", "2026-10-06", "2026-10-07"} <= days
    clean = Counter()
    for name in (path.name for path in (world.folder / "inbox").glob("spend-*")):
        for number, row in enumerate(world.rows(name), 1):
            if (name, number) not in dirty:
                clean[row["day"], row["campaign"]] += 1
    assert set(clean.values()) == {1}


def test_the_written_sources_can_be_read(make_world):
    world = make_world()
    sources = read_sources(world.folder / "sources.yaml", {})
    assert {source.prefix for source in sources.sources} == {"crm"}
    assert len(sources.sources) == 7


def test_another_company_does_not_go_on_in_its_folder(make_world, tmp_path):
    make_world("one").step(hours=5)
    with pytest.raises(InputError, match="seed 7 lives here"):
        make_world("one", seed=9)


def test_the_start_is_an_instant_of_new_york(make_world):
    world = make_world()
    assert world.company.until == datetime(2026, 10, 5, 4, tzinfo=UTC)
    world.step(hours=2)
    assert world.company.until == START + timedelta(hours=2)


def test_a_folder_with_another_companys_sources_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "sources.yaml").write_bytes((ROOT / "sources.yaml").read_bytes())
    with pytest.raises(InputError, match="another company's sources stand here"):
        World(tmp_path)
    assert not (tmp_path / "inbox").exists()


@pytest.mark.parametrize("text", ["", "sources: nothing", "sources: [1]", "a: [", "- x"])
def test_sources_of_no_shape_are_not_the_companys(tmp_path, text):
    (tmp_path / "sources.yaml").write_text(text)
    with pytest.raises(InputError, match="expected those of the simulated company"):
        World(tmp_path)


def test_the_companys_sources_may_have_comments_and_others_beside_them(tmp_path):
    World(tmp_path / "one")
    text = (tmp_path / "one" / "sources.yaml").read_text()
    (tmp_path / "two").mkdir()
    added = text.replace("  - name: reps", "  # ours\n  - {name: more}\n  - name: reps")
    (tmp_path / "two" / "sources.yaml").write_text(added)
    World(tmp_path / "two").step(hours=6)
    assert (tmp_path / "two" / "sources.yaml").read_text() == added
