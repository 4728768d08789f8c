"""Moving the cut: the stored rollup and its tail always give the scores of all activities.

The small agreement of these tests has three kinds: `visit` halves in 10 days (in 4 in its other
version), `form` in 30, `demo` in 10; `email_sent` is in none.
"""

from __future__ import annotations

import itertools
import shutil
from datetime import timedelta

import narwhals as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.log import ActivityLog, Cut
from accord.records import from_us, to_us
from accord.scoring import ROLLUP_COLUMNS, each, roll_up, score, score_lead
from accord.services import rollup as service
from accord.services.evidence import read_evidence
from accord.services.merges import Merges
from accord.services.nightly import run_nightly
from accord.services.rollup import (
    CutResult,
    advance_rollup,
    carried,
    carried_without,
    half_lives_of,
    move_cut,
    next_cut,
    stale_kinds,
)
from tests.proof import count
from tests.scoring.engines import DAY_US, T_US, T, shipped, with_scoring

DAY = timedelta(days=1)
NOBODY = Merges(into={})


def agreed(*, visit: str = "10d", form: str = "30d") -> object:
    """An agreement of three kinds; demo only where visits halve in ten days."""
    engagement = {
        "visit": {"points": 3, "half_life": visit, "shows": "attention"},
        "form": {"points": 7, "half_life": form, "cap": 12, "shows": "interest"},
    }
    demo = {"demo": {"points": -5 if visit == "4d" else 9, "shows": "action"}}
    return with_scoring(
        fit={"cap": 100, "rules": []},
        engagement={"cap": 100, "half_life": "30d", "activities": engagement},
        intent={"cap": 60, "half_life": "10d", "activities": demo},
    )


USUAL, FASTER = agreed(), agreed(visit="4d")


def batch(*rows: tuple[str, str, str, float]) -> pa.Table:
    """Rows of activity_id, lead_id, kind, and days after T."""
    names = ("activity_id", "lead_id", "kind", "occurred_us")
    rows = [(*row[:3], T_US + round(row[3] * DAY_US)) for row in rows]
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows],
        pa.schema([*((name, pa.string()) for name in names[:3]), (names[3], pa.int64())]),
    )


def take(log, *rows, at=T):
    name = "+".join(row[0] for row in rows) + f"@{at}"
    return log.append(batch(*rows), batch_id=name, taken_at=at)


def stored(log) -> dict[tuple[str, str], tuple[int, float, float]]:
    """Of each lead and kind stored: count, days after T of the last, weight there."""
    return {
        (lead_id, kind): (count, (last_us - T_US) / DAY_US, round(weight, 9))
        for lead_id, kind, count, _, last_us, weight, _ in log.read_rollup().fetchall()
    }


@pytest.fixture
def log(tmp_path):
    opened = ActivityLog.open(str(tmp_path / "log"))
    yield opened
    opened.close()


def test_the_first_cut_rolls_up_what_occurred_up_to_it(log) -> None:
    """Two visits 10 days apart: 1 + 0.5 at the later one."""
    take(log, ("a", "ann", "visit", -10), ("b", "ann", "visit", 0), ("c", "ann", "visit", 0.001))
    result = advance_rollup(log, USUAL, as_of=T)
    assert result == CutResult(moved=True, added=2, rows=1)
    assert stored(log) == {("ann", "visit"): (2, 0.0, 1.5)}
    assert log.cut == Cut(occurred_us=T_US, taken_us=T_US)
    assert [row[0] for row in log.read_tail().fetchall()] == ["c"]


def test_the_stored_columns_are_those_of_a_rollup(log) -> None:
    take(log, ("a", "ann", "visit", -10))
    advance_rollup(log, USUAL, as_of=T)
    assert tuple(log.read_rollup().columns) == ROLLUP_COLUMNS


def test_the_next_cut_adds_the_tail_late_and_early_ones_alike(log) -> None:
    """1 at day 0, then one of day -20 (0.25 there) and one of day 10: 1 + 0.5 + 0.125 there."""
    take(log, ("a", "ann", "visit", 0), ("f", "bob", "form", 0))
    advance_rollup(log, USUAL, as_of=T)
    take(log, ("late", "ann", "visit", -20), ("b", "ann", "visit", 10), at=T + 10 * DAY)
    result = advance_rollup(log, USUAL, as_of=T + 10 * DAY)
    assert result == CutResult(moved=True, added=2, rows=2)
    assert stored(log) == {("ann", "visit"): (3, 10.0, 1.625), ("bob", "form"): (1, 0.0, 1.0)}


def test_an_activity_of_the_future_waits_in_the_tail_until_the_cut_passes_it(log) -> None:
    take(log, ("a", "ann", "visit", 0), ("future", "ann", "visit", 5))
    assert advance_rollup(log, USUAL, as_of=T).added == 1
    assert advance_rollup(log, USUAL, as_of=T + 5 * DAY - DAY / 86_400).moved is False
    assert advance_rollup(log, USUAL, as_of=T + 5 * DAY).added == 1
    assert log.read_tail().fetchall() == []


