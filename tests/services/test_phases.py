"""Every phase of the cycle has a term that starts, runs out and climbs its own side's ladder.

The shipped agreement, over the services and on both stores: A062, A063, A095.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from accord.agreement import load
from accord.ledger import tables
from accord.records import Side, Stage
from accord.services.clocks import breaches
from tests.conftest import ROOT
from tests.services.clock_world import MONDAY, World, at

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
CREATED = at("2026-11-02 09:00")
TOUCHED = MONDAY + 3 * MINUTE
REP, MANAGER = "crm:ann", "crm:max"
OWNER_OF_MARKETING = "marketing_owner"
WEEK_END = at("2026-11-09 00:00")

Told = list[tuple[datetime, list[str]]]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A term: of which stage, how and when it starts, when due, whom it tells, what meets it."""

    stage: Stage
    side: Side
    start: Callable[[World], None]
    due: datetime
    told: Told
    meet: Callable[[World, datetime], None]
    first: datetime = MONDAY


def _hand_over(world: World) -> None:
    world.hand_over("crm:1", REP)


def _touch(world: World) -> None:
    _hand_over(world)
    world.touch("crm:1", REP, TOUCHED)
    world.enter("crm:1", "sal", TOUCHED)


def _to_executive(world: World) -> None:
    _touch(world)
    world.hand_over("crm:1", REP, MONDAY + 10 * MINUTE, stage="sql")


def _open_deal(world: World) -> None:
    _to_executive(world)
    world.enter("crm:1", "opportunity", MONDAY + 20 * MINUTE)


def _send_back(world: World) -> None:
    _touch(world)
    world.decide("crm:1", "return", at("2026-11-03 10:00"))
    world.enter("crm:1", "nurture", at("2026-11-03 10:00"), programme="returned")


def _ladder(due: datetime, before: datetime) -> Told:
    """Sales' ladder: 80 %, due, half an hour and an hour later by the term's clock."""
    return [
        (before, [REP]),
        (due, [REP]),
        (due + 30 * MINUTE, [REP, MANAGER]),
        (due + 60 * MINUTE, ["ceo"]),
    ]


PHASES = {
    "engage": Phase(
        stage=Stage.NEW_NAME,
        side=Side.MARKETING,
        start=lambda _world: None,
        due=at("2026-11-16 09:00"),
        told=[],  # of each of a thousand new names nobody is told; those who run out are counted
        meet=lambda world, moment: world.act("crm:1", "page_viewed", moment),
        first=CREATED,
    ),
    "first_touch": Phase(
        stage=Stage.MQL,
        side=Side.SALES,
        start=_hand_over,
        due=MONDAY + 5 * MINUTE,
        told=_ladder(MONDAY + 5 * MINUTE, MONDAY + 4 * MINUTE),
        meet=lambda world, moment: world.touch("crm:1", REP, moment),
    ),
    "qualify": Phase(
        stage=Stage.SAL,
        side=Side.SALES,
        start=_touch,
        due=at("2026-11-09 10:03"),
        told=_ladder(at("2026-11-09 10:03"), at("2026-11-08 00:27")),
        meet=lambda world, moment: world.decide("crm:1", "convert", moment),
        first=TOUCHED,
    ),
    "opportunity": Phase(
        stage=Stage.SQL,
        side=Side.SALES,
        start=_to_executive,
        due=at("2026-11-09 10:10"),
        told=_ladder(at("2026-11-09 10:10"), at("2026-11-08 00:34")),
        meet=lambda world, moment: world.decide("crm:1", "return", moment),
        first=MONDAY + 10 * MINUTE,
    ),
    "close": Phase(
        stage=Stage.OPPORTUNITY,
        side=Side.SALES,
        start=_open_deal,
        due=at("2027-03-02 10:20"),
        told=[(at("2027-03-02 10:20"), [REP, MANAGER])],
        meet=lambda world, moment: world.enter("crm:1", "customer", moment),
        first=MONDAY + 20 * MINUTE,
    ),
    "nurture": Phase(
        stage=Stage.NURTURE,
        side=Side.MARKETING,
        start=_send_back,
        due=at("2026-11-05 10:00"),
        told=[
            (at("2026-11-05 10:00"), [OWNER_OF_MARKETING]),
            (at("2026-11-06 10:00"), [OWNER_OF_MARKETING, "cmo"]),
        ],
        meet=lambda world, moment: world.act("crm:1", "email_sent", moment),
        first=at("2026-11-03 10:00"),
    ),
}
WEEKLY = {"volume": (Stage.ENGAGED, Stage.TARGET), "acceptance": (Stage.MQL,)}
"""What marketing owes by the week: leads at mql, out of the stages before, that sales accepts."""


