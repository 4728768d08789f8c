"""Comparing a candidate with the agreement in force: movers, weeks, past leads, and applying it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from accord.agreement import AgreementError
from accord.errors import InputError
from accord.evaluation import Comparison, Group, Week
from accord.ledger import insert_rows, read_rows, tables
from accord.records import Side, to_us
from accord.services.agreements import sign
from accord.services.replay import read_then
from accord.services.rescore import run_rescore
from accord.services.rescore_compare import Pair
from accord.services.workspace import Workspace
from tests.killing import killed_at

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)  # the Monday of 2026-W45
DAY = timedelta(days=1)
BUYER = {"title": "VP", "industry": "software", "country": "DE"}  # fit 25 + 20 + 10 = 55.0


class World:
    """Puts rows where ingestion would."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace = workspace
        self.folder = folder
        self.rows = 0

    def lead(self, lead_id: str, created_at: datetime = NOW - 90 * DAY, **attributes: Any) -> None:
        self.rows += 1
        row = {"lead_id": lead_id, "created_at": created_at, "known_at": created_at, **attributes}
        version = {**row, "batch_id": "b", "row_number": self.rows}
        self._insert(tables.lead, {**row, "row_hash": "x", "cycle": 0})
        self._insert(tables.lead_version, version)

    def did(self, lead_id: str, kind: str, at: datetime, *, count: int = 1) -> None:
        self.rows += 1
        names = [f"web:{self.rows}-{number}" for number in range(count)]
        rows = {"activity_id": names, "lead_id": [lead_id] * count, "kind": [kind] * count}
        table = pa.table({**rows, "occurred_us": [to_us(at)] * count})
        self.workspace.log.append(table, batch_id=f"b{self.rows}", taken_at=at)

    def deal(self, lead_id: str, stage: str, at: datetime, *, deal_id: str = "") -> None:
        self.rows += 1
        row = {"opportunity_id": deal_id or f"d{self.rows}", "lead_id": lead_id, "stage": stage}
        closed = at if stage in ("customer", "lost") else None
        when = {"known_at": at, "opened_at": at - DAY, "closed_at": closed}
        version = {"batch_id": "b", "row_number": self.rows}
        self._insert(tables.opportunity_version, {**row, **when, **version})

    def disqualified(self, lead_id: str, at: datetime) -> None:
        self.rows += 1
        row = {"decision_id": f"q{self.rows}", "lead_id": lead_id, "outcome": "disqualify"}
        self._insert(tables.decision, {**row, "decided_at": at, "known_at": at, "row_hash": "x"})

    def rep(self, rep_id: str, **attributes: Any) -> None:
        row = {"rep_id": rep_id, "role": "sdr", "team": "inbound", "known_at": NOW}
        self._insert(tables.rep, {**row, "row_hash": "x", **attributes})

    def merge(self, lead_id: str, into: str, at: datetime) -> None:
        row = {"lead_id": lead_id, "into_lead_id": into, "merged_at": at, "undone_at": None}
        self._insert(tables.merge, row)

    def _insert(self, table: Any, row: Mapping[str, Any]) -> None:
        with self.workspace.ledger.begin() as connection:
            insert_rows(connection, table, [row])

    def candidate(self, *changes: tuple[str, str], name: str = "candidate.yaml") -> Path:
        """The shipped agreement with some of its text replaced; of version 2027.1 if any is."""
        text = self.workspace.settings.agreement.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        if changes:
            text = text.replace('version: "2026.4"', 'version: "2027.1"')
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def rescore(self, *changes: tuple[str, str], **asked: Any) -> Comparison:
        path = self.candidate(*changes) if changes else None
        return run_rescore(self.workspace, as_of=NOW, candidate=path, **asked)

    def scores(self) -> list[dict[str, Any]]:
        with self.workspace.ledger.read() as connection:
            return read_rows(connection, select(tables.score).order_by(tables.score.c.lead_id))


on_one_store = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
"""What does not depend on the store; the tests without it ask all that is asked of one."""


@pytest.fixture
def world(workspace: Workspace, tmp_path: Path) -> World:
    return World(workspace, tmp_path)


MQL = (
    "mql:     {any: [{fit: {gte: 40}, engagement: {gte: 30}}, {fit: {gte: 30}, intent: {gte: 40}}]}"
)
EASY = (MQL, "mql: {fit: {gte: 30}, intent: {gte: 20}}")


