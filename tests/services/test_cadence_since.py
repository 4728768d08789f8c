"""The cadences that can matter to a period are followed, and no others; the numbers stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from accord.ledger import insert_rows, tables
from accord.ledger.bulk import write_columns
from accord.ledger.period_rows import read_leads_since
from accord.metrics import METRICS, Cube, Cut, compute, cut, dimensions_of, prepare, week_of
from accord.records import Channel, from_us, to_us
from accord.services import cadence_since, raw_tables
from accord.services.cadence import Asked, follow_cadence
from accord.services.cadence_since import follow_since
from accord.services.raw_tables import Question, read_tables
from accord.services.report import write_report
from accord.services.weekly import run_weekly
from tests.proof import count
from tests.services.clock_world import World
from tests.services.plans import analyse, read_whole, said_to

WEEKS = timedelta(weeks=1)
BEGAN = datetime(2026, 11, 2, 15, tzinfo=UTC)  # Monday, 10:00 in New York
ASKED = datetime(2026, 12, 14, 5, tzinfo=UTC)  # Monday 00:00 in New York, six weeks later
NAMES = ("cadence_on_time_share", "attempts_per_handoff")
FRAMES = ("followups", "attempted")
FACTS = (tables.touch, tables.handoff_owner, tables.handoff, tables.lead, tables.merge)
PEOPLE = (tables.posting, tables.rep)
KNOWN = {"known_at": BEGAN, "row_hash": "made"}


@pytest.fixture(autouse=True)
def _few_tell_what_had_begun(monkeypatch):
    """In a small ledger a hundred of the first would be all."""
    monkeypatch.setattr(cadence_since, "_FIRST", 1)


@pytest.fixture
def world(workspace):
    """An old hand-over tells that there was a cadence before the weeks that are asked about."""
    made = World(workspace)
    _hand_over(made, "crm:0", BEGAN - WEEKS, ended=BEGAN)
    return made


def _hand_over(world, lead_id, moment, *, ended=None, **more):
    world.add_lead(lead_id, created=moment - timedelta(hours=1))
    handoff_id = world.hand_over(lead_id, "crm:ann", moment, **more)
    if ended is not None:
        _set(world, handoff_id, ended_at=ended, outcome="returned")
    return handoff_id


def _set(world, handoff_id, **values):
    one = tables.handoff.c.handoff_id == handoff_id
    with world.workspace.ledger.begin() as connection:
        connection.execute(tables.handoff.update().where(one).values(**values))


def _followed(world, since=ASKED):
    path = world.workspace.settings.agreement
    found = follow_since(world.workspace.ledger, path, since=since)
    return {one.tenure.lead_id for one in found} - {"crm:0"}


def test_what_is_over_and_what_is_long_settled_is_not_followed(world):
    _hand_over(world, "crm:over", BEGAN, ended=ASKED - timedelta(microseconds=1))
    _hand_over(world, "crm:idle", BEGAN)
    assert _followed(world) == set()
    assert _followed(world, since=BEGAN) == {"crm:over", "crm:idle"}


def test_what_began_before_the_period_and_goes_on_in_it_is_followed(world):
    _hand_over(world, "crm:ends", BEGAN, ended=ASKED)
    _hand_over(world, "crm:late", ASKED - timedelta(days=4))  # its last step is due within it
    _hand_over(world, "crm:reached", BEGAN)
    world.touch("crm:reached", "crm:ann", ASKED - timedelta(days=2), outcome="connected")
    _hand_over(world, "crm:tried", BEGAN)
    world.touch("crm:tried", "crm:ann", ASKED + timedelta(days=2), outcome="no_answer")
    handoff_id = _hand_over(world, "crm:passed", BEGAN)
    world.assign(handoff_id, "crm:bob", ASKED - timedelta(days=1))
    assert _followed(world) == {"crm:ends", "crm:late", "crm:reached", "crm:passed"}


def test_a_lead_that_was_reached_under_another_id_is_followed(world):
    _hand_over(world, "crm:kept", BEGAN)
    world.add_lead("crm:gone", created=BEGAN)
    world.touch("crm:gone", "crm:ann", ASKED + timedelta(hours=1), outcome="connected")
    assert _followed(world) == set()
    merge = {"lead_id": "crm:gone", "into_lead_id": "crm:kept", "merged_at": ASKED}
    world.write(tables.merge, merge)
    assert _followed(world) == {"crm:kept"}


def test_where_nothing_tells_that_a_step_was_owed_before_everything_is_followed(workspace):
    world = World(workspace)
    _hand_over(world, "crm:1", BEGAN, ended=BEGAN)  # nothing of it was needed
    _hand_over(world, "crm:2", BEGAN + timedelta(minutes=1))
    assert _followed(world) == {"crm:1", "crm:2"}


def test_a_week_and_its_report_follow_what_can_count_in_the_periods_that_they_show(
    world, monkeypatch
):
    _hand_over(world, "crm:idle", BEGAN)
    _hand_over(world, "crm:now", ASKED + timedelta(hours=10))
    later = ASKED + 30 * WEEKS
    _hand_over(world, "crm:later", later + timedelta(hours=10))
    found = []

    def follow(*given, **named):
        found.append(follow_since(*given, **named))
        return found[-1]

    monkeypatch.setattr(raw_tables, "follow_since", follow)
    as_of = later + timedelta(days=2)
    run_weekly(world.workspace, as_of=as_of, weeks=[week_of(later, "America/New_York").label])
    write_report(world.workspace, as_of=as_of)
    run_weekly(world.workspace, as_of=as_of)
    everybody = {"crm:0", "crm:idle", "crm:now", "crm:later"}
    leads = [{one.tenure.lead_id for one in each} for each in found]
    assert leads == [{"crm:0", "crm:later"}, {"crm:0", "crm:later"}, everybody]


MANY, LATELY = 30_000, 20
LARGE = ("handoff", "handoff_owner", "touch", "lead")


def test_questions_about_a_few_hand_offs_among_many_read_no_table_from_end_to_end(workspace):
    world = World(workspace)
    _hand_over_many(world)
    path, engine = workspace.settings.agreement, workspace.ledger.engine
    with said_to(engine) as said:
        lately = follow_since(workspace.ledger, path, since=ASKED)
        asked = (Asked(rep_id="crm:bob"), Asked(running=True), Asked(lead_id="crm:7"))
        found = [follow_cadence(workspace.ledger, path, as_of=ASKED, asked=one) for one in asked]
        with workspace.ledger.read() as connection:
            leads = read_leads_since(connection, ASKED - timedelta(days=2))
    assert len(leads) == LATELY
    assert LATELY < len(lately) < 2 * LATELY
    assert [len(each) for each in found] == [LATELY, LATELY, 1]
    whole = {
        statement: read_whole(engine, statement, given, among=LARGE)
        for statement, given in said
        if statement.startswith("SELECT")
    }
    assert {statement: read for statement, read in whole.items() if read} == {}


def _hand_over_many(world):
    """Many that Ann had and that are over, and a few open ones that Bob was just given."""
    numbers = range(MANY)
    late = [number >= MANY - LATELY for number in numbers]
    began = [to_us(ASKED - timedelta(days=1) if one else BEGAN) + n for n, one in enumerate(late)]
    reps = ["crm:bob" if one else "crm:ann" for one in late]
    lead_ids, handoff_ids = ([f"{kind}:{n}" for n in numbers] for kind in ("crm", "h"))
    known = {"known_at": began, "row_hash": ["made"] * MANY, "lead_id": lead_ids}
    no = dict.fromkeys(("hot", "forced", "kept"), [False] * MANY)
    handed = {"handoff_id": handoff_ids, "lead_id": lead_ids, "cycle": [1] * MANY, **no}
    handed |= {"stage": ["mql"] * MANY, "origin": ["decided"] * MANY, "rep_id": reps}
    handed |= {"queued_at": began, "assigned_at": began}
    ended = [None if o else at + 10**12 for o, at in zip(late, began, strict=True)]
    handed |= {"ended_at": ended, "outcome": [None if one else "returned" for one in late]}
    owned = {"handoff_id": handoff_ids, "since": began, "rep_id": reps, "why": ["made"] * MANY}
    made = {"touch_id": [f"t{number}" for number in numbers], "touched_at": began, **known}
    made |= {"channel": ["call"] * MANY, "outcome": ["connected"] * MANY, "rep_id": reps}
    with world.workspace.ledger.begin(large=True) as connection:
        write_columns(connection, tables.lead, {"created_at": began, **known})
        write_columns(connection, tables.handoff, handed)
        write_columns(connection, tables.handoff_owner, owned)
        write_columns(connection, tables.touch, made)
    analyse(world.workspace.ledger.engine)


hours = st.integers(-24 * 14, 24 * 63)
people = st.sampled_from(["crm:ann", "crm:bob", "crm:eva", None])
stories = st.fixed_dictionaries(
    {
        "owners": st.dictionaries(hours, people, min_size=1, max_size=3),
        "origin": st.sampled_from(["decided", "decided", "observed"]),
        "ended": st.none() | hours,
        "outcome": st.sampled_from(["converted", "returned", "merged"]),
        "into": st.none() | st.integers(0, 4),
        "made": st.lists(
            st.tuples(
                hours,
                people,
                st.sampled_from([Channel.CALL, Channel.EMAIL, Channel.MEETING]),
                st.sampled_from([None, "no_answer", "connected", "left_message"]),
            ),
            max_size=6,
        ),
    }
)


@given(
    told=st.lists(stories, min_size=1, max_size=6),
    moved=st.dictionaries(hours, st.sampled_from(["office", "berlin"]), max_size=3),
    week=st.integers(-2, 9),
)
@settings(max_examples=count(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_numbers_of_a_period_are_those_that_all_cadences_give(workspace, told, moved, week):
    """Owners who change, or change office, leads that are merged: whatever the story is."""
    _tell(workspace, told, moved)
    agreement = workspace.agreement(ASKED)
    first = BEGAN - timedelta(days=1) + week * WEEKS
    periods = cut(Cut.WEEK, first=first, as_of=first + 6 * WEEKS, zone=agreement.timezone)

    def numbers(since):
        path = workspace.settings.agreement
        asked = Question(
            agreement=agreement, path=path, as_of=ASKED, since=since, frames=tuple(FRAMES)
        )
        raw = read_tables(workspace.ledger, asked)
        cube = Cube(prepare(raw, agreement, frames=FRAMES), periods)
        return {
            (name, dimension): compute(cube, METRICS[name], dimension)
            for name in NAMES
            for dimension in dimensions_of(METRICS[name])
        }

    assert numbers(from_us(periods.edges_us[0])) == numbers(None)


def _tell(workspace, told, moved):
    rows = {table.name: [] for table in (*FACTS, *PEOPLE)}
    rows["rep"].append({"rep_id": "crm:ann", "role": "sdr", "team": "inbound", **KNOWN})
    for hour, calendar in moved.items():
        said = {"since": _at(hour), "known_at": _at(hour), "stated": True, "team": "inbound"}
        rows["posting"].append({"rep_id": "crm:ann", "calendar": calendar, **said})
    for number, story in enumerate(told):
        lead_id, queued = f"crm:{number}", _at(min(story["owners"]))
        rows["lead"].append({"lead_id": lead_id, "created_at": queued, "cycle": 1, **KNOWN})
        ended = None if story["ended"] is None else _at(story["ended"])
        handoff = {"handoff_id": f"h{number}", "lead_id": lead_id, "cycle": 1, "stage": "mql"}
        handoff |= {"origin": story["origin"], "queued_at": queued, "assigned_at": queued}
        handoff |= dict.fromkeys(("hot", "forced", "kept"), False)
        handoff |= {"ended_at": ended, "outcome": None if ended is None else story["outcome"]}
        rows["handoff"].append(handoff)
        for hour, rep in story["owners"].items():
            owner = {"handoff_id": f"h{number}", "since": _at(hour), "rep_id": rep}
            rows["handoff_owner"].append({**owner, "team": "inbound", "why": "assigned"})
        for place, (hour, rep, channel, outcome) in enumerate(story["made"]):
            touch = {"touch_id": f"t{number}-{place}", "lead_id": lead_id, "rep_id": rep}
            touch |= {"touched_at": _at(hour), "channel": channel, "outcome": outcome}
            rows["touch"].append({**touch, "automatic": False, **KNOWN})
        if story["into"] is not None and story["into"] < number:
            merge = {"lead_id": lead_id, "into_lead_id": f"crm:{story['into']}"}
            rows["merge"].append({**merge, "merged_at": _at(0), "undone_at": None})
    with workspace.ledger.begin() as connection:
        for table in (*FACTS, *PEOPLE):
            connection.execute(delete(table))
            insert_rows(connection, table, rows[table.name])


def _at(hour):
    return BEGAN + timedelta(hours=hour)