def test_the_cut_never_moves_back_and_still_takes_in_what_came_since(log) -> None:
    take(log, ("a", "ann", "visit", 0))
    advance_rollup(log, USUAL, as_of=T)
    take(log, ("b", "ann", "visit", -1))
    assert advance_rollup(log, USUAL, as_of=T - 30 * DAY).added == 1
    assert log.cut == Cut(occurred_us=T_US, taken_us=T_US + 1)
    assert stored(log)["ann", "visit"][0] == 2


def test_what_is_taken_after_a_cut_is_of_the_tail_whatever_the_clock_says(log) -> None:
    """The clock stands still, and once goes back: the rows are known a microsecond later."""
    for number, at in enumerate((T, T, T - DAY)):
        take(log, (f"a{number}", "ann", "visit", -number), at=at)
        assert [row[0] for row in log.read_tail().fetchall()] == [f"a{number}"]
        assert advance_rollup(log, USUAL, as_of=T).added == 1
    assert log.cut == Cut(occurred_us=T_US, taken_us=T_US + 2)


def test_a_cut_with_nothing_new_writes_nothing(log) -> None:
    assert advance_rollup(log, USUAL, as_of=T) == CutResult(moved=False)
    assert log.cut is None
    take(log, ("a", "ann", "visit", 0))
    advance_rollup(log, USUAL, as_of=T)
    version = log._rollup.version
    assert advance_rollup(log, USUAL, as_of=T + DAY) == CutResult(moved=False)
    assert log._rollup.version == version


def test_only_a_kind_whose_half_life_changed_is_rebuilt(log, monkeypatch) -> None:
    """Visits 8 days apart halve twice in 4 days each: 1 + 0.25. The form's row stays as it was."""
    take(log, ("a", "ann", "visit", -8), ("b", "ann", "visit", 0), ("f", "ann", "form", -40))
    advance_rollup(log, USUAL, as_of=T)
    asked = []
    read = log.read
    monkeypatch.setattr(log, "read", lambda **wanted: asked.append(wanted) or read(**wanted))
    result = advance_rollup(log, FASTER, as_of=T)
    assert result == CutResult(moved=True, rebuilt=("visit",), rows=2)
    assert [wanted["kinds"] for wanted in asked] == [("visit",)]
    assert stored(log) == {("ann", "visit"): (2, 0.0, 1.25), ("ann", "form"): (1, -40.0, 1.0)}
    assert log.stored_half_lives == half_lives_of(FASTER)


def test_a_kind_that_enters_scoring_decays_from_then_on_and_one_that_leaves_stops(log) -> None:
    """Two visits 10 days apart weigh 2 while nobody scores them, 1.5 once they do."""
    take(log, ("a", "ann", "visit", -10), ("b", "ann", "visit", 0))
    without = shipped()
    for agreement, weight in ((without, 2.0), (USUAL, 1.5), (without, 2.0)):
        advance_rollup(log, agreement, as_of=T)
        assert stored(log)["ann", "visit"] == (2, 0.0, weight)
    assert "visit" not in log.stored_half_lives


def test_points_and_caps_change_without_touching_it(log) -> None:
    take(log, ("a", "ann", "demo", 0))
    advance_rollup(log, USUAL, as_of=T)
    other = with_scoring(
        fit={"cap": 100, "rules": []},
        engagement=USUAL.scoring.engagement,
        intent={"cap": 5, "half_life": "10d", "activities": {"demo": {"points": 70, "cap": 1}}},
    )
    assert advance_rollup(log, other, as_of=T) == CutResult(moved=False)


def test_erasing_a_lead_leaves_the_cut_and_the_rows_of_others(log) -> None:
    take(log, ("a", "ann", "visit", 0), ("b", "bob", "visit", 0))
    advance_rollup(log, USUAL, as_of=T)
    cut = log.cut
    log.erase(["ann"])
    assert stored(log) == {("bob", "visit"): (1, 0.0, 1.0)}
    assert log.cut == cut


def test_the_nightly_run_moves_the_cut_and_deletes_what_it_replaced(workspace) -> None:
    log = workspace.log
    for night in range(3):
        at = T + night * DAY
        take(log, (f"a{night}", "ann", "page_viewed", night), at=at)
        result = run_nightly(workspace, as_of=at)
        assert (result.rolled_up, result.rebuilt) == (1, 0)
    assert log.cut == Cut(occurred_us=to_us(at), taken_us=to_us(at))
    assert stored(log)["ann", "page_viewed"][0] == 3
    folder = workspace.settings.log_path.with_name(workspace.settings.log_path.name + "-rollup")
    assert len(list(folder.glob("*.parquet"))) == 1
    assert move_cut(workspace, as_of=at) == CutResult(moved=False)