@on_one_store
def test_the_agreement_in_force_beside_itself_changes_nothing(world: World) -> None:
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "demo_requested", NOW)
    found = world.rescore()
    assert (found.version_now, found.version_then) == ("2026.4", "2026.4")
    assert (found.leads, found.changed, found.mql_now, found.mql_then) == (1, 0, 1, 1)
    assert (len(found.gained), len(found.lost), found.stored) == (0, 0, None)
    # no rep is known
    assert {(week.capacity_now, week.capacity_then) for week in found.weeks} == {(None, None)}
    assert world.scores() == []


@on_one_store
def test_a_candidate_of_the_same_scoring_changes_nothing(world: World) -> None:
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "demo_requested", NOW)
    found = world.rescore(("approval_above: 3", "approval_above: 4"))
    assert (found.version_now, found.version_then) == ("2026.4", "2027.1")
    assert (found.changed, len(found.gained), len(found.lost)) == (0, 0, 0)
    assert [week.now for week in found.weeks] == [week.then for week in found.weeks]


def test_who_would_come_over_the_threshold_and_who_would_fall_below_it(world: World) -> None:
    """Intent 25.0 is over 20 and under 40; engagement 36.0 counts now, and no longer then."""
    world.lead("crm:1", channel="email", employees=50, **BUYER)
    world.did("crm:1", "pricing_sheet_downloaded", NOW)
    world.lead("crm:2", channel="social", employees=2000, **BUYER)
    world.did("crm:2", "webinar_attended", NOW, count=3)
    world.lead("crm:3", employees=2000, **BUYER)
    found = world.rescore(EASY)
    assert (found.leads, found.changed, found.mql_now, found.mql_then) == (3, 0, 1, 1)
    (gained,), (lost,) = found.gained, found.lost
    assert (gained.lead_id, gained.segment, gained.channel) == ("crm:1", "small", "email")
    assert gained.now == gained.then == {"fit": 550, "engagement": 0, "intent": 250}
    assert (lost.lead_id, lost.segment, lost.channel) == ("crm:2", "large", "social")
    assert lost.then == {"fit": 750, "engagement": 360, "intent": 0}
    assert found.by_segment == (
        Group(name="large", leads=2, mql_now=1, mql_then=0, gained=0, lost=1),
        Group(name="small", leads=1, mql_now=0, mql_then=1, gained=1, lost=0),
    )
    assert [(one.name, one.gained, one.lost) for one in found.by_channel] == [
        ("(none)", 0, 0),
        ("email", 1, 0),
        ("social", 0, 1),
    ]


@on_one_store
def test_a_changed_score_is_counted_and_spread_over_bands_of_ten_points(world: World) -> None:
    """A demo of 70 points becomes one of 100: the best band; who did nothing is in 0-9.9."""
    world.lead("crm:1", **BUYER)
    world.lead("crm:2")
    world.did("crm:1", "demo_requested", NOW)
    found = world.rescore(("points: 70", "points: 100"))
    assert (found.changed, len(found.gained), len(found.lost)) == (1, 0, 0)
    intent = next(one for one in found.spreads if one.score == "intent")
    assert intent.now == (1, 0, 0, 0, 0, 0, 0, 1, 0, 0)
    assert intent.then == (1, 0, 0, 0, 0, 0, 0, 0, 0, 1)


@on_one_store
def test_only_the_segments_and_leads_that_are_asked_for_are_compared(world: World) -> None:
    world.lead("crm:1", employees=50, **BUYER)
    world.lead("crm:2", employees=2000, **BUYER)
    world.lead("web:1", employees=2000, **BUYER)
    world.merge("web:1", "crm:2", NOW - DAY)
    large = world.rescore(segments=["large"])
    assert (large.leads, large.segments_asked, large.by_segment[0].name) == (1, ("large",), "large")
    some = world.rescore(lead_ids=["web:1", "crm:2"])
    assert (some.leads, some.leads_asked) == (1, 2)
    assert world.rescore(segments=["small"], lead_ids=["crm:2"]).leads == 0


@on_one_store
def test_an_unknown_segment_or_lead_is_one_clear_error(world: World) -> None:
    world.lead("crm:1")
    with pytest.raises(InputError, match=r"'huge', 'tiny' in no agreement.*large, middle, small"):
        world.rescore(segments=["huge", "small", "tiny"])
    with pytest.raises(InputError, match=r"2 not known at .*: crm:8, crm:9"):
        world.rescore(lead_ids=["crm:8", "crm:1", "crm:9"])