@pytest.fixture
def world(workspace):
    made = World(workspace)
    made.add_lead(created=CREATED)
    return made


def _begin(world: World, term: str) -> Phase:
    phase = PHASES[term]
    phase.start(world)
    world.sync(as_of=phase.first)
    return phase


def test_the_shipped_agreement_has_a_term_for_every_phase_and_these_are_all():
    agreement = load(ROOT / "agreement.yaml")
    sides = ((Side.SALES, agreement.sla.sales), (Side.MARKETING, agreement.sla.marketing))
    terms = {name: side for side, named in sides for name in named}
    assert terms == {name: each.side for name, each in PHASES.items()} | dict.fromkeys(
        WEEKLY, Side.MARKETING
    )
    covered = {each.stage for each in PHASES.values()}.union(*WEEKLY.values())
    # the last phase is the customer; who is deferred has a date; lost and disqualified are over
    assert set(Stage) - covered == {
        *(Stage.CUSTOMER, Stage.DEFERRED, Stage.LOST, Stage.DISQUALIFIED),
    }
    owners = {Stage(name): stage.owner for name, stage in agreement.stages.items()}
    own = (each for name, each in PHASES.items() if name != "first_touch")
    assert all(owners[each.stage] == each.side for each in own)  # mql is handed from one to other


@pytest.mark.parametrize("term", PHASES)
def test_a_term_starts_runs_out_and_climbs(world, term):
    phase = _begin(world, term)
    clock = world.clock(term)
    assert (clock["started_at"], clock["due_at"]) == (phase.first, phase.due)
    assert (clock["side"], clock["ended_by"]) == (phase.side, None)
    assert term not in _run_out(world, phase.due)
    assert term in _run_out(world, phase.due + INSTANT)
    assert _climb(world, term) == phase.told


@pytest.mark.parametrize("term", PHASES)
def test_what_a_term_waits_for_at_exactly_its_due_time_meets_it_and_nobody_is_told(world, term):
    phase = _begin(world, term)
    phase.meet(world, phase.due)
    world.sync(as_of=phase.due, reread=True)
    clock = world.clock(term)
    assert (clock["ended_by"], clock["ended_at"]) == ("met", phase.due)
    assert term not in _run_out(world, phase.due + 300 * DAY)
    world.sweep(phase.due + 9 * DAY)
    assert world.messages(term) == []


@pytest.mark.parametrize("term", WEEKLY)
def test_a_week_that_falls_short_climbs_marketings_ladder(world, term):
    _hand_over(world)  # one lead of the small segment, whom nobody accepts: too few, and too bad
    assert _climb(world, term) == []
    world.sweep(WEEK_END)
    short = world.clocks(term)
    assert {row["due_at"] for row in short} == {WEEK_END}
    assert [row["segment"] for row in sorted(short, key=lambda row: row["segment"] or "")] == (
        ["large", "middle", "small"] if term == "volume" else [None]
    )
    told = _climb(world, term)
    assert told == [
        *[(WEEK_END, [OWNER_OF_MARKETING])] * len(short),
        *[(at("2026-11-09 18:00"), [OWNER_OF_MARKETING, "cmo"])] * len(short),
    ]