def test_the_cut_waits_for_whoever_takes_or_scores(workspace) -> None:
    held = []
    lease = workspace.ledger.lease
    take(workspace.log, ("a", "ann", "visit", 0))
    original = service._take

    def looking(*args, **named):
        for name in ("ingest", "score"):
            with pytest.raises(Exception, match=name), lease(name, wait_seconds=0):
                pass
            held.append(name)
        return original(*args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_take", looking)
        assert move_cut(workspace, as_of=T).moved
    assert held == ["ingest", "score"]


# -- any history ----------------------------------------------------------------------------------

WHO = ("ann", "bob", "carl")
KINDS = ("visit", "form", "demo", "email_sent")
DAYS = st.sampled_from([-40, -10, -4, 0, 3, 10]) | st.integers(-60, 20)
ROW = st.tuples(st.integers(0, 30), st.sampled_from(WHO), st.sampled_from(KINDS), DAYS)
TAKE = st.tuples(st.just("take"), st.lists(ROW, min_size=1, max_size=9), DAYS)
MOVE = st.tuples(st.just("move"), st.sampled_from([USUAL, FASTER]), DAYS)
AGAIN = st.tuples(st.just("again"), st.integers(0, 3), DAYS)
TIDY = st.sampled_from([("compact",), ("erase", "carl")])
STORY = st.lists(TAKE | MOVE | AGAIN | TIDY, max_size=9)
ASKED = {
    "agreement": st.sampled_from([USUAL, FASTER]),
    "as_of": st.builds(lambda day: from_us(T_US + day * DAY_US), st.integers(-20, 60)),
}


class Story:
    """What is told, step by step, and the activities that the log must have by then."""

    def __init__(self) -> None:
        self.accepted: dict[tuple[str, int], tuple[str, str]] = {}
        self.batches: list[pa.Table] = []

    def play(self, steps) -> None:
        for number, (what, *told) in enumerate(steps):
            getattr(self, what)(number, *told)

    def take(self, number, rows, day) -> None:
        self.batches.append(batch(*((f"a{row[0]}", *row[1:]) for row in rows)))
        self.send(self.batches[-1], number, T_US + day * DAY_US)

    def again(self, number, which, day) -> None:
        if which < len(self.batches):
            self.send(self.batches[which], number, T_US + day * DAY_US)

    def send(self, table, _number, _taken_us) -> list[tuple[str, str, int]]:
        """Accept what is new; gives it back as lead_id, kind, occurred_us."""
        fresh = []
        for row in table.to_pylist():
            key = (row["activity_id"], row["occurred_us"])
            if key not in self.accepted:
                self.accepted[key] = (row["lead_id"], row["kind"])
                fresh.append((row["lead_id"], row["kind"], row["occurred_us"]))
        return fresh

    def erase(self, _number, lead_id) -> None:
        self.accepted = {key: row for key, row in self.accepted.items() if row[0] != lead_id}

    def check(self, people, evidence, agreement, as_of) -> None:
        """Hold scores, counts and last instants to the scalar reference over all activities."""
        scores = score(people, evidence, agreement, as_of=as_of).collect().to_arrow().to_pylist()
        assert len(scores) == len(WHO)
        agreed = half_lives_of(agreement)
        found = counts_of(evidence, until_us=to_us(as_of), kinds=agreed)
        for row in scores:
            known = self._of(row["lead_id"], until_us=to_us(as_of))
            due = score_lead({}, known, agreement, as_of=as_of)
            numbers = (row["fit"], row["engagement"], row["intent"], row["position"])
            assert numbers == (due.fit, due.engagement, due.intent, due.position)
            expected = {(row["lead_id"], kind): [] for kind, _ in known}
            for kind, at in known:
                expected[row["lead_id"], kind].append(at)
            for (who, kind), instants in expected.items():
                if kind in agreed:
                    assert found.pop((who, kind)) == (len(instants), max(instants))
        assert found == {}

    def _of(self, lead_id, *, until_us):
        return [
            (kind, at)
            for (_, at), (who, kind) in self.accepted.items()
            if who == lead_id and at <= until_us
        ]


def counts_of(evidence, *, until_us, kinds):
    """Count and last instant by lead and kind of the rows that reasons are made of."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in evidence.rows(named=True) if hasattr(evidence, "rows") else evidence.to_pylist():
        if row["last_us"] <= until_us and row["kind"] in kinds:
            key = (row["lead_id"], row["kind"])
            count, last = found.get(key, (0, row["last_us"]))
            found[key] = (count + row["count"], max(last, row["last_us"]))
    return found


class OnFrames(Story):
    """The algebra alone: activities with their two times in a list, the rollup in a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, int, int]] = []
        self.cut: Cut | None = None
        self.half_lives: dict[str, float] = {}
        self.stored = roll_up(frame([]), USUAL).collect().to_native()

    def send(self, table, number, taken_us) -> list:
        if self.cut is not None:
            taken_us = max(taken_us, self.cut.taken_us + 1)
        fresh = super().send(table, number, taken_us)
        self.rows += [(*row, taken_us) for row in fresh]
        return fresh

    def compact(self, _number) -> None:
        """Merging files changes no row."""

    def erase(self, number, lead_id) -> None:
        super().erase(number, lead_id)
        self.rows = [row for row in self.rows if row[0] != lead_id]
        self.stored = self.stored.filter(pl.col("lead_id") != lead_id)

    def tail(self, until_us):
        held = self.cut
        return [
            row
            for row in self.rows
            if row[2] <= until_us
            and (held is None or row[2] > held.occurred_us or row[3] > held.taken_us)
        ]

    def move(self, _number, agreement, day) -> None:
        newest = max((row[3] for row in self.rows), default=None)
        agreed = half_lives_of(agreement)
        cut = next_cut(self.cut, as_of=T + day * DAY, newest_us=newest)
        tail = frame(self.tail(cut.occurred_us))
        stale = stale_kinds(self.half_lives, agreed) if self.cut else ()
        if stale:
            anew = stale, frame(self.of_kinds(stale, until_us=cut.occurred_us))
            moved = carried_without(self.stored, tail, agreement, cut=cut, anew=anew)
        else:
            moved = carried(self.stored, tail, agreement, cut=cut)
        self.stored, self.cut, self.half_lives = moved.collect().to_native(), cut, agreed

    def of_kinds(self, kinds, *, until_us):
        return [row for row in self.rows if row[1] in kinds and row[2] <= until_us]

    def evidence(self, agreement, as_of):
        """Rollup and tail where the cut is not later, the rest from all activities."""
        until_us = to_us(as_of)
        agreed = half_lives_of(agreement)
        if self.cut is None or self.cut.occurred_us > until_us:
            return each(frame(self.of_kinds(agreed, until_us=until_us)), agreement)
        stale = stale_kinds(self.half_lives, agreed)
        fresh = [kind for kind in agreed if kind not in stale]
        tail = [row for row in self.tail(until_us) if row[1] in fresh]
        tail += self.of_kinds([kind for kind in stale if kind in agreed], until_us=until_us)
        held = nw.from_native(self.stored.filter(pl.col("kind").is_in(fresh))).lazy()
        return nw.concat([held, each(frame(tail), agreement)])