@on_one_store
def test_a_candidate_with_faults_is_refused_with_all_of_them(world: World) -> None:
    path = world.candidate(("points: 70", "points: many"), ("rounding: nearest", "rounding: up"))
    with pytest.raises(AgreementError) as refused:
        run_rescore(world.workspace, as_of=NOW, candidate=path)
    assert len(refused.value.faults) == 2


def test_a_lead_counts_in_the_week_in_which_it_would_first_have_been_handed_over(
    world: World,
) -> None:
    """Three of the twelve weeks before 2026-W45, which is cut in New York: W33 to W44.

    crm:1 crosses in W43 by a demo and again in W44: once. crm:2 held the threshold when the weeks
    began. crm:3 bought before its demo. crm:4 gets to 25.0 in W44, which is enough for the
    candidate alone. crm:5 crosses at 03:59 UTC of Monday, which is still Sunday of W43.
    """
    for number in range(1, 6):
        world.lead(f"crm:{number}", **BUYER)
    world.did("crm:1", "demo_requested", NOW - 10 * DAY)
    world.did("crm:1", "demo_requested", NOW - 3 * DAY)
    world.did("crm:2", "demo_requested", datetime(2026, 8, 9, 12, tzinfo=UTC))
    world.did("crm:2", "demo_requested", datetime(2026, 8, 11, 12, tzinfo=UTC))
    world.deal("crm:3", "customer", NOW - 20 * DAY)
    world.did("crm:3", "demo_requested", NOW - 10 * DAY)
    world.did("crm:4", "pricing_sheet_downloaded", NOW - 4 * DAY)
    world.did("crm:5", "demo_requested", datetime(2026, 10, 26, 3, 59, tzinfo=UTC))
    world.rep("crm:a")
    world.rep("crm:b", per_week=7, left_at=datetime(2026, 10, 20, tzinfo=UTC))
    world.rep("crm:c", role="ae", team="closers")
    found = world.rescore(EASY)
    assert [week.week for week in found.weeks] == [f"2026-W{number}" for number in range(33, 45)]
    week = Week(
        week="2026-W43",
        starts_on=date(2026, 10, 19),
        now=2,
        then=2,
        capacity_now=34,
        capacity_then=34,
    )
    assert found.weeks[-2] == week
    assert found.weeks[-1].week == "2026-W44"
    assert [(one.now, one.then) for one in found.weeks[-2:]] == [(2, 2), (0, 1)]
    assert {(one.now, one.then) for one in found.weeks[:-2]} == {(0, 0)}


def capacities(found: Comparison) -> dict[str, tuple[int | None, int | None]]:
    return {week.week[5:]: (week.capacity_now, week.capacity_then) for week in found.weeks}


@on_one_store
def test_a_week_s_capacity_is_what_both_capacities_of_each_rep_leave_in_whole_leads(
    world: World,
) -> None:
    """crm:a takes 30 a week and 120 a month, which is the less: 120 x 7 / 31 is 27.1, / 30 is 28.

    W36 has one day of August and six of September: 3.87 + 24; W44 six of October and one of
    November: 23.2 + 4. crm:b takes 7 a week until he leaves in W43, crm:c 10 a month: 2.3 a week
    of either month; crm:d is no development rep.
    """
    world.rep("crm:a")
    assert capacities(world.rescore()) == {
        **dict.fromkeys(["W33", "W34", "W35"], (27, 27)),
        "W36": (27, 27),
        **dict.fromkeys(["W37", "W38", "W39"], (28, 28)),
        **dict.fromkeys(["W40", "W41", "W42", "W43", "W44"], (27, 27)),
    }
    world.rep("crm:b", per_week=7, left_at=datetime(2026, 10, 20, tzinfo=UTC))
    world.rep("crm:c", per_month=10)
    world.rep("crm:d", role="ae", team="closers")
    found = capacities(world.rescore())
    assert [found["W39"], found["W43"], found["W44"]] == [(37, 37), (36, 36), (29, 29)]


@on_one_store
def test_each_agreement_s_own_capacity_is_what_reps_take_under_it(world: World) -> None:
    """Under the candidate 20 a week are less than its 120 a month; crm:b has terms of his own."""
    world.rep("crm:a")
    world.rep("crm:b", per_week=7)
    found = world.rescore(("capacity: {per_week: 30,", "capacity: {per_week: 20,"))
    assert capacities(found)["W43"] == (34, 27)
    fewer = world.rescore(("per_month: 120}", "per_month: 31}"))
    assert capacities(fewer)["W43"] == (34, 14)