def test_new_names_that_nobody_engages_climb_marketings_ladder_once_we_hand_leads_over(workspace):
    """Their source stated them, and no hand-over is ours: those of before it are history."""
    path = workspace.settings.agreement
    text = path.read_text("utf-8")
    engage = "within: 14d, clock: wall, escalation: "
    assert text.count(f"{engage}none") == 1
    path.write_text(text.replace(f"{engage}none", f"{engage}marketing"), "utf-8")
    world = World(workspace)
    for lead_id, created in (("crm:1", CREATED), ("crm:2", MONDAY - HOUR), ("crm:3", MONDAY)):
        world.add_lead(lead_id, created=created)
    world.sync("crm:1", "crm:2", "crm:3")
    assert {row["origin"] for row in world.clocks("engage")} == {"observed"}
    _hand_over(world)
    world.add_lead("crm:4", created=MONDAY + HOUR)
    world.sync("crm:1", "crm:2", "crm:3", "crm:4", as_of=MONDAY + HOUR)
    origins = {row["lead_id"]: row["origin"] for row in world.clocks("engage")}
    assert origins == {
        **dict.fromkeys(("crm:1", "crm:2"), "observed"),
        **dict.fromkeys(("crm:3", "crm:4"), "decided"),
    }
    due = at("2026-11-16 10:00")
    assert _climb(world, "engage") == [
        (due, [OWNER_OF_MARKETING]),
        (due + HOUR, [OWNER_OF_MARKETING]),
        (due + 8 * HOUR, [OWNER_OF_MARKETING, "cmo"]),
        (due + 9 * HOUR, [OWNER_OF_MARKETING, "cmo"]),
    ]


_TERM = "{{from: entered_{}, until: entered_{}, within: {}, clock: wall, escalation: marketing}}"
_EARLY_TERMS = f"""
    warm:  {_TERM.format("engaged", "target", "2d")}
    ripen: {_TERM.format("target", "mql", "3d")}
"""
_TO_CEO = "      - {at: due+9h,  notify: [ceo]}\n"


@pytest.mark.parametrize(
    ("term", "stage", "due"),
    [
        ("warm", "engaged", at("2026-11-04 10:00")),
        ("ripen", "target", at("2026-11-05 10:00")),
    ],
)
def test_marketing_may_owe_each_lead_the_phases_before_mql_too_and_answer_up_to_the_ceo(
    workspace, term, stage, due
):
    path = workspace.settings.agreement
    text = path.read_text("utf-8")
    for before, after in (
        ('version: "2026.4"', 'version: "2026.5"'),
        ("clock: wall, escalation: none}\n", f"clock: wall, escalation: none}}{_EARLY_TERMS}"),
        ("notify: [marketing_owner, cmo]}\n", f"notify: [marketing_owner, cmo]}}\n{_TO_CEO}"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    path.write_text(text, "utf-8")
    world = World(workspace)
    world.add_lead(created=CREATED)
    world.enter("crm:1", stage, MONDAY)
    world.sync()
    assert world.clock(term)["due_at"] == due
    assert _climb(world, term) == [
        (due, [OWNER_OF_MARKETING]),
        (due + 8 * HOUR, [OWNER_OF_MARKETING, "cmo"]),
        (due + 9 * HOUR, ["ceo"]),
    ]
    assert term in _run_out(world, due + INSTANT)


def _run_out(world: World, moment: datetime) -> set[str]:
    """Return the terms whose clocks had run out, unmet, at an instant."""
    with world.workspace.ledger.read() as connection:
        return {row["term"] for row in breaches(connection, as_of=moment)}


def _climb(world: World, term: str) -> Told:
    """Sweep at each of the steps, as they fall due; when each was due, and whom it told."""
    while coming := [row["next_step_at"] for row in world.clocks(term) if row["next_step_at"]]:
        world.sweep(min(coming))
    clocks = {row["clock_id"] for row in world.clocks(term)}
    steps = [row for row in world.read(tables.step) if row["clock_id"] in clocks]
    assert {row["status"] for row in steps} <= {"sent"}
    people: dict[tuple[str, int], list[str]] = {}
    for row in world.messages(term):
        people.setdefault((row["clock_id"], row["step"]), []).append(row["recipient"])
    told = [(row["due_at"], people[row["clock_id"], row["step"]]) for row in steps]
    return sorted(told, key=lambda one: one[0])