def frame(rows):
    names = ("lead_id", "kind", "occurred_us")
    kinds = {"lead_id": pl.String, "kind": pl.String, "occurred_us": pl.Int64}
    columns = zip(*(row[:3] for row in rows), strict=True) if rows else ((), (), ())
    return pl.DataFrame(dict(zip(names, columns, strict=True)), schema=kinds)


PEOPLE = pl.DataFrame({"lead_id": WHO})


@settings(max_examples=500)
@given(story=STORY, **ASKED)
def test_any_cuts_of_any_history_leave_every_score_as_it_is(story, agreement, as_of) -> None:
    """Late, early, doubled, future-dated; half-lives that change; always at full count."""
    told = OnFrames()
    told.play(story)
    told.check(PEOPLE, told.evidence(agreement, as_of).collect().to_native(), agreement, as_of)


class OnStore(Story):
    """The same on a real log."""

    def __init__(self, folder) -> None:
        super().__init__()
        self.log = ActivityLog.open(str(folder / "log"))

    def send(self, table, number, taken_us) -> list:
        taken = self.log.append(table, batch_id=f"b{number}", taken_at=from_us(taken_us))
        fresh = super().send(table, number, taken_us)
        assert taken.accepted == len(fresh)
        return fresh

    def move(self, _number, agreement, day) -> None:
        advance_rollup(self.log, agreement, as_of=T + day * DAY)

    def compact(self, _number) -> None:
        self.log.compact()

    def erase(self, number, lead_id) -> None:
        self.log.erase([lead_id])
        super().erase(number, lead_id)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("stories")
    return (base / str(number) for number in itertools.count())


@pytest.mark.proof
@pytest.mark.timeout(7200)
@settings(max_examples=count(1000))
@given(story=STORY, **ASKED)
def test_rollup_and_tail_of_a_real_log_score_as_all_activities_do(
    folders, story, agreement, as_of
) -> None:
    folder = next(folders)
    told = OnStore(folder)
    told.play(story)
    evidence = read_evidence(told.log, WHO, NOBODY, agreement, as_of=as_of)
    told.check(pa.table({"lead_id": WHO}), evidence, agreement, as_of)
    told.log.close()
    shutil.rmtree(folder, ignore_errors=True)