@on_one_store
def test_hand_offs_of_some_leads_are_held_against_no_capacity(world: World) -> None:
    world.lead("crm:1", **BUYER)
    world.rep("crm:a")
    for asked in ({"segments": ["small"]}, {"lead_ids": ["crm:1"]}):
        assert set(capacities(world.rescore(**asked)).values()) == {(None, None)}


def test_who_has_bought_or_was_disqualified_is_not_among_those_who_move(world: World) -> None:
    """All four would come over the threshold, and two of them nobody hands over any more."""
    for number in range(1, 5):
        world.lead(f"crm:{number}", employees=50, channel="email", **BUYER)
        world.did(f"crm:{number}", "pricing_sheet_downloaded", NOW - DAY)
    world.deal("crm:1", "customer", NOW - 20 * DAY)
    world.disqualified("crm:2", NOW - 10 * DAY)
    world.deal("crm:3", "lost", NOW - 20 * DAY)  # may come again
    world.deal("crm:4", "customer", NOW + DAY)  # is not known yet
    found = world.rescore(EASY)
    assert [one.lead_id for one in found.gained] == ["crm:3", "crm:4"]
    assert (found.leads, found.settled, found.mql_now, found.mql_then) == (4, 2, 0, 2)
    group = Group(name="small", leads=2, mql_now=0, mql_then=2, gained=2, lost=0)
    assert found.by_segment == (group,)
    assert [(one.leads, one.gained) for one in found.by_channel] == [(2, 2)]
    assert sum(found.spreads[0].now) == 4
    assert (found.past["now"].winners, found.past["now"].non_buyers) == (1, 2)
    path = world.candidate((MQL, "mql: {fit: {gte: 99}}"))
    world.did("crm:1", "demo_requested", NOW)
    world.did("crm:3", "demo_requested", NOW)
    lost = run_rescore(world.workspace, as_of=NOW, candidate=path).lost
    assert [one.lead_id for one in lost] == ["crm:3"]


@on_one_store
def test_those_movers_come_first_that_would_be_worked_first(world: World) -> None:
    """All have intent 25.0, and crm:3 has 8.0 of engagement too; the others go by id."""
    for number in (2, 3, 1):
        world.lead(f"crm:{number}", **BUYER)
        world.did(f"crm:{number}", "pricing_sheet_downloaded", NOW)
    world.did("crm:3", "white_paper_downloaded", NOW)
    gained = world.rescore(EASY).gained
    assert [one.lead_id for one in gained] == ["crm:3", "crm:1", "crm:2"]
    assert [one.lead_id for one in gained.first(2)] == ["crm:3", "crm:1"]


def paired(segments: list[str], *, now: bool, then: bool) -> Pair:
    """Leads of no points, all of them over the threshold or none."""
    ids = [f"crm:{number:05}" for number in range(len(segments))]
    zeros = {name: pa.array([0] * len(ids)) for name in ("fit", "engagement", "intent")}
    leads = pa.table({"lead_id": ids, "segment": segments, "channel": ["email"] * len(ids)})
    scores = pa.table({"lead_id": ids, **zeros, "hot": [False] * len(ids)})
    sides = (scores.append_column("mql", pa.array([held] * len(ids))) for held in (now, then))
    return Pair.of(leads, **dict(zip(("now", "then"), sides, strict=True)))


def test_movers_are_all_there_however_many_they_are() -> None:
    pair = paired(["small"] * 1205, now=False, then=True)
    assert (len(pair.gained()), len(pair.lost())) == (1205, 0)
    assert [one.lead_id for one in pair.gained()][-1] == "crm:01204"


def test_groups_that_are_not_in_the_order_given_stand_after_those_that_are() -> None:
    groups = paired(["x", "x", "large", "small"], now=True, then=True).groups(
        "segment", order=["small", "large"]
    )
    assert [one.name for one in groups] == ["small", "large", "x"]


def all_rows(world: World) -> dict[str, list[dict[str, Any]]]:
    with world.workspace.ledger.read() as connection:
        return {
            name: sorted(read_rows(connection, select(table)), key=repr)
            for name, table in tables.metadata.tables.items()
        }


def test_a_dry_run_leaves_every_table_of_the_ledger_as_it_was(world: World) -> None:
    ended_world(world)
    world.rep("crm:a")
    before = all_rows(world)
    assert before["lead"]
    assert not before["agreement"]  # no stage has seen the file
    world.rescore()
    world.rescore(EASY, segments=["small"])
    run_rescore(world.workspace, as_of=NOW - 20 * DAY)
    assert all_rows(world) == before


def test_at_a_past_instant_in_force_is_what_a_replay_takes_for_it(world: World) -> None:
    """2027.1 claims to be in force since the first of October, and came after NOW."""
    world.lead("crm:1", **BUYER)
    assert world.workspace.agreement(NOW - 30 * DAY).version == "2026.4"  # a stage registers it
    later = world.candidate((MQL, EASY[1]))
    later.replace(world.workspace.settings.agreement)
    found = world.rescore()
    then = read_then(world.workspace, as_of=NOW)
    assert found.version_now == found.version_then == then.agreement.version == "2026.4"


@on_one_store
def test_a_threshold_of_fit_alone_is_crossed_when_the_lead_comes(world: World) -> None:
    world.lead("crm:1", NOW - 5 * DAY, **BUYER)
    found = world.rescore((MQL, "mql: {fit: {gte: 50}}"))
    assert [(week.now, week.then) for week in found.weeks[-2:]] == [(0, 0), (0, 1)]


def ended_world(world: World) -> None:
    """Winners 1 and 2, non-buyers 3 and 4; of 5, 6 and 7 nothing is known yet.

    1 had a demo that has faded by now: it was an mql (70.0) on the day. 2 had its demo after it had
    bought. 3 had a demo before it lost. 4 did nothing and was disqualified; 5 has a deal open
    beside one lost, 6 did all and nobody said anything, 7 closes tomorrow.
    """
    for number in range(1, 8):
        world.lead(f"crm:{number}", **BUYER)
    world.did("crm:1", "demo_requested", NOW - 80 * DAY)
    world.deal("crm:1", "opportunity", NOW - 30 * DAY, deal_id="won")
    world.deal("crm:1", "customer", NOW - 20 * DAY, deal_id="won")
    world.deal("crm:2", "customer", NOW - 20 * DAY)
    world.did("crm:2", "demo_requested", NOW - 20 * DAY)
    world.did("crm:3", "demo_requested", NOW - 40 * DAY)
    world.deal("crm:3", "lost", NOW - 20 * DAY)
    world.disqualified("crm:4", NOW - 20 * DAY)
    world.deal("crm:5", "lost", NOW - 20 * DAY)
    world.deal("crm:5", "opportunity", NOW - 10 * DAY)
    world.did("crm:6", "demo_requested", NOW - 40 * DAY)
    world.deal("crm:7", "customer", NOW + DAY)


def test_past_leads_are_judged_at_their_best_before_it_ended(world: World) -> None:
    """Sent now: 1 and 3, of which 1 bought: recall 1/2, precision 1/2, wasted 1/2, lift 1."""
    ended_world(world)
    found = world.rescore((MQL, "mql: {fit: {gte: 30}, intent: {gte: 71}}")).past
    now, then = found["now"], found["then"]
    assert (now.version, now.winners, now.non_buyers) == ("2026.4", 2, 2)
    assert (now.recall.count, now.recall.of) == (1, 2)
    assert (now.precision.count, now.precision.of) == (1, 2)
    assert (now.wasted.count, now.wasted.of) == (1, 2)
    assert now.lift.value == Decimal("1.0000")
    assert [one.winners for one in now.deciles if one.leads] == [Decimal("0.5")] * 4  # 1=3, 2=4
    assert (then.version, then.precision.of, then.precision.value) == ("2027.1", 0, None)
    assert (then.recall.count, then.wasted.count) == (0, 0)


def test_what_is_stated_of_a_merged_lead_is_its_root_s_and_counts_once(world: World) -> None:
    ended_world(world)
    world.lead("web:1", **BUYER)
    world.deal("web:1", "customer", NOW - 10 * DAY)
    world.did("web:1", "demo_requested", NOW - 60 * DAY)
    world.merge("web:1", "crm:4", NOW - 5 * DAY)
    now = world.rescore().past["now"]
    assert (now.winners, now.non_buyers) == (3, 1)
    assert (now.recall.count, now.recall.of) == (2, 3)


@on_one_store
def test_an_earlier_instant_is_judged_by_what_was_known_then(world: World) -> None:
    ended_world(world)
    then = run_rescore(world.workspace, as_of=NOW - 20 * DAY - timedelta(seconds=1))
    assert then.past == {}
    at = run_rescore(world.workspace, as_of=NOW - 20 * DAY)
    assert (at.past["now"].winners, at.past["now"].non_buyers) == (2, 3)  # crm:5 has lost so far


@on_one_store
def test_only_the_asked_leads_are_judged(world: World) -> None:
    ended_world(world)
    past = world.rescore(lead_ids=["crm:1", "crm:3", "crm:6"]).past["now"]
    assert (past.winners, past.non_buyers) == (1, 1)
    assert world.rescore(lead_ids=["crm:1", "crm:2"]).past == {}


@on_one_store
def test_a_lead_of_very_many_moments_is_looked_at_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With at most one moment, of day -40's demo and unsubscription an hour later the later one."""
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "webinar_attended", NOW - 40 * DAY, count=3)
    world.did("crm:1", "unsubscribed", NOW - 40 * DAY + timedelta(hours=1))
    world.deal("crm:1", "customer", NOW - 20 * DAY)
    world.lead("crm:2", **BUYER)
    world.deal("crm:2", "lost", NOW - 20 * DAY)
    assert world.rescore().past["now"].recall.count == 1
    monkeypatch.setattr("accord.services.rescore_moments._MANY", 1)
    assert world.rescore().past["now"].recall.count == 0


def test_applying_stores_all_scores_under_the_agreement_in_force(world: World) -> None:
    world.lead("crm:1", **BUYER)
    world.lead("crm:2")
    found = world.rescore(apply=True)
    assert found.stored == 2
    assert world.rescore(apply=True).stored == 0  # they are stored so already
    assert [(row["lead_id"], row["fit"]) for row in world.scores()] == [
        ("crm:1", 550),
        ("crm:2", 0),
    ]


def applied(world: World, path: Path | None = None, **asked: Any) -> str:
    with pytest.raises(InputError) as refused:
        run_rescore(world.workspace, as_of=NOW, candidate=path, apply=True, **asked)
    assert world.scores() == []
    return str(refused.value)


@on_one_store
def test_only_all_leads_may_be_applied(world: World) -> None:
    world.lead("crm:1")
    assert "only some leads were asked for" in applied(world, lead_ids=["crm:1"])
    assert "only some leads were asked for" in applied(world, segments=["small"])


@on_one_store
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("effective_from: 2026-10-01", "effective_from: 2026-11-03"), "on 2026-11-03, which has"),
        (("effective_from: 2026-10-01", "effective_from: 2026-09-01"), "2026.4 is newer"),
        (("points: 70", "points: 60"), "was never put in force"),
    ],
)
def test_a_candidate_that_is_not_in_force_is_not_applied(
    world: World, change: tuple[str, str], why: str
) -> None:
    world.lead("crm:1")
    told = applied(world, world.candidate(change))
    assert why in told
    assert "marketing has not signed version 2027.1" in told
    assert "sales has not signed version 2027.1" in told
    assert "accord agreement sign" in told


@on_one_store
def test_another_content_of_the_version_in_force_is_not_applied(world: World) -> None:
    world.lead("crm:1")
    path = world.candidate(("points: 70", "points: 60"))
    text = path.read_text(encoding="utf-8").replace('"2027.1"', '"2026.4"')
    path.write_text(text, encoding="utf-8")
    told = applied(world, path)
    assert "version 2026.4 is in force with another content" in told
    assert "was changed after marketing signed it" in told


@on_one_store
def test_an_unsigned_agreement_in_force_is_applied_once_both_have_signed(world: World) -> None:
    world.lead("crm:1", **BUYER)
    unsigned = world.candidate(
        ("points: 70", "points: 60"),
        ("  - {team: marketing, name: VP Marketing, date: 2026-09-24}\n", ""),
        ("  - {team: sales, name: VP Sales, date: 2026-09-25}", "  []"),
    )
    unsigned.replace(world.workspace.settings.agreement)
    assert "has not signed version 2027.1" in applied(world)
    agreement = world.workspace.agreement(NOW)
    for side in Side:
        sign(world.workspace.ledger, agreement, side=side, name="A. Person", at=NOW)
    same = world.candidate(name="same.yaml")
    assert run_rescore(world.workspace, as_of=NOW, candidate=same, apply=True).stored == 1


def test_killed_before_it_commits_an_application_has_changed_nothing(
    world: World, children: Any
) -> None:
    world.lead("crm:1", **BUYER)
    stage, point = "services.rescore.run_rescore", "score.before_commit"
    killed_at(children, world.workspace, stage, point=point, as_of=NOW, apply=True)
    assert world.scores() == []
    assert world.rescore(apply=True).stored == 1
